// SPDX-License-Identifier: MIT
// Chunks of features, made, awaited and joined.
#include "evaluation.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <limits>

#include "common/handles.h"
#include "data/image_list.h"
#include "data/npz_file.h"
#include "data/picture_array.h"
#include "data/sha256.h"
#include "file_names.h"
#include "job_record.h"
#include "svgen/card.h"
#include "svgen/error.h"
#include "svgen/registry.h"
#include "waiting.h"

namespace svgen::cli {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kAll = std::numeric_limits<int64_t>::max(), kNeighbours = 3;
constexpr const char* kReferences = "reference";

std::string digits(int64_t number) {
  std::string text = std::to_string(number);
  return std::string(text.size() < 8 ? 8 - text.size() : 0, '0') + text;
}

fs::path metrics_beside(const fs::path& features) {
  return fs::path(features).replace_extension(".jsonl");
}

// The mean of a measure over the lines of svgmetrics; nothing where they do not have it.
std::optional<double> mean_of(const std::vector<nlohmann::json>& lines, const char* key) {
  double sum = 0;
  int64_t count = 0;
  for (const nlohmann::json& line : lines) {
    const auto found = line.find(key);
    if (found == line.end() || !found->is_number()) continue;  // an identical pair has no PSNR
    sum += found->get<double>();
    ++count;
  }
  return count == 0 ? std::nullopt : std::optional(sum / static_cast<double>(count));
}

}  // namespace

std::string Cell::name() const {
  const fs::path path = find_card(card);
  const Card known = Card::load(path);
  std::string text = known.name + "-" + sha256_of_file(path).substr(0, 8);
  if (generates()) text += "-" + steps + "-" + guidance;
  for (char& letter : text)
    if (letter == '/') letter = '_';
  return text;
}

Evaluation::Evaluation(fs::path folder, std::string reference, Judge judge, Protocol protocol,
                       std::string lpips, const Shard& shard, bool json)
    : folder_(std::move(folder)),
      reference_(std::move(reference)),
      judge_(std::move(judge)),
      protocol_(std::move(protocol)),
      lpips_(std::move(lpips)),
      shard_(shard),
      json_(json) {
  for (const char* variable : {"RANK", "WORLD_SIZE"}) g_unsetenv(variable);
  if (!fs::exists(reference_.substr(0, reference_.find(','))))
    throw IoError("there is no such reference",
                  {.expected = "a file or a folder", .found = reference_, .where = "--reference"});
  read_kind();
  make_folders(folder_ / "chunks");
  const std::string job = described().dump(1) + "\n";
  if (!has_job(folder_, job, "name another one with --out")) note_job(folder_, job);
}

// A published archive may have both pictures and the statistics of many more.
void Evaluation::read_kind() {
  if (is_picture_array(reference_)) {
    const auto file = MappedFile::open(reference_);
    const std::vector<NpzArray> arrays = is_npz(*file) ? read_npz(file) : std::vector<NpzArray>{};
    const auto has = [&](const char* name) {
      return std::any_of(arrays.begin(), arrays.end(),
                         [&](const NpzArray& array) { return array.name == name; });
    };
    has_statistics_ = has("mu");
    if (has("arr_0") || !has_statistics_) pictures_ = PictureArray(reference_).size();
    return;
  }
  const bool is_dataset =
      fs::is_directory(reference_) || fs::path(reference_).extension() == ".txt";
  has_statistics_ = !is_dataset;
  if (is_dataset) pictures_ = ImageList::read(reference_).size();
}

nlohmann::json Evaluation::described() const {
  nlohmann::json text = {{"reference", reference_},
                         {"features", judge_.inception.empty() ? judge_.encoder : "Inception"},
                         {"seed", protocol_.seed},
                         {"images", protocol_.images},
                         {"chunk", protocol_.chunk},
                         {"labels", protocol_.balanced ? "balanced" : "random"},
                         {"dtype", protocol_.dtype}};
  if (judge_.inception.empty()) text["features_sha256"] = sha256_of_file(find_card(judge_.encoder));
  return text;
}

std::vector<Evaluation::Chunk> Evaluation::chunks(const std::string& name, int64_t images) const {
  std::vector<Chunk> all;
  for (int64_t first = 0; first < images; first += protocol_.chunk)
    all.push_back({folder_ / "chunks" / (name + "." + digits(first) + ".safetensors"),
                   {first, std::min(images, first + protocol_.chunk)}});
  return all;
}

