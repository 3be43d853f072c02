// SPDX-License-Identifier: MIT
// Saving and finding checkpoints.
#include "train/checkpoint.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "data/atomic_file.h"
#include "svgen/error.h"
#include "svgen/tensor.h"
#include "weights/safetensors.h"
#include "weights/state_source.h"

namespace svgen::train {
namespace fs = std::filesystem;
namespace {

constexpr const char* kPrefix = "step-";
constexpr const char* kUnfinished = ".unfinished";
constexpr const char* kStateFile = "state.safetensors";
constexpr const char* kFactsFile = "state.json";
constexpr int kDigits = 8;

[[noreturn]] void fail(const std::string& headline, const fs::path& where) {
  throw IoError(headline, {.expected = "a writable disk with room",
                           .found = std::strerror(errno),
                           .where = where.string()});
}

std::string folder_name(int64_t step) {
  const std::string digits = std::to_string(step);
  return kPrefix + std::string(std::max<int>(0, kDigits - static_cast<int>(digits.size())), '0') +
         digits;
}

// The step of a checkpoint's folder; nothing for other names.
std::optional<int64_t> step_of(const fs::path& folder) {
  const std::string name = folder.filename().string();
  if (!name.starts_with(kPrefix)) return std::nullopt;
  int64_t step = -1;
  const char* end = name.data() + name.size();
  const auto parsed = std::from_chars(name.data() + std::strlen(kPrefix), end, step);
  if (parsed.ec != std::errc{} || parsed.ptr != end || step < 0) return std::nullopt;
  return step;
}

// Oldest first.
std::vector<fs::path> checkpoints(const fs::path& folder) {
  std::vector<std::pair<int64_t, fs::path>> found;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none))
    if (const auto step = step_of(entry.path())) found.emplace_back(*step, entry.path());
  std::sort(found.begin(), found.end());
  std::vector<fs::path> paths;
  for (auto& [step, path] : found) paths.push_back(std::move(path));
  return paths;
}

void flush_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool flushed = descriptor >= 0 && ::fsync(descriptor) == 0;
  if (descriptor >= 0) ::close(descriptor);
  if (!flushed) fail("a checkpoint's folder cannot be flushed to the disk", folder);
}

void write_text(const fs::path& file, const std::string& text) {
  AtomicFile writer(file);
  writer.write(text);
  writer.commit();
}

void write_content(const fs::path& folder, const CheckpointContent& content) {
  weights::write_safetensors(folder / "ema.safetensors", content.weights);
  weights::write_safetensors(folder / kStateFile, content.state);
  if (!content.card.empty()) write_text(folder / "card.json", content.card);
  const CheckpointFacts& facts = content.facts;
  const nlohmann::ordered_json json = {{"kind", facts.kind},
                                       {"step", facts.step},
                                       {"next_index", facts.next_index},
                                       {"seed", facts.seed},
                                       {"options", nlohmann::ordered_json::parse(facts.options)}};
  write_text(folder / kFactsFile, json.dump(1) + "\n");
}

