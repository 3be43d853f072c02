// SPDX-License-Identifier: MIT
// Filling a module: first collect everything that is wrong, then either say it all or load.
#include "weights/load.h"

#include <ATen/ops/clone.h>

#include <algorithm>
#include <map>
#include <set>

#include "svgen/error.h"
#include "weights/advice.h"
#include "weights/finite.h"
#include "weights/stored_tensor.h"

namespace svgen::weights {
namespace {

constexpr const char *kOtherForm = "of another form", *kOtherNumbers = "of another kind of numbers";
constexpr size_t kListed = 8;  // of each kind; a wrong file makes hundreds

class Problems {
 public:
  void add(const std::string& kind, const std::string& text) {
    ++total_;
    auto& list = lists_[kind];
    ++list.count;
    if (list.count <= kListed) list.text += (list.text.empty() ? "" : ", ") + text;
  }
  bool empty() const { return total_ == 0; }
  // Whether the right tensors are there, and only their numbers cannot be used.
  bool only_numbers() const {
    return std::all_of(
        lists_.begin(), lists_.end(),
        [](const auto& entry) {
          return entry.first == kOtherForm || entry.first == kOtherNumbers;
        });
  }

  std::string counts() const {
    std::string text;
    for (const auto& [kind, list] : lists_)
      text += (text.empty() ? "" : ", ") + std::to_string(list.count) + " " + kind;
    return text;
  }
  std::string listing() const {
    std::string text;
    for (const auto& [kind, list] : lists_) {
      text += (text.empty() ? "" : "; ") + kind + ": " + list.text;
      if (list.count > kListed) text += " and " + std::to_string(list.count - kListed) + " more";
    }
    return text;
  }

 private:
  struct List {
    size_t count = 0;
    std::string text;
  };
  std::map<std::string, List> lists_;
  size_t total_ = 0;
};

bool is_plain_number(at::ScalarType dtype) {
  return at::isFloatingType(dtype) || at::isIntegralType(dtype, /*includeBool=*/false);
}

void check_slot(const nn::StateSlot& slot, const TensorInfo* info, Problems& problems) {
  if (info == nullptr) {
    if (slot.kind != nn::SlotKind::kOptional) problems.add("missing", slot.name);
    return;
  }
  if (!info->unreadable.empty()) {
    problems.add(kOtherForm, slot.name + " is " + info->unreadable);
    return;
  }
  if (info->shape != slot.shape)
    problems.add("of another shape", slot.name + " is " + shape_text(info->shape) +
                                         " and must be " + shape_text(slot.shape));
  // Only buffers, also those that a file may lack, hold counts or masks.
  const bool is_buffer = slot.kind == nn::SlotKind::kBuffer || slot.kind == nn::SlotKind::kOptional;
  const bool fits = is_buffer ? is_plain_number(info->dtype) : at::isFloatingType(info->dtype);
  if (!fits) problems.add(kOtherNumbers, slot.name + " is " + dtype_text(info->dtype));
}

}  // namespace

int64_t load_state(const std::function<void(const nn::StateScope&)>& visit,
                   const StateSource& source, at::ScalarType dtype) {
  std::map<std::string, const TensorInfo*> unused;
  for (const TensorInfo& info : source.tensors()) unused.emplace(info.name, &info);

  std::map<std::string, const TensorInfo*> used;
  Problems problems;
  std::string missing;  // the first one
  const nn::StateVisitor check = [&](const nn::StateSlot& slot) {
    const auto entry = unused.find(slot.name);
    const TensorInfo* info = entry == unused.end() ? nullptr : entry->second;
    check_slot(slot, info, problems);
    if (info == nullptr && missing.empty() && slot.kind != nn::SlotKind::kOptional)
      missing = slot.name;
    if (info == nullptr) return;
    used.insert(*entry);
    unused.erase(entry);
  };
  visit(nn::StateScope(check));
  for (const auto& [name, info] : unused)
    if (source.surplus_reason(name).empty() && info->unreadable.empty())
      problems.add("unexpected", name);
  if (!problems.empty())
    throw WeightsError(
        "the weights do not fit the model (" + problems.counts() + "); " +
            (problems.only_numbers() ? "save these tensors anew, as plain floating-point ones"
                                     : advice(source, missing)),
        {.expected = "the tensors of the model, all and only these",
         .found = problems.listing(),
         .where = source.path().string()});

  int64_t bytes = 0;
  const nn::StateVisitor fill = [&](const nn::StateSlot& slot) {
    if (!used.contains(slot.name)) return;
    const at::Tensor stored = source.read(slot.name);
    slot.tensor = at::isFloatingType(stored.scalar_type()) ? stored.to(dtype) : stored;
    // A file that somebody cuts short would end the process as soon as a page of its mapping is
    // missing. What is packed is copied there, and is most of a model.
    if (slot.kind != nn::SlotKind::kPackable && slot.tensor.is_alias_of(stored))
      slot.tensor = slot.tensor.clone();
    bytes += static_cast<int64_t>(slot.tensor.nbytes());
    if (!all_finite(slot.tensor))
      problems.add("infinite or not a number", slot.name + " (" + dtype_text(stored.scalar_type()) +
                                                   " as " + dtype_text(dtype) + ")");
  };
  visit(nn::StateScope(fill));
  if (!problems.empty())
    throw WeightsError(
        "the weights are damaged (" + problems.counts() +
            "): fetch the file again, or look at the training that wrote it",
        {.expected = "numbers", .found = problems.listing(), .where = source.path().string()});
  return bytes;
}

}  // namespace svgen::weights
