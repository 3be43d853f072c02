// SPDX-License-Identifier: MIT
// Reading and writing safetensors; every number of the header is checked against the file.
#include "weights/safetensors.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "data/atomic_file.h"
#include "svgen/error.h"
#include "svgen/text.h"
#include "weights/stored_tensor.h"

namespace svgen::weights {
namespace {

constexpr uint64_t kMaxHeader = 100u << 20;                           // the format's own limit
constexpr uint64_t kLengthBytes = 8, kMaxLength = uint64_t{1} << 32;  // more is no length at all
constexpr size_t kMaxName = 1024, kMaxShown = 64;                     // bytes

constexpr std::pair<const char*, at::ScalarType> kDtypes[] = {
    {"F64", at::kDouble},
    {"F32", at::kFloat},
    {"F16", at::kHalf},
    {"BF16", at::kBFloat16},
    {"I64", at::kLong},
    {"I32", at::kInt},
    {"I16", at::kShort},
    {"I8", at::kChar},
    {"U64", at::kUInt64},
    {"U32", at::kUInt32},
    {"U16", at::kUInt16},
    {"U8", at::kByte},
    {"BOOL", at::kBool},
    {"C64", at::kComplexFloat},
    {"F8_E4M3", at::kFloat8_e4m3fn},
    {"F8_E5M2", at::kFloat8_e5m2},
    {"F8_E4M3FNUZ", at::kFloat8_e4m3fnuz},
    {"F8_E5M2FNUZ", at::kFloat8_e5m2fnuz},
};

// Parts of numbers that belong together, of block formats.
constexpr std::string_view kUnreadDtypes[] = {"F4", "F6_E2M3", "F6_E3M2", "F8_E8M0"};

struct HeaderEntry {
  std::string name, dtype;
  std::vector<uint64_t> shape, offsets;
  bool has_shape = false;
};

// Listens to the JSON parser instead of building a tree: a tree would drop a repeated name
// silently and would cost many times the header's size.
class HeaderReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  std::vector<HeaderEntry> entries;
  std::string problem;

  bool start_object(size_t) override {
    return ++depth_ <= 2 || (fail("an object inside a tensor's entry"));
  }
  bool end_object() override {
    --depth_;
    return true;
  }
  bool key(string_t& name) override {
    field_ = name;
    if (depth_ != 1) return true;
    if (name.size() > kMaxName)
      return fail("a name of " + std::to_string(name.size()) +
                  " bytes: " + shortened(name, kMaxShown));
    if (!names_.insert(name).second) return fail("the name " + name + " twice");
    metadata_ = name == "__metadata__";
    if (!metadata_) entries.push_back({printable(name), {}, {}, {}, false});
    return true;
  }
  bool string(string_t& text) override {
    if (depth_ != 2) return fail("a text in place of a tensor's entry");
    if (metadata_) return true;
    if (field_ != "dtype") return fail("a text for " + field_ + where());
    entries.back().dtype = text;
    return true;
  }
  bool start_array(size_t) override {
    const bool fits = depth_ == 2 && !metadata_ && (field_ == "shape" || field_ == "data_offsets");
    if (!fits || in_array_) return fail("a list for " + field_ + where());
    in_array_ = true;
    entries.back().has_shape |= field_ == "shape";
    return true;
  }
  bool end_array() override {
    in_array_ = false;
    return true;
  }
  bool number_unsigned(number_unsigned_t number) override {
    if (!in_array_) return fail("a number for " + field_ + where());
    auto& list = field_ == "shape" ? entries.back().shape : entries.back().offsets;
    if (list.size() >= 64) return fail("more than 64 numbers for " + field_ + where());
    list.push_back(number);
    return true;
  }
  bool null() override { return fail("null for " + field_ + where()); }
  bool boolean(bool) override { return fail("a truth value for " + field_ + where()); }
  bool number_integer(number_integer_t) override { return fail("a negative number" + where()); }
  bool number_float(number_float_t, const string_t&) override {
    return fail("a fraction" + where());
  }
  bool binary(binary_t&) override { return fail("binary data" + where()); }
  bool parse_error(size_t position, const std::string&, const nlohmann::json::exception&) override {
    return fail("no JSON from byte " + std::to_string(position) + " of the header on");
  }

