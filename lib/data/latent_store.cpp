// SPDX-License-Identifier: MIT
// Writing and reading the pair of files.
#include "data/latent_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "data/checksum.h"
#include "svgen/error.h"

namespace svgen {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr const char* kCaps = "gst_caps";
constexpr const char* kSamples = "total_samples";
constexpr const char* kSampleSize = "sample_size";
constexpr const char* kOwn = "svgen";
constexpr const char* kChecksums = "sample_crc32";
constexpr const char* kClasses = "classes";
constexpr const char* kOrigin = "model";
constexpr const char* kIndices = "sample_index";
constexpr size_t kDigits = 8;

void append_hex(std::string& text, uint32_t value) {
  for (int shift = 28; shift >= 0; shift -= 4) text += "0123456789abcdef"[(value >> shift) & 0xF];
}

[[noreturn]] void refuse(const fs::path& file, const std::string& expected,
                         const std::string& found) {
  throw IoError("the description of the stored latents cannot be used: write the pair anew",
                {.expected = expected, .found = found, .where = file.string()});
}

int64_t positive(const json& object, const char* key, const fs::path& file) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_integer()) {
    refuse(file, std::string("an integer \"") + key + "\"",
           found == object.end() ? "nothing" : found->dump());
  }
  const auto value = found->get<int64_t>();
  if (value < 1) refuse(file, std::string("\"") + key + "\" above 0", found->dump());
  return value;
}

std::vector<uint32_t> parse_checksums(const std::string& digits, int64_t samples,
                                      const fs::path& file) {
  if (digits.size() % kDigits != 0 || digits.size() / kDigits != static_cast<size_t>(samples)) {
    refuse(file, std::to_string(samples) + " checksums of 8 digits",
           std::to_string(digits.size()) + " digits");
  }
  std::vector<uint32_t> values(static_cast<size_t>(samples));
  for (size_t i = 0; i < values.size(); ++i) {
    const char* first = &digits[i * kDigits];
    const auto [end, status] = std::from_chars(first, first + kDigits, values[i], 16);
    if (status != std::errc() || end != first + kDigits)
      refuse(file, "hexadecimal checksums", std::string(first, kDigits));
  }
  return values;
}

LatentOrigin origin_of(const json& own, const fs::path& file) {
  const auto found = own.find(kOrigin);
  if (found == own.end()) return {};
  LatentOrigin origin;
  for (const auto& [key, text] :
       {std::pair{"name", &origin.model}, {"checksum", &origin.checksum}}) {
    const auto value = found->is_object() ? found->find(key) : found->end();
    if (value == found->end() || !value->is_string())
      refuse(file, "a model with \"name\" and \"checksum\" as texts", found->dump());
    *text = value->get<std::string>();
  }
  return origin;
}

std::vector<std::string> class_names(const json& own, const fs::path& file) {
  const auto found = own.find(kClasses);
  if (found == own.end()) return {};
  const auto is_text = [](const json& name) { return name.is_string(); };
  if (!found->is_array() || !std::all_of(found->begin(), found->end(), is_text))
    refuse(file, "names of classes as texts", found->type_name());
  return found->get<std::vector<std::string>>();
}

std::vector<int64_t> image_indices(const json& own, int64_t samples, const fs::path& file) {
  const auto found = own.find(kIndices);
  if (found == own.end()) return {};
  const auto is_index = [](const json& number) { return number.is_number_unsigned(); };
  if (!found->is_array() || found->size() != static_cast<size_t>(samples) ||
      !std::all_of(found->begin(), found->end(), is_index))
    refuse(file, std::to_string(samples) + " indices of images", found->type_name());
  return found->get<std::vector<int64_t>>();
}

}  // namespace

fs::path json_beside(const fs::path& location, const fs::path& named) {
  return named.empty() ? fs::path(location).replace_extension(".json") : named;
}

fs::path json_of_part(const fs::path& part) {
  return part.string() + ".json";
}