// Nothing where the file is not what write_content() leaves.
std::optional<CheckpointFacts> parsed_facts(const fs::path& file) {
  try {
    const auto json = nlohmann::json::parse(std::ifstream(file));
    CheckpointFacts facts{json.at("kind").get<std::string>(), json.at("step").get<int64_t>(),
                          json.at("next_index").get<int64_t>(), json.at("seed").get<uint64_t>(),
                          json.at("options").dump()};
    if (facts.step >= 0 && facts.next_index >= 0) return facts;
    return std::nullopt;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

}  // namespace

CheckpointFolder::CheckpointFolder(fs::path folder) : folder_(std::move(folder)) {
  std::error_code error;
  fs::create_directories(folder_, error);
  lock_ = ::open((folder_ / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock_ < 0) fail("the checkpoint folder cannot be made or written", folder_);
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    ::close(lock_);
    throw IoError("another trainer uses this checkpoint folder: wait for its end or name another",
                  {.expected = "a folder of its own for each training",
                   .found = "a folder in use",
                   .where = folder_.string()});
  }
  for (const auto& entry : fs::directory_iterator(folder_))
    if (entry.path().extension() == kUnfinished) fs::remove_all(entry.path(), error);
}

CheckpointFolder::~CheckpointFolder() {
  ::close(lock_);
}

fs::path CheckpointFolder::save(const CheckpointContent& content, int64_t kept) const {
  const fs::path target = folder_ / folder_name(content.facts.step);
  const fs::path unfinished = target.string() + kUnfinished;
  std::error_code error;
  try {
    fs::remove_all(unfinished);
    fs::create_directory(unfinished);
    write_content(unfinished, content);
    flush_folder(unfinished);
    fs::remove_all(target);
    fs::rename(unfinished, target);
    flush_folder(folder_);
  } catch (const fs::filesystem_error& problem) {
    fs::remove_all(unfinished, error);
    throw IoError("a checkpoint cannot be saved; the one before is intact",
                  {.expected = "a writable disk with room",
                   .found = problem.code().message(),
                   .where = target.string()});
  } catch (const Error& problem) {
    fs::remove_all(unfinished, error);
    throw IoError("a checkpoint cannot be saved; the one before is intact",
                  {.expected = "a writable disk with room",
                   .found = problem.report(),
                   .where = target.string()});
  }
  std::vector<fs::path> all = checkpoints(folder_);
  for (size_t i = 0; i + static_cast<size_t>(kept) < all.size(); ++i) fs::remove_all(all[i], error);
  return target;
}

fs::path CheckpointFolder::set_aside() const {
  std::vector<fs::path> earlier = checkpoints(folder_);
  if (earlier.empty()) return {};
  const fs::path aside = unused_path(folder_ / "before");
  try {
    for (const auto& entry : fs::directory_iterator(folder_)) {
      const std::string name = entry.path().filename().string();
      if (name == "loss.png" || name.starts_with("samples-")) earlier.push_back(entry.path());
    }
    fs::create_directory(aside);
    for (const fs::path& path : earlier) fs::rename(path, aside / path.filename());
  } catch (const fs::filesystem_error& problem) {
    throw IoError("the checkpoints of an earlier training cannot be set aside: name another folder",
                  {.expected = "a folder that can be written",
                   .found = problem.code().message(),
                   .where = folder_.string()});
  }
  return aside;
}

std::optional<fs::path> last_checkpoint(const fs::path& folder) {
  const std::vector<fs::path> all = checkpoints(folder);
  if (all.empty()) return std::nullopt;
  return all.back();
}

CheckpointFacts read_facts(const fs::path& checkpoint) {
  const fs::path file = checkpoint / kFactsFile;
  if (auto facts = parsed_facts(file)) return *std::move(facts);
  throw IoError("a checkpoint is damaged: remove its folder to resume from the one before",
                {.expected = "a state.json with kind, step, next_index and seed",
                 .found = "something else",
                 .where = file.string()});
}

void read_state(const fs::path& checkpoint, const NamedTensors& into) {
  const auto source = weights::open_weights(checkpoint / kStateFile);
  std::map<std::string, std::vector<int64_t>> stored;
  for (const weights::TensorInfo& info : source->tensors()) stored[info.name] = info.shape;
  std::string problems;
  for (const auto& [name, tensor] : into) {
    const auto entry = stored.find(name);
    const bool fits = entry != stored.end() && entry->second == tensor.sizes().vec();
    if (!fits && problems.size() < 400) problems += " " + name;
    if (entry != stored.end()) stored.erase(entry);
  }
  for (const auto& [name, shape] : stored)
    if (problems.size() < 400) problems += " " + name;
  if (!problems.empty())
    throw WeightsError(
        "the checkpoint belongs to another model or another kind of training: name its own card, "
        "or another folder",
        {.expected = "exactly the tensors of this training",
         .found = "missing, surplus or of another shape:" + problems,
         .where = (checkpoint / kStateFile).string()});
  for (const auto& [name, tensor] : into) tensor.copy_(source->read(name));
}

}  // namespace svgen::train