 private:
  bool fail(const std::string& what) {
    problem = what;
    return false;
  }
  std::string where() const {
    return entries.empty() ? std::string() : " of " + entries.back().name;
  }

  std::set<std::string> names_;
  std::string field_;
  int depth_ = 0;
  bool metadata_ = false, in_array_ = false;
};

const at::ScalarType* find_dtype(const std::string& name) {
  for (const auto& [text, dtype] : kDtypes)
    if (name == text) return &dtype;
  return nullptr;
}

bool is_of_the_format(const std::string& dtype) {
  return std::find(std::begin(kUnreadDtypes), std::end(kUnreadDtypes), dtype) !=
         std::end(kUnreadDtypes);
}

TensorInfo unread_numbers(const HeaderEntry& entry) {
  return {entry.name,
          at::ScalarType::Undefined,
          {},
          "a tensor of numbers that are not read here (" + entry.dtype +
              "): convert it to numbers of 16 or 32 bits"};
}

/// `data` bytes follow the header, which ends at `start`.
StoredTensor check_entry(const MappedFile& file, const HeaderEntry& entry, uint64_t start,
                         uint64_t data) {
  const auto refuse = [&](const std::string& expected, const std::string& found) {
    refuse_file(file.path(), "the safetensors header contradicts itself; fetch the file again",
                expected + " for " + entry.name, found);
  };
  if (!entry.has_shape || entry.offsets.size() != 2)
    refuse("a shape and two data_offsets", "an entry without them");
  const uint64_t begin = entry.offsets[0], end = entry.offsets[1];
  if (begin <= end && end > data)
    refuse_file(
        file.path(), "the safetensors file is cut off; fetch it again",
        "data_offsets inside the " + std::to_string(data) + " bytes of data for " + entry.name,
        std::to_string(begin) + " to " + std::to_string(end));
  if (begin > end)
    refuse("data_offsets inside the " + std::to_string(data) + " bytes of data",
           std::to_string(begin) + " to " + std::to_string(end));
  const at::ScalarType* dtype = find_dtype(entry.dtype);
  if (dtype == nullptr && is_of_the_format(entry.dtype)) return {unread_numbers(entry), {}, 0};
  if (dtype == nullptr) refuse("a dtype of the format", "\"" + entry.dtype + "\"");
  std::vector<int64_t> shape(entry.shape.begin(), entry.shape.end());
  const auto count = count_elements(shape);  // sizes beyond 2^63 have become negative
  int64_t bytes = 0;
  if (!count ||
      __builtin_mul_overflow(*count, static_cast<int64_t>(c10::elementSize(*dtype)), &bytes))
    refuse("a shape that memory can hold", shape_text(shape));
  if (end - begin != static_cast<uint64_t>(bytes))
    refuse(std::to_string(bytes) + " bytes of " + entry.dtype + " " + shape_text(shape),
           std::to_string(end - begin) + " bytes");
  return {{entry.name, *dtype, shape}, contiguous_strides(shape), start + begin};
}

// The format asks for tensors that cover the data exactly: no overlap, no gap, no rest.
void check_coverage(const MappedFile& file, const std::vector<HeaderEntry>& entries,
                    uint64_t data) {
  std::vector<const HeaderEntry*> order;
  for (const HeaderEntry& entry : entries) order.push_back(&entry);
  std::sort(order.begin(), order.end(), [](auto* a, auto* b) { return a->offsets < b->offsets; });
  uint64_t covered = 0;
  for (const HeaderEntry* entry : order) {
    if (entry->offsets[0] != covered)
      refuse_file(file.path(), "tensors of the safetensors file overlap or leave gaps",
                  entry->name + " at byte " + std::to_string(covered) + " of the data",
                  "byte " + std::to_string(entry->offsets[0]));
    covered = entry->offsets[1];
  }
  if (covered != data)
    refuse_file(file.path(), "the safetensors file is longer than its header says",
                std::to_string(covered) + " bytes of data", std::to_string(data) + " bytes");
}

}  // namespace