LatentWriter::LatentWriter(fs::path location, fs::path json_file, std::string caps,
                           size_t sample_size)
    : location_(std::move(location)),
      json_(std::move(json_file)),
      caps_(std::move(caps)),
      sample_size_(sample_size),
      raw_(location_) {}

void LatentWriter::add(std::span<const Bytes> parts) {
  size_t size = 0;
  for (const Bytes& part : parts) size += part.size();
  if (size != sample_size_) {
    throw ShapeError("a sample has another size than the first one: keep one size in one file",
                     {.expected = std::to_string(sample_size_) + " bytes",
                      .found = std::to_string(size),
                      .where = location_.string()});
  }
  uint32_t checksum = 0;
  for (const Bytes& part : parts) {
    raw_.write({reinterpret_cast<const char*>(part.data()), part.size()});
    checksum = crc32(part.data(), part.size(), checksum);
  }
  append_hex(checksums_, checksum);
  ++samples_;
}

void LatentWriter::add(std::span<const Bytes> parts, int64_t index) {
  add(parts);
  indices_.push_back(index);
}

void LatentWriter::commit() {
  json description = {{kCaps, caps_},
                      {kSamples, samples_},
                      {kSampleSize, sample_size_},
                      {kOwn, {{"version", 1}, {kChecksums, checksums_}}}};
  if (!classes_.empty()) description[kOwn][kClasses] = classes_;
  if (!origin_.checksum.empty())
    description[kOwn][kOrigin] = {{"name", origin_.model}, {"checksum", origin_.checksum}};
  if (!indices_.empty()) description[kOwn][kIndices] = indices_;
  AtomicFile file(json_);
  file.write(description.dump(1, ' ', false, json::error_handler_t::replace) + "\n");
  // A description must never stand beside samples it does not describe.
  std::error_code ignored;
  fs::remove(json_, ignored);
  raw_.commit();
  file.commit();
}

LatentReader::LatentReader(fs::path location, const fs::path& json_file)
    : location_(std::move(location)) {
  read_json(json_file);
  open_raw();
}

LatentReader::~LatentReader() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void LatentReader::read_json(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    throw IoError(
        "the description of the stored latents is missing: the writer has not reached its end, or "
        "the file has another name",
        {.expected = "a JSON file", .found = "nothing that opens", .where = file.string()});
  }
  const json object = json::parse(stream, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) refuse(file, "a JSON object", "something else");
  const auto caps = object.find(kCaps);
  if (caps == object.end() || !caps->is_string())
    refuse(file, std::string("\"") + kCaps + "\" as a text", "nothing");
  caps_ = caps->get<std::string>();
  samples_ = positive(object, kSamples, file);
  sample_size_ = static_cast<size_t>(positive(object, kSampleSize, file));
  const auto own = object.find(kOwn);
  if (own == object.end() || !own->is_object()) return;  // somebody else's pair
  classes_ = class_names(*own, file);
  origin_ = origin_of(*own, file);
  indices_ = image_indices(*own, samples_, file);
  const auto checksums = own->find(kChecksums);
  if (checksums == own->end()) return;
  if (!checksums->is_string()) refuse(file, "checksums as a text", checksums->type_name());
  checksums_ = parse_checksums(checksums->get_ref<const std::string&>(), samples_, file);
}

