// SPDX-License-Identifier: MIT
// Decoding previews while the pictures are made.
#include "preview.h"

#include <cmath>
#include <filesystem>
#include <optional>
#include <string>

#include "common/tensor_stream.h"
#include "file_names.h"
#include "output.h"
#include "svgen/error.h"

namespace svgen::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kOften = "2";  // steps between two of them

// The files of previews.
struct Place {
  fs::path folder;
  std::string name;  // within it, with a number or without

  explicit Place(const fs::path& file)
      : folder(file.parent_path()), name(file.filename().string()) {}
  bool has_number() const { return has_one_number(name); }
  fs::path file(int64_t number) const {
    return folder / (has_number() ? numbered(name, number) : name);
  }
  bool may_have(const std::string& other) const {
    return has_number() ? is_numbered(name, other) : name == other;
  }
};

const Options& overwriting() {
  static const Options options({{"force", "", ""}}, {"--force"});
  return options;
}

// The model is loaded already, by the pipeline that makes the pictures.
void write(const fs::path& file, GstSample* latents, const Options& options) {
  const int64_t images = gst::TensorStream::parse(gst_sample_get_caps(latents)).batch;
  const auto columns = std::lround(std::ceil(std::sqrt(static_cast<double>(images))));
  Output output(file.string(), picture_kinds(), 1, overwriting());
  Pipeline pipeline;
  pipeline.add_sample(latents);
  pipeline.add({"svgdecode", {{"grid-columns", std::to_string(columns), ""}}});
  for (const char* name : {"model", "device", "dtype"})
    if (options.has(name)) pipeline.set({{name, options.text(name), std::string("--") + name}});
  output.end(pipeline);
  Progress silent(Progress::Form::kNone);
  try {
    pipeline.run(silent);
  } catch (const PipelineError& error) {
    throw PipelineError{"the preview " + file.string() + " cannot be made: " + error.text};
  }
  output.commit();
}

void check(const Place& place, const Options& options) {
  const Place pictures(pattern_of(options.words()[0]));
  const auto whole = [](const Place& one) {
    return fs::weakly_canonical(fs::absolute(one.file(0)).parent_path());
  };
  if (whole(place) == whole(pictures) && (pictures.may_have(place.file(0).filename().string()) ||
                                          place.may_have(pictures.file(0).filename().string())))
    throw ConfigurationError("previews would overwrite the pictures: give them another name",
                             {.expected = "a name of no picture",
                              .found = options.text("preview"),
                              .where = "--preview"});
  // Refuses what is there, and a folder that takes nothing; nothing of it stays.
  Output((place.folder / place.name).string(), picture_kinds(), std::nullopt,
         options.has("resume") ? overwriting() : options)
      .place();
}

}  // namespace

void show_previews(Pipeline& pipeline, const Options& options) {
  if (!options.has("preview")) {
    if (options.has("preview-interval"))
      throw ConfigurationError("previews need a file", {.expected = "--preview FILE.png beside it",
                                                        .found = "none",
                                                        .where = "--preview-interval"});
    return;
  }
  const Place place(pattern_of(options.text("preview")));
  if (fs::path(place.name).extension() != ".png")
    throw ConfigurationError(
        "previews are PNG files",
        {.expected = "FILE.png, or a name with one number such as preview-%02d.png",
         .found = place.name,
         .where = "--preview"});
  check(place, options);
  int64_t number = 0;
  if (options.has("resume") && !options.has("force") && place.has_number())
    while (fs::exists(place.file(number))) ++number;
  pipeline.set(
      {{"preview-interval", options.text("preview-interval", kOften), "--preview-interval"}});
  pipeline.watch_previews([place, number, &options](GstSample* latents) mutable {
    write(place.file(number++), latents, options);
  });
}

std::vector<Option> preview_options() {
  return {{"preview", "FILE",
           "a PNG file that shows what the pictures become, while they are made; one for each "
           "preview (0, 1, ...) where the name has a number such as %02d"},
          {"preview-interval", "N", std::string("steps between previews (") + kOften + ")"}};
}

}  // namespace svgen::cli