bool is_safetensors(const MappedFile& file) {
  return file.size() > kLengthBytes && file.bytes()[kLengthBytes] == '{' &&
         file.number(0, kLengthBytes, "the length of the header") < kMaxLength;
}

std::shared_ptr<StateSource> open_safetensors(std::shared_ptr<const MappedFile> file) {
  const uint64_t length = file->number(0, kLengthBytes, "the length of the header");
  if (length > kMaxHeader)
    refuse_file(file->path(), "the safetensors header is too long to be one; fetch the file again",
                "at most " + std::to_string(kMaxHeader) + " bytes", std::to_string(length));
  const std::string_view header = file->slice(kLengthBytes, length, "the header");
  HeaderReader reader;
  if (!nlohmann::json::sax_parse(header, &reader))
    refuse_file(file->path(), "the safetensors header cannot be understood; fetch the file again",
                "a JSON object with dtype, shape and data_offsets for each name", reader.problem);
  const uint64_t start = kLengthBytes + length, data = file->size() - start;
  std::vector<StoredTensor> tensors;
  for (const HeaderEntry& entry : reader.entries)
    tensors.push_back(check_entry(*file, entry, start, data));
  check_coverage(*file, reader.entries, data);
  return std::make_shared<MappedSource>(std::move(file), std::move(tensors));
}

void write_safetensors(const std::filesystem::path& path,
                       const std::vector<std::pair<std::string, at::Tensor>>& tensors) {
  std::vector<const std::pair<std::string, at::Tensor>*> order;
  std::set<std::string> names;
  for (const auto& named : tensors) {
    if (!names.insert(named.first).second || !named.second.defined())
      throw WeightsError("cannot save these tensors: a name repeats or has no tensor",
                         {.expected = "defined tensors of distinct names",
                          .found = named.first,
                          .where = path.string()});
    if (printable(named.first) != named.first)
      throw WeightsError("cannot save a tensor under a name that is no plain text; rename it",
                         {.expected = "a name in UTF-8 without control characters",
                          .found = named.first,
                          .where = path.string()});
    order.push_back(&named);
  }
  std::sort(order.begin(), order.end(), [](auto* a, auto* b) {
    const auto left = a->second.element_size(), right = b->second.element_size();
    return left != right ? left > right : a->first < b->first;
  });

  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  uint64_t offset = 0;
  for (const auto* named : order) {
    const at::ScalarType dtype = named->second.scalar_type();
    const auto* row = std::find_if(std::begin(kDtypes), std::end(kDtypes),
                                   [&](const auto& entry) { return entry.second == dtype; });
    if (row == std::end(kDtypes))
      throw WeightsError(
          "safetensors has no name for this dtype; convert the tensor first",
          {.expected = "a plain number type", .found = dtype_text(dtype), .where = named->first});
    const uint64_t end = offset + named->second.nbytes();
    header[named->first] = {{"dtype", row->first},
                            {"shape", named->second.sizes().vec()},
                            {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // the data starts at a multiple of 8

  AtomicFile file(path);
  std::string length(kLengthBytes, '\0');
  for (size_t i = 0; i < kLengthBytes; ++i) length[i] = static_cast<char>(text.size() >> (8 * i));
  file.write(length);
  file.write(text);
  for (const auto* named : order) {
    const at::Tensor plain = named->second.detach().cpu().contiguous();
    file.write({static_cast<const char*>(plain.const_data_ptr()), plain.nbytes()});
  }
  file.commit();
}

}  // namespace svgen::weights