void LatentReader::open_raw() {
  descriptor_ = ::open(location_.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status {};
  const bool fits = descriptor_ >= 0 && ::fstat(descriptor_, &status) == 0;
  const int reason = errno;
  if (!fits) {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
    throw IoError("the stored latents cannot be opened", {.expected = "a readable file",
                                                          .found = std::strerror(reason),
                                                          .where = location_.string()});
  }
  const auto size = static_cast<uint64_t>(status.st_size);
  const auto samples = static_cast<uint64_t>(samples_);
  if (size % sample_size_ == 0 && size / sample_size_ == samples) return;
  ::close(std::exchange(descriptor_, -1));
  throw IoError(
      "the stored latents are truncated or do not belong to their description: write the pair anew",
      {.expected =
           std::to_string(samples) + " samples of " + std::to_string(sample_size_) + " bytes",
       .found = std::to_string(size) + " bytes",
       .where = location_.string()});
}

void LatentReader::read(int64_t sample, std::span<std::byte> out) const {
  read_part(sample, 0, out.first(sample_size_));
  if (!has_checksums()) return;
  const uint32_t expected = checksums_[static_cast<size_t>(sample)];
  const uint32_t found = crc32(out.data(), sample_size_);
  if (found == expected) return;
  std::string wanted, got;
  append_hex(wanted, expected);
  append_hex(got, found);
  throw IoError("a stored sample is damaged: write the pair anew",
                {.expected = "checksum " + wanted,
                 .found = got,
                 .where = location_.string() + ", sample " + std::to_string(sample)});
}

void LatentReader::read_part(int64_t sample, size_t offset, std::span<std::byte> out) const {
  auto position = static_cast<uint64_t>(sample) * sample_size_ + offset;
  while (!out.empty()) {
    const ssize_t done = ::pread(descriptor_, out.data(), out.size(), static_cast<off_t>(position));
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) {
      throw IoError("the stored latents cannot be read",
                    {.expected = std::to_string(out.size()) + " more bytes",
                     .found = done == 0 ? "the end of the file" : std::strerror(errno),
                     .where = location_.string() + ", sample " + std::to_string(sample)});
    }
    out = out.subspan(static_cast<size_t>(done));
    position += static_cast<uint64_t>(done);
  }
}

namespace {

// A sample of a part, and which image it is.
struct Place {
  int64_t index;
  const LatentReader* part;
  int64_t sample;
};

std::string made_by(const LatentReader& part) {
  const LatentOrigin& origin = part.origin();
  return origin.checksum.empty() ? "" : " of " + origin.model + " (" + origin.checksum + ")";
}

std::vector<Place> in_order(const std::vector<std::unique_ptr<LatentReader>>& parts,
                            const fs::path& location) {
  std::vector<Place> places;
  for (const auto& part : parts) {
    if (part->indices().empty() || part->caps() != parts.front()->caps() ||
        part->sample_size() != parts.front()->sample_size() ||
        part->classes() != parts.front()->classes() ||
        part->origin().checksum != parts.front()->origin().checksum)
      throw IoError(
          "the parts of the stored latents do not fit together: write them anew",
          {.expected = parts.front()->caps() + made_by(*parts.front()) + " with indices of images",
           .found = part->caps() + made_by(*part) + (part->indices().empty() ? " without" : ""),
           .where = location.string()});
    for (int64_t k = 0; k < part->samples(); ++k)
      places.push_back({part->indices()[static_cast<size_t>(k)], part.get(), k});
  }
  std::sort(places.begin(), places.end(),
            [](const Place& a, const Place& b) { return a.index < b.index; });
  for (size_t i = 1; i < places.size(); ++i)
    if (places[i].index == places[i - 1].index)
      throw IoError("two parts hold the same image: are they of two launches?",
                    {.expected = "each image once",
                     .found = "image " + std::to_string(places[i].index) + " twice",
                     .where = location.string()});
  return places;
}

}  // namespace

int64_t merge_latents(const fs::path& location, const fs::path& json_file,
                      std::span<const fs::path> parts) {
  std::vector<std::unique_ptr<LatentReader>> readers;
  for (const fs::path& part : parts)
    readers.push_back(std::make_unique<LatentReader>(part, json_of_part(part)));
  if (readers.empty())
    throw IoError("there are no parts of stored latents",
                  {.expected = "a part at least", .found = "none", .where = location.string()});
  const std::vector<Place> places = in_order(readers, location);
  const LatentReader& first = *readers.front();
  LatentWriter writer(location, json_file, first.caps(), first.sample_size());
  writer.name_classes(first.classes());
  writer.name_origin(first.origin());
  std::vector<std::byte> sample(first.sample_size());
  for (const Place& place : places) {
    place.part->read(place.sample, sample);
    const LatentWriter::Bytes bytes(sample);
    writer.add({&bytes, 1});
  }
  writer.commit();
  return static_cast<int64_t>(places.size());
}

}  // namespace svgen
