// SPDX-License-Identifier: MIT
// Telling the containers apart and dropping the wrappings that training puts around names.
#include "weights/state_source.h"

#include <algorithm>

#include "weights/mapped_file.h"
#include "weights/safetensors.h"
#include "weights/torch_archive.h"

namespace svgen::weights {
namespace {

// Put around a whole model by torch's data parallel and compile wrappers.
constexpr std::string_view kWrappers[] = {"module.", "_orig_mod."};

// Files that often lie where weights should.
constexpr std::pair<std::string_view, const char*> kImpostors[] = {
    {"version https://git-lfs", "a Git LFS pointer; fetch the file behind it (git lfs pull)"},
    {"<", "a web page; the download was refused or needs a login"},
};

std::string shared_wrapping(const StateSource& source) {
  std::string wrapping;
  for (bool found = !source.tensors().empty(); found;) {
    found = false;
    for (const std::string_view wrapper : kWrappers) {
      const std::string longer = wrapping + std::string(wrapper);
      found = std::all_of(source.tensors().begin(), source.tensors().end(),
                          [&](const TensorInfo& info) { return info.name.starts_with(longer); });
      if (!found) continue;
      wrapping = longer;
      break;
    }
  }
  return wrapping;
}

class UnwrappedSource : public StateSource {
 public:
  UnwrappedSource(std::shared_ptr<StateSource> file, std::string wrapping)
      : file_(std::move(file)), wrapping_(std::move(wrapping)), infos_(file_->tensors()) {
    for (TensorInfo& info : infos_) info.name.erase(0, wrapping_.size());
  }
  const std::filesystem::path& path() const override { return file_->path(); }
  const std::vector<TensorInfo>& tensors() const override { return infos_; }
  at::Tensor read(const std::string& name) const override { return file_->read(wrapping_ + name); }

 private:
  std::shared_ptr<StateSource> file_;
  std::string wrapping_;
  std::vector<TensorInfo> infos_;
};

std::shared_ptr<StateSource> open_container(const std::filesystem::path& path) {
  auto file = MappedFile::open(path);
  if (is_safetensors(*file)) return open_safetensors(std::move(file));
  if (is_torch_archive(*file)) return open_torch_archive(std::move(file));
  const auto* impostor =
      std::find_if(std::begin(kImpostors), std::end(kImpostors),
                   [&](const auto& row) { return file->bytes().starts_with(row.first); });
  refuse_file(path, "this is not a weights file; check the path or fetch the file again",
              "safetensors or a file of torch.save",
              impostor == std::end(kImpostors) ? "something else" : impostor->second);
}

}  // namespace

const TensorInfo* StateSource::find(const std::string& name) const {
  for (const TensorInfo& info : tensors())
    if (info.name == name) return &info;
  return nullptr;
}

std::shared_ptr<StateSource> open_weights(const std::filesystem::path& path) {
  auto source = open_container(path);
  const std::string wrapping = shared_wrapping(*source);
  if (wrapping.empty()) return source;
  return std::make_shared<UnwrappedSource>(std::move(source), wrapping);
}

}  // namespace svgen::weights