int64_t Evaluation::images_of(const Cell& cell) const {
  return cell.generates() ? protocol_.images : std::min(protocol_.images, pictures_);
}

void Evaluation::make_missing(const std::string& name, int64_t images,
                              const std::function<void(Pipeline&, const Chunk&)>& build) {
  for (const Chunk& chunk : chunks(name, images)) {
    if (next_chunk_++ % shard_.world != shard_.rank || fs::exists(chunk.file)) continue;
    Progress progress(Progress::usual_form(json_));
    progress.note(name + ": images " + std::to_string(chunk.images.first) + " to " +
                  std::to_string(chunk.images.end - 1) + " of " + std::to_string(images));
    Pipeline pipeline;
    build(pipeline, chunk);
    pipeline.run(progress);
  }
}

void Evaluation::add_features(Pipeline& pipeline, const Chunk& chunk) const {
  std::vector<Setting> settings = {{"location", chunk.file.string(), "--out"},
                                   {"part", "true", ""}};
  pipeline.add({"queue"});
  pipeline.count_pictures(std::numeric_limits<int64_t>::max(), "");
  if (judge_.inception.empty()) {
    const Card card = Card::load(find_card(judge_.encoder));
    const std::string width = std::to_string(card.latent().picture_width()),
                      height = std::to_string(card.latent().picture_height());
    pipeline.add(
        {{"videoscale"},
         {"capsfilter", {{"caps", "video/x-raw,width=" + width + ",height=" + height, ""}}},
         {"svgencode",
          {{"model", judge_.encoder, "--encoder"},
           {"features", "semantic", ""},
           {"batch-size", std::to_string(protocol_.batch), "--batch"},
           {"device", protocol_.device, "--device"},
           {"dtype", protocol_.dtype, "--dtype"}}}});
  } else {
    settings.push_back({"inception", judge_.inception, "--inception"});
  }
  pipeline.add({"svgfrechet", settings});
  pipeline.add({"fakesink"});
}

// Pictures of the dataset, cropped to the square of a card.
void Evaluation::add_pictures(Pipeline& pipeline, const Chunk& chunk,
                              const std::string& card_name) const {
  const LatentSpec latent = Card::load(find_card(card_name)).latent();
  if (latent.picture_width() != latent.picture_height())
    throw ConfigurationError(
        "pictures of a dataset are squares",
        {.expected = "a model of square pictures", .found = card_name, .where = "--reference"});
  pipeline.add({"svgdatasetsrc",
                {{"location", reference_, "--reference"},
                 {"size", std::to_string(latent.picture_width()), ""},
                 {"first-index", std::to_string(chunk.images.first), ""},
                 {"num-images", std::to_string(chunk.images.end - chunk.images.first), ""}}});
}

void Evaluation::make_references() {
  // Inception sees pictures of the size that was published.
  constexpr const char* kUsual = "svg-xl-256";
  const std::string size = judge_.inception.empty() ? judge_.encoder : kUsual;
  make_missing(kReferences, pictures_, [&](Pipeline& pipeline, const Chunk& chunk) {
    add_pictures(pipeline, chunk, size);
    add_features(pipeline, chunk);
  });
}

void Evaluation::make_tokenized(const Cell& cell) {
  if (!has_pictures())
    throw ConfigurationError("a tokenizer is measured on pictures",
                             {.expected = "a folder, or a list of pictures",
                              .found = reference_,
                              .where = "--reference"});
  make_missing(cell.name(), images_of(cell), [&](Pipeline& pipeline, const Chunk& chunk) {
    const std::string batch = std::to_string(protocol_.batch);
    add_pictures(pipeline, chunk, cell.card);
    pipeline.add({"tee"});
    pipeline.name("pictures");
    pipeline.add_apart({"svgmetrics", {{"lpips", lpips_, "--lpips"}}}, "metrics");
    pipeline.branch_from("pictures");
    pipeline.join("metrics", "reference");
    pipeline.add({"filesink", {{"location", metrics_beside(chunk.file).string(), "--out"}}});
    pipeline.branch_from("pictures");
    pipeline.add({{"svgencode",
                   {{"model", cell.card, "the card"},
                    {"batch-size", batch, "--batch"},
                    {"device", protocol_.device, "--device"},
                    {"dtype", protocol_.dtype, "--dtype"}}},
                  {"svgalign"},
                  {"svgdecode"},
                  {"capsfilter", {{"caps", "video/x-raw,format=RGB", ""}}},
                  {"tee"}});
    pipeline.name("reconstructions");
    pipeline.branch_from("reconstructions");
    pipeline.join("metrics", "test");
    pipeline.branch_from("reconstructions");
    add_features(pipeline, chunk);
  });
}

