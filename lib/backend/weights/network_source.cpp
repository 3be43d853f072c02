// SPDX-License-Identifier: MIT
// One network of a weights file under the names of its module, put together as tensors are read.
#include "weights/network_source.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <array>
#include <functional>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "svgen/error.h"
#include "weights/stored_tensor.h"
#include "weights/unwrapped_source.h"

namespace svgen::weights {
namespace {

constexpr char kMask[] = "_mask";

/// Says how a published tensor is made of the file's.
struct Recipe {
  KeyChange change = KeyChange::kNone;
  std::array<const TensorInfo*, 3> sources = {};  // q, k, v, or only the first
  bool is_mask = false;
  std::string surplus;
};

size_t third(KeyChange change) {
  return static_cast<size_t>(change) - static_cast<size_t>(KeyChange::kQueryThird);
}
bool is_third(KeyChange change) {
  return change >= KeyChange::kQueryThird && change <= KeyChange::kValueThird;
}

class NetworkSource : public StateSource {
 public:
  NetworkSource(std::shared_ptr<StateSource> file, const Spelling& spelling,
                const std::string& wanted, const FileLayout& checkpoint);

  const std::filesystem::path& path() const override { return file_->path(); }
  const std::vector<TensorInfo>& tensors() const override { return infos_; }
  at::Tensor read(const std::string& name) const override;
  std::string surplus_reason(const std::string& name) const override {
    const auto found = recipes_.find(name);
    return found == recipes_.end() ? std::string() : found->second.surplus;
  }

 private:
  std::string choose_prefix(const std::string& wanted) const;
  bool is_foreign(const std::string& name) const;
  bool is_masked(const std::string& name) const {
    return !spelling_.masked_bias.empty() && name.ends_with(spelling_.masked_bias);
  }
  bool is_complete(const std::string& name) const;
  void add(const KeyFamily& family, const TensorInfo& info, const std::string& name,
           bool whole_file);
  void offer(const std::string& name, const Recipe& recipe);
  TensorInfo describe(const std::string& name, const Recipe& recipe) const;
  void add_masks();

