// SPDX-License-Identifier: MIT
// svgen extract: features of pictures, videos and datasets.
#include <filesystem>
#include <limits>
#include <optional>

#include "command.h"
#include "common/batch_meta.h"
#include "common/class_names.h"
#include "common/tensor_memory.h"
#include "common/tensor_stream.h"
#include "console.h"
#include "data/data_order.h"
#include "data/image_list.h"
#include "data/parts.h"
#include "data/picture_array.h"
#include "feature_file.h"
#include "many_inputs.h"
#include "output.h"
#include "picture_input.h"
#include "svgen/card.h"
#include "svgen/engine.h"
#include "svgen/error.h"
#include "svgen/registry.h"
#include "svgen/text.h"

namespace svgen::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kUsage =
    "extract needs an input and an output: `svgen extract video.webm features.npy`";

const std::vector<Kind>& feature_kinds() {
  static const std::vector<Kind> kinds = {{".npy", true, {}},
                                          {".safetensors", true, {}},
                                          {".f32", true, {{"queue"}}},
                                          {".gdp", true, {{"gdppay"}}}};
  return kinds;
}

bool is_dataset(const fs::path& input) {
  return fs::is_directory(input) || input.extension() == ".txt" || is_picture_array(input);
}

// The pictures of a dataset, as training sees them.
void add_dataset(Pipeline& pipeline, const fs::path& input, const Card& card,
                 const Options& options) {
  const int64_t side = card.latent().picture_width();
  if (side != card.latent().picture_height() || options.has("fit"))
    throw ConfigurationError(
        "pictures of a dataset are cropped to the model's square",
        {.expected = "a model of square pictures, and no --fit",
         .found = std::to_string(side) + "x" + std::to_string(card.latent().picture_height()),
         .where = input.string()});
  pipeline.add({"svgdatasetsrc",
                {{"location", input.string(), "the input"}, {"size", std::to_string(side), ""}}});
}

// Builds the pipeline from a file or dataset to the features.
void encode(Pipeline& pipeline, const fs::path& input, const std::string& features,
            const Card& card, const Options& options) {
  if (is_dataset(input)) {
    add_dataset(pipeline, input, card, options);
  } else {
    add_input(pipeline, input, options.has("json"));
    const LatentSpec latent = card.latent();
    add_fitting(
        pipeline, fit_of(options),
        {static_cast<int>(latent.picture_width()), static_cast<int>(latent.picture_height())});
  }
  const std::string kind = features == "latent" ? "both" : features;
  pipeline.add(with_options(
      {"svgencode", {{"features", kind, "--features"}, {"batch-size", "4", ""}}}, options));
  if (features == "latent") pipeline.add(Step{"svgalign"});
}

// Into the store of svglatentsink, of which each process of a launch writes a part.
int extract_store(const Job& job, const std::string& features, const Card& card,
                  const Options& options) {
  const Shard shard = shard_from_environment();
  if (shard.world > 1 && !is_dataset(job.input))
    throw ConfigurationError(
        "one picture or video is not shared among processes",
        {.expected = "a folder of class folders, a list, or an .npz of pictures",
         .found = job.input.string(),
         .where = "a distributed launch (WORLD_SIZE above 1)"});
  const std::string place = part_of(job.output, shard).string();
  if (fs::exists(place) && !options.has("force")) refuse_present(place);
  Pipeline pipeline;
  encode(pipeline, job.input, features, card, options);
  pipeline.add({"svglatentsink", {{"location", job.output, "the output"}}});
  pipeline.count_pictures(std::numeric_limits<int64_t>::max(), "");
  return run_and_name(pipeline, place, options);
}

// The names of a dataset's pictures, by their indices.
class SourceNames {
 public:
  explicit SourceNames(const fs::path& input) : input_(input) {
    if (is_dataset(input) && !is_picture_array(input)) list_ = ImageList::read(input);
  }

  // A video is one source, and so is an archive of pictures.
  bool has_many() const { return list_.has_value(); }
  std::string name(int64_t index) const {
    return list_ && index >= 0 && index < list_->size() ? list_->path(index).string()
                                                        : input_.string();
  }

 private:
  fs::path input_;
  std::optional<ImageList> list_;
};

std::vector<std::string> tensor_names(const std::string& features) {
  if (features == "both") return {"semantic", "residual"};
  return {features};
}

// Takes the features of one input out of a pipeline.
class Rows {
 public:
  Rows(FeatureFile& file, const fs::path& input, const std::string& features)
      : file_(file), sources_(input), names_(tensor_names(features)) {
    if (!sources_.has_many()) source_ = file_.add_source(input.string());
  }