void Evaluation::make(const Cell& cell) {
  if (has_pictures()) make_references();
  if (!cell.generates()) return make_tokenized(cell);
  make_missing(cell.name(), protocol_.images, [&](Pipeline& pipeline, const Chunk& chunk) {
    pipeline.add(
        {"svgdiffuse",
         {{"model", cell.card, "the card"},
          {"steps", cell.steps, "--steps"},
          {"guidance-scale", cell.guidance, "--guidance"},
          {"classes", protocol_.balanced ? "all" : "random", "--labels"},
          {"seed", std::to_string(protocol_.seed), "--seed"},
          {"first-index", std::to_string(chunk.images.first), ""},
          {"num-images", std::to_string(chunk.images.end - chunk.images.first), "--images"},
          {"batch-size", std::to_string(protocol_.batch), "--batch"},
          {"device", protocol_.device, "--device"},
          {"dtype", protocol_.dtype, "--dtype"}}});
    pipeline.add({"svgdecode"});
    add_features(pipeline, chunk);
  });
}

void Evaluation::await(const std::string& name, int64_t images, long seconds) const {
  const std::vector<Chunk> all = chunks(name, images);
  const auto missing = [&] {
    return std::count_if(
        all.begin(), all.end(), [](const Chunk& chunk) { return !fs::exists(chunk.file); });
  };
  const auto words = [&] {
    return name + ": " + std::to_string(missing()) + " of " + std::to_string(all.size()) +
           " chunks are not there yet";
  };
  if (wait_until(
          seconds, [&] { return missing() == 0; }, words, json_))
    return;
  throw IoError("chunks of other processes are missing: start those again, alone or together",
                {.expected = std::to_string(all.size()) + " chunks",
                 .found = words(),
                 .where = (folder_ / "chunks").string()});
}

std::unique_ptr<FeatureSet> Evaluation::joined(const std::string& name, int64_t images,
                                               long seconds) const {
  await(name, images, seconds);
  std::vector<fs::path> files;
  for (const Chunk& chunk : chunks(name, images)) files.push_back(chunk.file);
  return FeatureSet::join(kAll, files);
}

void Evaluation::read_references(long seconds) {
  if (has_pictures() && !real_) real_ = joined(kReferences, pictures_, seconds);
  if (!has_statistics_ || statistics_) return;
  statistics_ = FeatureSet::create(kAll);
  for (const std::string& one : gst::comma_separated(reference_)) statistics_->merge(one);
}

void Evaluation::add_picture_metrics(const Cell& cell, Result& result) const {
  std::vector<nlohmann::json> lines;
  for (const Chunk& chunk : chunks(cell.name(), images_of(cell))) {
    std::ifstream stream(metrics_beside(chunk.file));
    for (std::string line; std::getline(stream, line);) {
      nlohmann::json read = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
      if (read.contains("frame")) lines.push_back(std::move(read));
    }
  }
  result.psnr = mean_of(lines, "psnr");
  result.ssim = mean_of(lines, "ssim");
  result.lpips = mean_of(lines, "lpips");
}

Result Evaluation::reduce(const Cell& cell, long seconds) {
  read_references(seconds);
  const FeatureSet& real = real_ ? *real_ : *statistics_;
  const auto made = joined(cell.name(), images_of(cell), seconds);
  Result result{.cell = cell, .images = made->images()};
  result.distance = set_distance(real, *made, kNeighbours);
  if (real_ && statistics_)
    result.distance.frechet = set_distance(*statistics_, *made, kNeighbours).frechet;
  if (!cell.generates()) {
    add_picture_metrics(cell, result);
  } else if (real.images() > 0) {
    try {
      result.accuracy = probe(real, *made).linear;
    } catch (const ConfigurationError&) {
      // The references have no labels.
    }
  }
  return result;
}

}  // namespace svgen::cli
