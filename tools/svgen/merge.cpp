// SPDX-License-Identifier: MIT
// svgen merge: the parts that the processes of a launch wrote, put together.
#include <cmath>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "command.h"
#include "common/handles.h"
#include "console.h"
#include "data/latent_store.h"
#include "data/parts.h"
#include "file_names.h"
#include "svgen/engine.h"
#include "svgen/error.h"
#include "svgen/evaluation.h"
#include "svgen/statistics.h"
#include "waiting.h"

namespace svgen::cli {
namespace {

namespace fs = std::filesystem;

constexpr long kKept = 50000, kMostKept = 1'000'000'000, kDay = 86400;

// All parts of the file; waits for those that are missing.
Parts complete_parts(const fs::path& file, const Options& options) {
  const long seconds = options.number("wait", 0, 0, 30 * kDay);
  Parts parts;
  const bool complete = wait_until(
      seconds,
      [&] {
        parts = parts_of(file);
        return parts.complete();
      },
      [&] { return file.filename().string() + ": waiting for " + missing_text(parts); },
      options.has("json"));
  if (complete) return parts;
  throw IoError(parts.world == 0
                    ? "there are no parts of this file: is its name that of location?"
                    : "parts are missing: let their processes end, or start them again alone",
                {.expected = parts.world == 0 ? "FILE.part-00000-of-..."
                                              : "all " + std::to_string(parts.world) + " parts",
                 .found = missing_text(parts) + (parts.world == 0 ? "" : " missing"),
                 .where = file.string()});
}

bool has_tensor(const fs::path& file, const char* name) {
  try {
    read_tensor(file, name);
    return true;
  } catch (const WeightsError&) {
    return false;
  }
}

void remove_parts(const Parts& parts) {
  std::error_code ignored;
  for (const fs::path& part : parts.files) {
    fs::remove(part, ignored);
    fs::remove(json_of_part(part), ignored);
  }
}

struct Merged {
  const char* kind;
  int64_t images;
};

// What the parts are is told by what is in them.
Merged merge_into(const fs::path& file, const Parts& parts, long kept) {
  if (fs::exists(json_of_part(parts.files.front())))
    return {"latents", merge_latents(file, json_beside(file), parts.files)};
  if (has_tensor(parts.files.front(), "indices")) {
    const auto set = FeatureSet::join(kept, parts.files);
    set->save(file);
    return {"features", set->images()};
  }
  const auto recorder = StatisticsRecorder::create();
  for (const fs::path& part : parts.files) recorder->merge(part);
  recorder->save(file);
  return {"statistics", recorder->images()};
}

nlohmann::json number(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json();
}

// Compares as svgfrechet does, and as svgprobe where there are labels.
nlohmann::json compared(const fs::path& file, const Options& options) {
  const long kept = options.number("kept-vectors", kKept, 0, kMostKept);
  const auto test = FeatureSet::create(kept), reference = FeatureSet::create(kept);
  test->merge(file);
  for (const std::string& one : gst::comma_separated(options.text("reference")))
    reference->merge(one);
  const SetDistance found =
      set_distance(*reference, *test, options.number("neighbours", 3, 1, 1000));
  nlohmann::json line = {{"test_images", test->images()},
                         {"frechet", number(found.frechet)},
                         {"kernel", number(found.kernel)},
                         {"precision", number(found.precision)},
                         {"recall", number(found.recall)}};
  if (reference->images() > 0) line["reference_images"] = reference->images();
  if (options.has("probe")) {
    const ProbeResult probed = probe(*reference, *test);
    line["knn"] = probed.knn;
    line["linear"] = probed.linear;
  }
  return line;
}

int merge(const Options& options) {
  if (options.words().size() != 1)
    throw ConfigurationError(
        "merge needs the file whose parts there are: "
        "`svgen merge features.safetensors`");
  const fs::path file = options.words()[0];
  const bool json = options.has("json"), is_there = fs::exists(file);
  // A file that was merged before may be compared again.
  if (!is_there || !options.has("reference") || parts_of(file).world > 0) {
    if (is_there && !options.has("force")) refuse_present(file);
    const Parts parts = complete_parts(file, options);
    const Merged merged =
        merge_into(file, parts, options.number("kept-vectors", kKept, 0, kMostKept));
    if (!options.has("keep-parts")) remove_parts(parts);
    if (json)
      print(nlohmann::json{{"event", "done"},
                           {"files", {file.string()}},
                           {"kind", merged.kind},
                           {"images", merged.images},
                           {"parts", parts.world}});
    else
      print(file.string() + ": " + merged.kind + " of " + std::to_string(merged.images) +
            " images from " + std::to_string(parts.world) + " parts");
  }
  if (options.has("reference")) print(compared(file, options));
  return was_taken() ? 0 : 1;
}

}  // namespace

Command merge_command() {
  return {"merge",
          "FILE",
          "the parts that the processes of a launch wrote, as one file",
          {{"wait", "SECONDS", "for parts that are not there yet (0)"},
           {"reference", "FILES", "compare features with these: a line of JSON"},
           {"probe", "", "with --reference: the accuracy of labels, too"},
           {"neighbours", "N", "of precision and recall (3)"},
           {"kept-vectors", "N", "vectors of a set of features that are kept (50000)"},
           {"keep-parts", "", "leave the parts where they are"},
           {"force", "", "overwrite the file"},
           {"json", "", "lines of JSON for programs"}},
          merge};
}

}  // namespace svgen::cli
