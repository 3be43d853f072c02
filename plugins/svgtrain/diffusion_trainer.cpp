// SPDX-License-Identifier: MIT
// svgtraindiffusion: phase 2, the diffusion transformer, from latents.
#include <algorithm>
#include <cstddef>
#include <cstring>

#include "common/tensor_memory.h"
#include "common/tensor_stream.h"
#include "svgtrain/elements.h"
#include "svgtrain/train_sink.h"

namespace svgen::gst {
namespace {

struct DiffusionSettings : TrainSettings {
  DiffusionOptions options;
};

class DiffusionSink : public TrainSink<DiffusionSink, DiffusionSettings, DiffusionTrainer> {
 public:
  static constexpr auto kOptions = &DiffusionSettings::options;

  static constexpr const char* kTypeName = "GstSvgTrainDiffusion";
  static constexpr const char* kFactory = "svgtraindiffusion";
  static constexpr const char* kLongName = "SVG diffusion trainer";
  static constexpr const char* kClassification = "Sink/Trainer/Tensor";
  static constexpr const char* kDescription =
      "Trains the diffusion transformer on latents with labels (phase 2)";

  using TrainSink::TrainSink;

  static std::vector<Property<DiffusionSink>> properties() {
    using O = DiffusionOptions;
    return joined(
        train_properties<DiffusionSink>(kOptions),
        {option_field<DiffusionSink>(
             kOptions, &O::shift,
             {.name = "shift", .blurb = "Time shift s of t' = s t / (1 + (s - 1) t); 0: none"}),
         option_field<DiffusionSink>(
             kOptions, &O::class_dropout,
             {.name = "class-dropout",
              .blurb = "Share of labels replaced by \"no class\", for guidance",
              .low = 0,
              .high = 1}),
         option_field<DiffusionSink>(
             kOptions, &O::weight_decay,
             {.name = "weight-decay", .blurb = "Decoupled weight decay of AdamW", .low = 0}),
         option_field<DiffusionSink>(
             kOptions, &O::normalized,
             {.name = "normalized", .blurb = "The latents arrive normalised"})});
  }

  static void class_init(GstBaseSinkClass* klass) { install_sink(klass, kTensorSinkCaps); }

  void negotiated(GstCaps* caps) {
    stream_ = TensorStream::parse(caps);
    const bool has_features = stream_.entries.size() == 2 && !stream_.entries[1].is_label;
    const ModelInfo& info = engine().info();
    if (has_features || stream_.entries[0].channels != info.latent_channels) {
      throw ShapeError(
          has_features ? "svgtraindiffusion takes latents: insert svgalign"
                       : "the latents are of another model",
          {.expected = std::to_string(info.latent_channels) + " channels in one tensor",
           .found = stream_.text(),
           .where = engine().card().path.string()});
    }
  }

  int64_t images_in(GstBuffer* buffer) const { return real_images(buffer, stream_.batch); }

  void collect(GstBuffer* buffer, const std::vector<ImageFacts>& facts, size_t first) {
    const std::vector<Tensor> tensors = tensors_of(buffer, stream_);
    for (size_t i = first; i < facts.size(); ++i) {
      const auto row = static_cast<int64_t>(i);
      const bool labelled = tensors.size() == 2;
      rows_.push_back(tensors[0].rows(row, 1));
      labels_.push_back(labelled ? *tensors[1].rows(row, 1).data_as<int64_t>() : facts[i].label);
      indices_.push_back(facts[i].index);
    }
  }

  bool has_batch() const { return rows_.size() >= batch_size(); }

  TrainReport train_batch() {
    const size_t count = batch_size();
    const auto taken = static_cast<std::ptrdiff_t>(count);
    const Tensor latents = stacked(count);
    const std::vector<int64_t> labels(labels_.begin(), labels_.begin() + taken);
    const std::vector<int64_t> indices(indices_.begin(), indices_.begin() + taken);
    rows_.erase(rows_.begin(), rows_.begin() + taken);
    labels_.erase(labels_.begin(), labels_.begin() + taken);
    indices_.erase(indices_.begin(), indices_.begin() + taken);
    return trainer().train(latents, labels, indices);
  }

  void forget() {
    rows_.clear();
    labels_.clear();
    indices_.clear();
  }

 private:
  size_t batch_size() const { return static_cast<size_t>(settings().batch_size); }

  // The first rows as one tensor on the host.
  Tensor stacked(size_t count) const {
    const Tensor& first = rows_.front();
    Shape shape = first.shape();
    shape[0] = static_cast<int64_t>(count);
    const Tensor whole = Tensor::empty(first.dtype(), shape);
    for (size_t i = 0; i < count; ++i) {
      const Tensor row = to_host(rows_[i]);
      const size_t bytes = row.byte_count();
      std::memcpy(static_cast<std::byte*>(whole.data()) + i * bytes, row.data(), bytes);
    }
    return whole;
  }

  TensorStream stream_;
  std::vector<Tensor> rows_;  // (1, T, C) each
  std::vector<int64_t> labels_, indices_;
};

}  // namespace

bool register_diffusion_trainer(GstPlugin* plugin) {
  return Glue<DiffusionSink>::register_with(plugin);
}

}  // namespace svgen::gst
