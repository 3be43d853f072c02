// SPDX-License-Identifier: MIT
// Telling the containers apart.
#include "weights/state_source.h"

#include "data/mapped_file.h"
#include "data/npz_file.h"
#include "svgen/error.h"
#include "weights/foreign_file.h"
#include "weights/npz_archive.h"
#include "weights/safetensors.h"
#include "weights/sharded_source.h"
#include "weights/torch_archive.h"
#include "weights/unwrapped_source.h"

namespace svgen::weights {
namespace {

// One file that holds tensors itself.
std::shared_ptr<StateSource> open_container(std::shared_ptr<const MappedFile> file) {
  if (is_safetensors(*file)) return open_safetensors(std::move(file));
  if (is_npz(*file)) return open_npz_archive(std::move(file));
  if (is_torch_archive(*file)) return open_torch_archive(file);
  refuse_file(file->path(), "this is not a weights file; check the path or fetch the file again",
              "safetensors or a file of torch.save or numpy.savez", foreign_file(file->bytes()));
}

std::shared_ptr<StateSource> open_shard(const std::filesystem::path& path) {
  return open_container(MappedFile::open(path));
}

}  // namespace

void require_readable(const TensorInfo& info, const std::filesystem::path& path) {
  if (info.unreadable.empty()) return;
  throw WeightsError("the tensor " + info.name + " of the weights file is " + info.unreadable,
                     {.expected = "a plain tensor",
                      .found = info.unreadable.substr(0, info.unreadable.find(": ")),
                      .where = path.string()});
}

const TensorInfo* StateSource::find(const std::string& name) const {
  for (const TensorInfo& info : tensors())
    if (info.name == name) return &info;
  return nullptr;
}

std::shared_ptr<StateSource> open_weights(const std::filesystem::path& path) {
  auto file = MappedFile::open(path);
  return unwrapped(is_json(*file) ? open_sharded(*file, open_shard)
                                  : open_container(std::move(file)));
}

}  // namespace svgen::weights