  std::shared_ptr<StateSource> file_;
  Spelling spelling_;
  const FileLayout& checkpoint_;
  const FileLayout::Part* part_;    // of the checkpoint: this network's, or null
  std::vector<std::string> order_;  // published names as the file's order has them
  std::unordered_map<std::string, Recipe> recipes_;
  std::vector<TensorInfo> infos_;
};

void change_axes(KeyChange change, std::vector<int64_t>& shape) {
  if (change == KeyChange::kDropFirstAxis && !shape.empty() && shape[0] == 1)
    shape.erase(shape.begin());
  // Numbers that overflow are those of no file: its size was compared.
  if (change == KeyChange::kFlatten && shape.size() > 2)
    shape = {shape[0],
             std::accumulate(shape.begin() + 1, shape.end(), int64_t{1}, std::multiplies<>())};
  if (change == KeyChange::kAddFirstAxis) shape.insert(shape.begin(), 1);
  if (change == KeyChange::kToConvolution && shape.size() == 2) shape.insert(shape.end(), {1, 1});
}

/// The spelling that knows most of the names.
const KeyFamily& recognise(const Spelling& spelling, const std::vector<std::string>& names) {
  return *std::max_element(
      spelling.families.begin(), spelling.families.end(),
      [&](const auto& a, const auto& b) {
        return count_known(a, renumbered(a, names)) < count_known(b, renumbered(b, names));
      });
}

NetworkSource::NetworkSource(std::shared_ptr<StateSource> file, const Spelling& spelling,
                             const std::string& wanted, const FileLayout& checkpoint)
    : file_(std::move(file)),
      spelling_(spelling),
      checkpoint_(checkpoint),
      part_(checkpoint.find(spelling)) {
  const std::string prefix = choose_prefix(wanted);
  std::vector<std::string> names;
  std::vector<const TensorInfo*> chosen;
  for (const TensorInfo& info : file_->tensors()) {
    if (!info.name.starts_with(prefix)) continue;
    names.push_back(info.name.substr(prefix.size()));
    chosen.push_back(&info);
  }
  const KeyFamily& family = recognise(spelling_, names);
  names = renumbered(family, std::move(names));
  for (size_t i = 0; i < names.size(); ++i) add(family, *chosen[i], names[i], prefix.empty());
  for (const std::string& name : order_)
    if (is_complete(name)) infos_.push_back(describe(name, recipes_.at(name)));
  add_masks();
}

std::string NetworkSource::choose_prefix(const std::string& wanted) const {
  const auto used = [&](const std::string& prefix) {
    return std::any_of(file_->tensors().begin(), file_->tensors().end(),
                       [&](const TensorInfo& info) { return info.name.starts_with(prefix); });
  };
  // The author of the card may have seen the names with their wrappers.
  if (const std::string plain = unwrapped_name(wanted); !wanted.empty())
    return used(plain) ? plain : std::string();
  // The residual ViT has names of its own that start like the encoder's prefix.
  std::string usual = part_ == nullptr ? "" : part_->prefix;
  if (used(usual) && !usual.empty()) return usual;
  for (const std::string_view prefix : spelling_.prefixes)
    if (used(std::string(prefix))) return std::string(prefix);
  return {};
}

/// Whether the checkpoint keeps another network's tensor under this name.
bool NetworkSource::is_foreign(const std::string& name) const {
  const FileLayout::Part* part = checkpoint_.find(name);
  return part != nullptr && part != part_;
}

void NetworkSource::add(const KeyFamily& family, const TensorInfo& info, const std::string& name,
                        bool whole_file) {
  const auto match = match_key(family, name);
  if (!match) {
    if (!whole_file || !is_foreign(name)) offer(name, {KeyChange::kNone, {&info}, false, {}});
    return;
  }
  const KeyRule& rule = *match->rule;
  Recipe recipe = {rule.change, {}, false, rule.need == KeyNeed::kSurplus ? rule.note : ""};
  if (!is_third(rule.change)) {
    recipe.sources[0] = &info;
    offer(match->published, recipe);
    return;
  }
  if (!recipes_.contains(match->published)) offer(match->published, recipe);
  const TensorInfo*& part = recipes_.at(match->published).sources[third(rule.change)];
  if (part != nullptr) offer(match->published, recipe);  // says that it is there twice
  part = &info;
}

void NetworkSource::offer(const std::string& name, const Recipe& recipe) {
  if (!recipes_.emplace(name, recipe).second)
    throw WeightsError(
        "the weights file spells one tensor in two ways; keep one of them",
        {.expected = "one tensor for " + name, .found = "two", .where = path().string()});
  order_.push_back(name);
}

// A masked bias needs no third of the key.
bool NetworkSource::is_complete(const std::string& name) const {
  const Recipe& recipe = recipes_.at(name);
  return !is_third(recipe.change) ||
         (recipe.sources[0] != nullptr && recipe.sources[2] != nullptr &&
          (recipe.sources[1] != nullptr || is_masked(name)));
}

TensorInfo NetworkSource::describe(const std::string& name, const Recipe& recipe) const {
  const TensorInfo& first = *recipe.sources[0];
  TensorInfo info = first;
  info.name = name;
  change_axes(recipe.change, info.shape);
  if (!is_third(recipe.change)) return info;
  for (const TensorInfo* part : recipe.sources)
    if (part != nullptr && !part->unreadable.empty()) info.unreadable = part->unreadable;
  if (!info.unreadable.empty()) return info;
  for (const TensorInfo* part : recipe.sources)
    if (part != nullptr && (part->dtype != first.dtype || part->shape != first.shape))
      throw WeightsError("query, key and value of the weights file do not fit together",
                         {.expected = first.name + " " + shape_text(first.shape),
                          .found = part->name + " " + shape_text(part->shape),
                          .where = path().string()});
  if (info.shape.empty())
    throw WeightsError("query, key and value of the weights file are single numbers",
                       {.expected = "a row for each output",
                        .found = first.name + " []",
                        .where = path().string()});
  info.shape[0] *= 3;
  return info;
}

// Some spellings drop the mask along with the key's third.
void NetworkSource::add_masks() {
  const size_t count = infos_.size();
  for (size_t i = 0; i < count; ++i) {
    const TensorInfo bias = infos_[i];
    const std::string name = bias.name + kMask;
    if (!is_masked(bias.name) || recipes_.contains(name)) continue;
    if (bias.shape.size() != 1 || bias.shape[0] % 3 != 0) continue;
    Recipe recipe;
    recipe.is_mask = true;
    offer(name, recipe);
    infos_.push_back({name, at::kFloat, bias.shape});
  }
}

at::Tensor NetworkSource::read(const std::string& name) const {
  const auto info = std::find_if(infos_.begin(), infos_.end(),
                                 [&](const TensorInfo& other) { return other.name == name; });
  if (info == infos_.end()) return file_->read(name);  // says that it is missing
  const Recipe& recipe = recipes_.at(name);
  if (recipe.is_mask) {
    at::Tensor mask = at::ones(info->shape);
    mask.narrow(0, info->shape[0] / 3, info->shape[0] / 3).zero_();
    return mask;
  }
  const at::Tensor first = file_->read(recipe.sources[0]->name);
  if (!is_third(recipe.change)) return first.reshape(info->shape);
  const auto part = [&](size_t i) {
    return recipe.sources[i] == nullptr ? at::zeros_like(first)
                                        : file_->read(recipe.sources[i]->name);
  };
  return at::cat({first, part(1), part(2)}, 0);  // (3D, ...)
}

}  // namespace

std::shared_ptr<StateSource> open_network(const std::filesystem::path& file,
                                          const Spelling& spelling, const std::string& prefix,
                                          const FileLayout& checkpoint) {
  return std::make_shared<NetworkSource>(open_weights(file), spelling, prefix, checkpoint);
}

}  // namespace svgen::weights