  void take(GstPad* pad, GstBuffer* buffer) {
    const gst::CapsPtr caps(gst_pad_get_current_caps(pad));
    const gst::TensorStream stream = gst::TensorStream::parse(caps.get());
    std::vector<Tensor> tensors = gst::tensors_of(buffer, stream);
    std::vector<FeatureTensor> kinds;
    for (size_t k = 0; k < tensors.size(); ++k) {
      tensors[k] = to_host(tensors[k]);
      kinds.push_back(
          {names_[k], {stream.grid.height * stream.grid.width, stream.entries[k].channels}});
    }
    if (count_ == 0) {
      file_.name_classes(gst::classes_upstream(pad));
      file_.describe("grid",
                     std::to_string(stream.grid.height) + "x" + std::to_string(stream.grid.width));
    }
    const auto facts = gst::image_facts(buffer, static_cast<size_t>(stream.batch));
    for (int64_t i = 0; i < gst::real_images(buffer, stream.batch); ++i)
      add(tensors, kinds, i, facts[static_cast<size_t>(i)]);
  }

 private:
  void add(const std::vector<Tensor>& tensors, const std::vector<FeatureTensor>& kinds,
           int64_t image, const gst::ImageFacts& facts) {
    std::vector<Tensor> own;
    std::vector<FeatureFile::Bytes> values;
    for (const Tensor& tensor : tensors) own.push_back(tensor.rows(image, 1));
    for (const Tensor& tensor : own)
      values.emplace_back(static_cast<const std::byte*>(tensor.data()), tensor.byte_count());
    const int64_t index = facts.index >= 0 ? facts.index : count_;
    const int64_t source = sources_.has_many() ? file_.add_source(sources_.name(index)) : source_;
    file_.add(kinds, values, {index, facts.label, source});
    ++count_;
  }

  FeatureFile& file_;
  SourceNames sources_;
  std::vector<std::string> names_;
  int64_t source_ = -1, count_ = 0;
};

// All inputs, one behind the other, into one array or file of tensors.
int extract_rows(const std::vector<fs::path>& inputs, const std::string& name,
                 const std::string& features, const Card& card, const Options& options) {
  Output output(name, feature_kinds(), std::nullopt, options, inputs);
  const auto engine = inputs.size() > 1 ? engine_of(options) : nullptr;
  Failures failures;
  const bool json = options.has("json");
  const int status = run_and_say(
      [&](Progress& progress) {
        FeatureFile file(output.place());
        file.describe("card", card.name);
        const auto extract_one = [&](const fs::path& input) {
          Pipeline pipeline;
          encode(pipeline, input, features, card, options);
          pipeline.add(Step{"fakesink"});
          pipeline.count_pictures(std::numeric_limits<int64_t>::max(), "");
          Rows rows(file, input, features);
          pipeline.watch_buffers(
              [&rows](GstPad* pad, GstBuffer* buffer) { rows.take(pad, buffer); });
          pipeline.run(progress);
        };
        for (const fs::path& input : inputs) {
          const FeatureFile::Mark before = file.mark();
          if (inputs.size() == 1)
            extract_one(input);
          else if (!failures.tries(input, [&] { extract_one(input); }))
            file.cut(before);
        }
        if (failures.count() == inputs.size()) return std::vector<std::string>();
        file.commit();
        return output.commit();
      },
      json, "stopped; nothing was written");
  return status != 0 ? status : failures.say(inputs.size(), inputs.size() - failures.count(), json);
}

int extract(const Options& options) {
  const std::vector<std::string>& words = options.words();
  if (words.size() < 2) throw ConfigurationError(kUsage);
  const std::string features =
      options.choice("features", {"semantic", "residual", "both", "latent"});
  const Card card = Card::load(find_card(options.text("model")));
  const Job job = {words.front(), words.back()};
  const std::string ending = ascii_lower(fs::path(job.output).extension().string());
  const std::vector<fs::path> inputs = inputs_of(options);
  if (ending == ".npy" || ending == ".safetensors")
    return extract_rows(inputs, job.output, features, card, options);
  if (inputs.size() > 1)
    throw ConfigurationError(
        "features of several inputs go into one .npy or .safetensors",
        {.expected = "an output that ends so", .found = job.output, .where = "the output"});
  if (ending == ".raw") return extract_store(job, features, card, options);
  if (is_dataset(job.input))
    throw ConfigurationError("features of a dataset are stored with their labels",
                             {.expected = "an output that ends with .safetensors, .npy or .raw",
                              .found = job.output,
                              .where = "the output"});
  Output output(job.output, feature_kinds(), std::nullopt, options, inputs);
  Pipeline pipeline;
  encode(pipeline, job.input, features, card, options);
  return run_into(output, pipeline, options);
}

}  // namespace

Command extract_command() {
  return {
      "extract", "INPUT... OUTPUT",
      "features as .npy, .safetensors, .f32 or .gdp, of datasets as .raw, too",
      with_input_options({{"features", "KIND", "semantic, residual, both or latent (semantic)"}}),
      extract};
}

}  // namespace svgen::cli
