// SPDX-License-Identifier: MIT
// svgen reconstruct and svgen extract: pictures and videos into the latent space.
#include <filesystem>

#include "command.h"
#include "svgen/error.h"
#include "target.h"

namespace svgen::cli {
namespace {

namespace fs = std::filesystem;

// From a file to what svgencode gives.
std::vector<std::string> encoding(const std::string& input, const std::string& features,
                                  const Options& options) {
  if (!fs::is_regular_file(input))
    throw IoError("there is no such file: name a picture or a video", {"a file", "none", input});
  std::vector<std::string> words = {"filesrc",
                                    "location=" + input,
                                    "!",
                                    "decodebin",
                                    "!",
                                    "videoconvert",
                                    "!",
                                    "videoscale",
                                    "!",
                                    "svgencode",
                                    "features=" + features,
                                    "batch-size=" + options.text("batch", "4")};
  for (const std::string& word : model_words(options)) words.push_back(word);
  words.push_back("!");
  return words;
}

void append(std::vector<std::string>& words, const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
}

int reconstruct(const Options& options) {
  if (options.words().size() != 2)
    throw ConfigurationError(
        "reconstruct needs an input and an output: "
        "`svgen reconstruct photo.jpg again.png`");
  const Target target = target_of(options.words()[1], 1, options);
  std::vector<std::string> words = encoding(options.words()[0], "both", options);
  append(words, {"svgalign", "!", "svgdecode", "!"});
  append(words, target.words);
  return run_into(target, words, options);
}

int extract(const Options& options) {
  if (options.words().size() != 2)
    throw ConfigurationError(
        "extract needs an input and an output: "
        "`svgen extract video.webm features.f32`");
  const std::string output = options.words()[1];
  const std::string ending = fs::path(output).extension().string();
  if (ending != ".f32" && ending != ".gdp")
    throw ConfigurationError(
        "the ending of a file says what it becomes",
        {".f32 (bare numbers) or .gdp (a stream with its caps)", ending, output});
  check_free(output, options);
  const std::string features = options.text("features", "semantic");
  const bool latents = features == "latent";
  std::vector<std::string> words =
      encoding(options.words()[0], latents ? "both" : features, options);
  if (latents) append(words, {"svgalign", "!"});
  if (ending == ".gdp") append(words, {"gdppay", "!"});
  append(words, {"filesink", "location=" + output});
  return run_into({{}, {output}}, words, options);
}

}  // namespace

Command reconstruct_command() {
  return {"reconstruct", "INPUT OUTPUT", "a picture or video through the latent space and back",
          with_model_options({{"batch", "N", "pictures at a time (4)"}}), reconstruct};
}

Command extract_command() {
  return {"extract", "INPUT OUTPUT", "features of a picture or video: .f32 or .gdp",
          with_model_options({{"features", "KIND", "semantic, residual, both or latent (semantic)"},
                              {"batch", "N", "pictures at a time (4)"}}),
          extract};
}

}  // namespace svgen::cli
