// SPDX-License-Identifier: MIT
// One role of a weights file under its published names, put together as its tensors are read.
#include <ATen/ops/cat.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "svgen/error.h"
#include "weights/maps.h"
#include "weights/stored_tensor.h"
#include "weights/unwrapped_source.h"

namespace svgen::weights {
namespace {

constexpr char kQkvBias[] = ".attn.qkv.bias", kMask[] = "_mask";

/// How a published tensor is made of the file's.
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

class RoleSource : public StateSource {
 public:
  RoleSource(std::shared_ptr<StateSource> file, Role role, const std::string& prefix);

  const std::filesystem::path& path() const override { return file_->path(); }
  const std::vector<TensorInfo>& tensors() const override { return infos_; }
  at::Tensor read(const std::string& name) const override;
  std::string surplus_reason(const std::string& name) const override {
    const auto found = recipes_.find(name);
    return found == recipes_.end() ? std::string() : found->second.surplus;
  }

 private:
  std::string choose_prefix(Role role, const std::string& wanted) const;
  void add(const KeyFamily& family, Role role, const TensorInfo& info, const std::string& name,
           bool whole_file);
  void offer(const std::string& name, const Recipe& recipe);
  TensorInfo describe(const std::string& name, const Recipe& recipe) const;
  void add_masks();

  std::shared_ptr<StateSource> file_;
  std::vector<std::string> order_;  // published names as the file's order has them
  std::unordered_map<std::string, Recipe> recipes_;
  std::vector<TensorInfo> infos_;
};

/// The spelling that knows most of the names.
const KeyFamily& recognise(Role role, const std::vector<std::string>& names) {
  const auto families = role_families(role);
  return **std::max_element(families.begin(), families.end(), [&](auto* a, auto* b) {
    return count_known(*a, names) < count_known(*b, names);
  });
}

/// Whether the autoencoder checkpoint keeps something else than `role` under this name.
bool is_foreign(Role role, const std::string& name) {
  const FileLayout& checkpoint = file_layouts().front();
  const FileLayout::Part* part = find_part(checkpoint, name);
  return part != nullptr && (role_prefix(role).empty() || role_prefix(role) != part->prefix);
}

RoleSource::RoleSource(std::shared_ptr<StateSource> file, Role role, const std::string& wanted)
    : file_(std::move(file)) {
  const std::string prefix = choose_prefix(role, wanted);
  std::vector<std::string> names;
  std::vector<const TensorInfo*> chosen;
  for (const TensorInfo& info : file_->tensors()) {
    if (!info.name.starts_with(prefix)) continue;
    names.push_back(info.name.substr(prefix.size()));
    chosen.push_back(&info);
  }
  const KeyFamily& family = recognise(role, names);
  for (size_t i = 0; i < names.size(); ++i) add(family, role, *chosen[i], names[i], prefix.empty());
  for (const std::string& name : order_) {
    const Recipe& recipe = recipes_.at(name);
    const bool incomplete =
        is_third(recipe.change) && (recipe.sources[0] == nullptr || recipe.sources[2] == nullptr ||
                                    (recipe.sources[1] == nullptr && !name.ends_with(kQkvBias)));
    if (!incomplete) infos_.push_back(describe(name, recipe));
  }
  if (role == Role::kEncoder) add_masks();
}

std::string RoleSource::choose_prefix(Role role, const std::string& wanted) const {
  const auto used = [&](const std::string& prefix) {
    return std::any_of(file_->tensors().begin(), file_->tensors().end(),
                       [&](const TensorInfo& info) { return info.name.starts_with(prefix); });
  };
  // Whoever wrote the card may have seen the names with their wrappers.
  if (const std::string plain = unwrapped_name(wanted); !wanted.empty())
    return used(plain) ? plain : std::string();
  // The residual ViT has names of its own that start like the encoder's prefix.
  const std::string usual = role_prefix(role);
  return used(usual) ? usual : std::string();
}

void RoleSource::add(const KeyFamily& family, Role role, const TensorInfo& info,
                     const std::string& name, bool whole_file) {
  const auto match = match_key(family, name);
  if (!match) {
    if (!whole_file || !is_foreign(role, name)) offer(name, {KeyChange::kNone, {&info}, false, {}});
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

void RoleSource::offer(const std::string& name, const Recipe& recipe) {
  if (!recipes_.emplace(name, recipe).second)
    throw WeightsError("the weights file spells one tensor in two ways; keep one of them",
                       {"one tensor for " + name, "two", path().string()});
  order_.push_back(name);
}

TensorInfo RoleSource::describe(const std::string& name, const Recipe& recipe) const {
  const TensorInfo& first = *recipe.sources[0];
  TensorInfo info = first;
  info.name = name;
  if (recipe.change == KeyChange::kDropFirstAxis && !info.shape.empty() && info.shape[0] == 1)
    info.shape.erase(info.shape.begin());
  if (!is_third(recipe.change)) return info;
  for (const TensorInfo* part : recipe.sources)
    if (part != nullptr && !part->unreadable.empty()) info.unreadable = part->unreadable;
  if (!info.unreadable.empty()) return info;
  for (const TensorInfo* part : recipe.sources)
    if (part != nullptr && (part->dtype != first.dtype || part->shape != first.shape))
      throw WeightsError("query, key and value of the weights file do not fit together",
                         {first.name + " " + shape_text(first.shape),
                          part->name + " " + shape_text(part->shape), path().string()});
  if (info.shape.empty())
    throw WeightsError("query, key and value of the weights file are single numbers",
                       {"a row for each output", first.name + " []", path().string()});
  info.shape[0] *= 3;
  return info;
}

// The published encoder multiplies the qkv bias with a mask that leaves out the key's third;
// other spellings drop the mask along with that third.
void RoleSource::add_masks() {
  const size_t count = infos_.size();
  for (size_t i = 0; i < count; ++i) {
    const TensorInfo bias = infos_[i];
    const std::string name = bias.name + kMask;
    if (!bias.name.ends_with(kQkvBias) || recipes_.contains(name)) continue;
    if (bias.shape.size() != 1 || bias.shape[0] % 3 != 0) continue;
    Recipe recipe;
    recipe.is_mask = true;
    offer(name, recipe);
    infos_.push_back({name, at::kFloat, bias.shape});
  }
}

at::Tensor RoleSource::read(const std::string& name) const {
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

std::shared_ptr<StateSource> open_role(const std::filesystem::path& file, Role role,
                                       const std::string& prefix) {
  return std::make_shared<RoleSource>(open_weights(file), role, prefix);
}

}  // namespace svgen::weights
