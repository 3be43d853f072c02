// SPDX-License-Identifier: MIT
// Rebuilding tensors from what torch.save writes about them.
#include "weights/torch_objects.h"

#include <algorithm>

#include "svgen/text.h"

namespace svgen::weights {
namespace {

struct DtypeNames {
  const char* storage;  // the class of a storage of this dtype; torch has none for the newer ones
  const char* dtype;
  at::ScalarType type;
};

constexpr DtypeNames kDtypes[] = {
    {"torch.FloatStorage", "torch.float32", at::kFloat},
    {"torch.DoubleStorage", "torch.float64", at::kDouble},
    {"torch.HalfStorage", "torch.float16", at::kHalf},
    {"torch.BFloat16Storage", "torch.bfloat16", at::kBFloat16},
    {"torch.LongStorage", "torch.int64", at::kLong},
    {"torch.IntStorage", "torch.int32", at::kInt},
    {"torch.ShortStorage", "torch.int16", at::kShort},
    {"torch.CharStorage", "torch.int8", at::kChar},
    {"torch.ByteStorage", "torch.uint8", at::kByte},
    {"torch.BoolStorage", "torch.bool", at::kBool},
    {"torch.ComplexFloatStorage", "torch.complex64", at::kComplexFloat},
    {"torch.ComplexDoubleStorage", "torch.complex128", at::kComplexDouble},
    {"torch.storage.UntypedStorage", "torch.uint8", at::kByte},
    {nullptr, "torch.uint16", at::kUInt16},
    {nullptr, "torch.uint32", at::kUInt32},
    {nullptr, "torch.uint64", at::kUInt64},
    {nullptr, "torch.float8_e4m3fn", at::kFloat8_e4m3fn},
    {nullptr, "torch.float8_e5m2", at::kFloat8_e5m2},
    {nullptr, "torch.float8_e4m3fnuz", at::kFloat8_e4m3fnuz},
    {nullptr, "torch.float8_e5m2fnuz", at::kFloat8_e5m2fnuz},
    {nullptr, "torch.complex32", at::kComplexHalf},
};

// Calls that make tensors of other forms: what those are, and what whoever saved them can do.
struct FormRow {
  std::string_view start;  // of the call's name
  const char *form, *remedy;
};

constexpr char kFullState[] =
    "save a full state dict (DTensor.full_tensor(), FSDP's FULL_STATE_DICT)";
constexpr char kFromNumpy[] = "save it as a tensor (torch.from_numpy)";
constexpr FormRow kForms[] = {
    {"torch._utils._rebuild_sparse_", "a sparse tensor", "save it with .to_dense()"},
    {"torch._utils._rebuild_qtensor", "a quantized tensor", "save it with .dequantize()"},
    {"torch._utils._rebuild_meta_tensor_no_storage", "a tensor without data (device meta)",
     "load the model before it is saved"},
    {"torch._utils._rebuild_nested_tensor", "a nested tensor", "save its parts by themselves"},
    {"torch.nested._internal.nested_tensor._rebuild_njt", "a nested tensor",
     "save its parts by themselves"},
    {"torch._utils._rebuild_wrapper_subclass", "a tensor of a class of its own",
     "save it as a plain one (.full_tensor(), .dequantize())"},
    {"torch._utils._rebuild_device_tensor_from_", "a tensor of another kind of device",
     "save it with .cpu()"},
    {"torch._utils._rebuild_", "a tensor of a form unknown here", "save it as a plain one"},
    {"torch.nn.parameter.Uninitialized", "a parameter without values",
     "run the model once before it is saved"},
    {"torch.distributed._tensor.", "a part of a tensor", kFullState},
    {"torch.distributed.tensor.", "a part of a tensor", kFullState},
    {"torch.distributed._shard.", "a part of a tensor", kFullState},
    {"numpy.core.multiarray._reconstruct", "a NumPy array", kFromNumpy},
    {"numpy._core.multiarray._reconstruct", "a NumPy array", kFromNumpy},
};

// The first name among the arguments that says more: torch.sparse_coo, torch.QInt8Storage, a class.
// It is one of the first few at any depth, and values may hold one another many times over.
std::string detail_of(const std::vector<PickleValue>& values, int depth = 3) {
  constexpr size_t kLooked = 4, kLongest = 120;
  for (size_t i = 0; i < std::min(values.size(), kLooked); ++i) {
    const PickleValue& value = values[i];
    const bool tells = value.kind == PickleKind::kGlobal ||
                       (value.kind == PickleKind::kText && value.text().starts_with("torch."));
    if (tells) return shortened(value.text(), kLongest);
    if (depth == 0) continue;
    if (std::string inner = detail_of(value.items(), depth - 1); !inner.empty()) return inner;
  }
  return {};
}

constexpr std::string_view kFromType = "torch._tensor._rebuild_from_type_v2";
// Far above any state dict.
constexpr size_t kMaxRank = 16, kMaxTensors = 1u << 16;

const at::ScalarType* find_dtype(const char* DtypeNames::*column, const PickleValue& name) {
  if (name.kind != PickleKind::kGlobal) return nullptr;
  for (const DtypeNames& row : kDtypes)
    if (row.*column != nullptr && name.text() == row.*column) return &row.type;
  return nullptr;
}

int64_t number_of(const PickleValue& value, const char* what) {
  if (value.kind != PickleKind::kInt || value.number < 0)
    throw PickleError(std::string("a tensor whose ") + what + " is no number");
  return value.number;
}

std::vector<int64_t> numbers_of(const PickleValue& value, const char* what) {
  const bool list = value.kind == PickleKind::kTuple || value.kind == PickleKind::kList;
  if (!list || value.items().size() > kMaxRank)
    throw PickleError(std::string("a tensor whose ") + what + " is no list of numbers");
  std::vector<int64_t> numbers;
  for (const PickleValue& item : value.items()) numbers.push_back(number_of(item, what));
  return numbers;
}

// {"neg": True}: the numbers in the file have the other sign.
bool is_pending_view(const PickleValue& metadata) {
  return metadata.kind == PickleKind::kDict && std::any_of(
                                                   metadata.items().begin(), metadata.items().end(),
                                                   [](const PickleValue& value) {
                                                     return value.kind == PickleKind::kBool &&
                                                            value.number != 0;
                                                   });
}

// Division keeps the products of unchecked numbers from overflowing.
bool fits(int64_t count, at::ScalarType dtype, uint64_t bytes) {
  return static_cast<uint64_t>(count) <= bytes / c10::elementSize(dtype);
}

}  // namespace

PickleHooks TorchObjects::hooks() {
  return {[this](PickleMachine& machine, std::string_view name, const PickleValue& arguments) {
            return call(machine, name, arguments);
          },
          [this](PickleMachine&, const PickleValue& id) { return storage(id); }};
}

std::optional<PickleValue> TorchObjects::call(PickleMachine& machine, std::string_view name,
                                              const PickleValue& arguments) {
  const auto& values = arguments.items();
  if (name == "torch._utils._rebuild_tensor_v2" || name == "torch._utils._rebuild_tensor")
    return tensor(values, nullptr);
  if (name == "torch._utils._rebuild_tensor_v3" && values.size() >= 7)
    return tensor(values, &values[6]);
  const bool wrapped = name == "torch._utils._rebuild_parameter" ||
                       name == "torch._utils._rebuild_parameter_with_state" || name == "torch.Size";
  if (wrapped && !values.empty()) return values[0];
  // A tensor of a derived class: the call that rebuilds the plain one, its arguments third.
  if (name == kFromType && values.size() >= 3 && values[0].has_text() &&
      values[0].text() != kFromType)
    return machine.call(values[0], values[2]);
  if (name == "torch.serialization._get_layout" && !values.empty()) return values[0];
  for (const FormRow& row : kForms) {
    if (!name.starts_with(row.start)) continue;
    std::string detail = detail_of(values);
    if (detail.empty()) detail = name;
    return unread(std::string(row.form) + " (" + detail + "): " + row.remedy);
  }
  return std::nullopt;
}

PickleValue TorchObjects::unread(const std::string& form) {
  if (unread_.size() >= kMaxTensors) throw PickleError("too many tensors");
  unread_.push_back(form);
  return PickleValue::of(PickleKind::kUnread, static_cast<int64_t>(unread_.size() - 1));
}

std::optional<PickleValue> TorchObjects::storage(const PickleValue& id) {
  const auto& values = id.items();
  if (values.size() < 5 || !values[0].has_text() || values[0].text() != "storage")
    return std::nullopt;
  const at::ScalarType* dtype = find_dtype(&DtypeNames::storage, values[1]);
  if (dtype == nullptr) return std::nullopt;
  if (!values[2].has_text()) throw PickleError("a storage without a key");
  TorchStorage storage = {values[2].text(), *dtype, number_of(values[4], "storage size"), 0, 0};
  storage.view_count = storage.count;
  if (values.size() > 5 && values[5].items().size() == 3) {
    storage.view_offset = number_of(values[5].items()[1], "view offset");
    storage.view_count = number_of(values[5].items()[2], "view size");
    if (storage.view_offset > storage.count ||
        storage.view_count > storage.count - storage.view_offset)
      throw PickleError("a view that reaches outside its storage");
  }
  if (storages_.size() >= kMaxTensors) throw PickleError("too many storages");
  storages_.push_back(storage);
  return PickleValue::of(PickleKind::kStorage, static_cast<int64_t>(storages_.size() - 1));
}

PickleValue TorchObjects::tensor(const std::vector<PickleValue>& arguments,
                                 const PickleValue* dtype) {
  if (arguments.size() < 4) throw PickleError("a tensor without storage, offset, size and stride");
  if (arguments[0].kind != PickleKind::kStorage)
    return unread("a tensor of numbers unknown here (" + detail_of({arguments[0]}) +
                  "): convert it with .float() or .dequantize() before it is saved");
  const at::ScalarType* found = dtype ? find_dtype(&DtypeNames::dtype, *dtype) : nullptr;
  if (dtype != nullptr && found == nullptr)
    return unread("a tensor of numbers unknown here (" + detail_of({*dtype}) +
                  "): convert it with .float() before it is saved");
  const size_t metadata = dtype != nullptr ? 7 : 6;  // behind requires_grad, hooks and dtype
  if (arguments.size() > metadata && is_pending_view(arguments[metadata]))
    return unread(
        "a view that is still to be negated or conjugated: save it with .resolve_neg() or "
        ".resolve_conj()");
  if (tensors_.size() >= kMaxTensors) throw PickleError("too many tensors");
  const auto storage = static_cast<size_t>(arguments[0].number);
  tensors_.push_back({storage, number_of(arguments[1], "offset"), numbers_of(arguments[2], "size"),
                      numbers_of(arguments[3], "stride"),
                      found != nullptr ? *found : storages_[storage].dtype});
  return PickleValue::of(PickleKind::kTensor, static_cast<int64_t>(tensors_.size() - 1));
}

StoredTensor TorchObjects::place(
    const PickleValue& value, const std::string& name,
    const std::function<std::optional<StorageRange>(std::string_view key)>& find) const {
  if (value.kind == PickleKind::kUnread)
    return {
        {name, at::ScalarType::Undefined, {}, unread_[static_cast<size_t>(value.number)]}, {}, 0};
  const TorchTensor& tensor = tensors_[static_cast<size_t>(value.number)];
  const TorchStorage& storage = storages_[tensor.storage];
  const auto range = find(storage.key);
  if (!range || !fits(storage.count, storage.dtype, range->size))
    throw PickleError("no " + std::to_string(storage.count) + " elements of storage " +
                      std::string(storage.key) + " for " + name);
  const uint64_t item = c10::elementSize(tensor.dtype);
  const int64_t count = static_cast<int64_t>(static_cast<uint64_t>(storage.view_count) *
                                             c10::elementSize(storage.dtype) / item);
  const auto extent = view_extent(tensor.shape, tensor.strides);
  const auto elements = count_elements(tensor.shape);
  const bool inside = extent && tensor.offset <= count && *extent <= count - tensor.offset;
  // A stride of 0 repeats elements: a few bytes could claim any amount of memory.
  if (!inside || !elements || *elements > count)
    throw PickleError("a view of " + shape_text(tensor.shape) + ", strides " +
                      shape_text(tensor.strides) + ", from " + std::to_string(tensor.offset) +
                      " on a storage of " + std::to_string(count) + " elements for " + name);
  const uint64_t first =
      static_cast<uint64_t>(storage.view_offset) * c10::elementSize(storage.dtype) +
      static_cast<uint64_t>(tensor.offset) * item;
  return {{name, tensor.dtype, tensor.shape}, tensor.strides, range->offset + first};
}

}  // namespace svgen::weights
