// SPDX-License-Identifier: MIT
// svgtraindiffusion: phase 2, the diffusion transformer, from latents.
#include <algorithm>
#include <cstddef>
#include <cstring>

#include "common/latent_query.h"
#include "common/tensor_memory.h"
#include "common/tensor_stream.h"
#include "svgtrain/elements.h"
#include "svgtrain/feature_pad.h"
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
             kOptions, &O::times,
             {.name = "time-distribution", .blurb = "How the times of images are drawn"}),
         shift_property(),
         option_field<DiffusionSink>(
             kOptions, &O::repa_weight,
             {.name = "repa-weight",
              .blurb = "Weight of the alignment of tokens with the features on the pad "
                       "\"features\"; 0: none; -1: as the card's system was published",
              .low = -1}),
         option_field<DiffusionSink>(
             kOptions, &O::repa_depth,
             {.name = "repa-depth", .blurb = "Block whose tokens are aligned", .low = 1}),
         option_field<DiffusionSink>(kOptions, &O::repa_width,
                                     {.name = "repa-width",
                                      .blurb = "Width of the layers between tokens and features",
                                      .low = 1}),
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

  static void class_init(GstBaseSinkClass* klass) {
    install_sink(klass, kTensorSinkCaps);
    add_pad_template(klass, kFeaturePad, GST_PAD_SINK, kTensorSinkCaps, GST_PAD_REQUEST);
    klass->unlock = trampoline<&DiffusionSink::unlock>;
    klass->unlock_stop = trampoline<&DiffusionSink::unlock_stop>;
    auto* element = GST_ELEMENT_CLASS(klass);
    element->request_new_pad = trampoline<&DiffusionSink::request_new_pad>;
    element->release_pad = [](GstElement* self, GstPad*) {
      impl_of<DiffusionSink>(self)->pad_.release();
    };
  }

  GstPad* request_new_pad(GstPadTemplate* pads, const gchar*, const GstCaps*) {
    return pad_.request(pads, kFeaturePad);
  }

  gboolean unlock() {
    if (const auto pad = pad_.get()) pad->interrupt(true);
    return TRUE;
  }

  gboolean unlock_stop() {
    if (const auto pad = pad_.get()) pad->interrupt(false);
    return TRUE;
  }

  void complete(DiffusionOptions& options) const { options.repa_channels = feature_channels_; }

  void began(int64_t wanted) {
    if (const auto pad = pad_.get()) pad->begin(wanted, batch_size());
  }

  void sought() {
    if (const auto pad = pad_.get()) pad->seek();
  }

  void ended() {
    if (const auto pad = pad_.get()) pad->finish();
  }

  bool negotiated(GstCaps* caps) {
    const TensorStream before = std::exchange(stream_, TensorStream::parse(caps));
    if (!rows_.empty() && !have_equal_rows(before, stream_))
      throw ShapeError("the latents change their shape within a batch",
                       {.expected = before.text(), .found = stream_.text(), .where = "caps"});
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
    origin_.run(element(), GST_BASE_SINK_PAD(element()), engine().card());
    const auto pad = pad_.get();
    const auto goes_on = [this] { return !GST_PAD_IS_FLUSHING(GST_BASE_SINK_PAD(element())); };
    feature_channels_ = pad ? pad->channels(goes_on) : 0;
    if (feature_channels_ > 0) check_order(pad->pad());
    return !pad || feature_channels_ > 0;
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

  // Waits for the features of the images, where they come.
  bool has_batch() {
    const size_t count = batch_size();
    if (rows_.size() < count) return false;
    const auto pad = pad_.get();
    if (!pad) return true;
    while (features_.size() < count) {
      Tensor features = pad->take(indices_[features_.size()]);
      if (features.defined()) {
        features_.push_back(std::move(features));
        continue;
      }
      // A pause interrupts, too: then the wait goes on when the pipeline plays again.
      if (gst_base_sink_wait_preroll(GST_BASE_SINK(element())) != GST_FLOW_OK) return false;
    }
    return true;
  }

  TrainReport train_batch() {
    const size_t count = batch_size();
    const auto taken = static_cast<std::ptrdiff_t>(count);
    const Tensor latents = stacked(rows_, count);
    const Tensor features = features_.empty() ? Tensor() : stacked(features_, count);
    features_.clear();
    const std::vector<int64_t> labels(labels_.begin(), labels_.begin() + taken);
    const std::vector<int64_t> indices(indices_.begin(), indices_.begin() + taken);
    rows_.erase(rows_.begin(), rows_.begin() + taken);
    labels_.erase(labels_.begin(), labels_.begin() + taken);
    indices_.erase(indices_.begin(), indices_.begin() + taken);
    return trainer().train(latents, labels, indices, features);
  }

  void forget() {
    rows_.clear();
    features_.clear();
    labels_.clear();
    indices_.clear();
  }

 private:
  static constexpr const char* kFeaturePad = "features";

  // Stored latents and features say whether they follow one another alike.
  void check_order(GstPad* features) const {
    const auto latents = stored_latents(GST_BASE_SINK_PAD(element()));
    const auto others = stored_latents(features);
    if (!latents || !others ||
        (latents->images == others->images && latents->order == others->order))
      return;
    const auto text = [](const StoredLatents& stored) {
      return std::to_string(stored.images) + " images, " + stored.order;
    };
    throw ConfigurationError(
        "the stored features do not follow one another as the latents do",
        {.expected = text(*latents), .found = text(*others), .where = "features"});
  }

  // Its default is SVG's; unless it is set, a card of another system has its own.
  static Property<DiffusionSink> shift_property() {
    constexpr double kPublished = 0.4;
    return {
        [] {
          return ValueTraits<double>::spec(
              {.name = "shift",
               .blurb = "Time shift s of t' = s t / (1 + (s - 1) t); 0: none. Unless it is set, or "
                        "with -1, what the card's system was published with: 0.4 for svg, else "
                        "none",
               .low = -1},
              kPublished);
        },
        [](DiffusionSink& impl, const GValue* value) {
          impl.change_settings(
              [&](DiffusionSettings& s) { s.options.shift = g_value_get_double(value); });
        },
        [](DiffusionSink& impl, GValue* value) {
          const double shift = impl.settings().options.shift;
          g_value_set_double(value, shift < 0 ? kPublished : shift);
        }};
  }

  size_t batch_size() const { return static_cast<size_t>(settings().batch_size); }

  // The first rows as one tensor on the host.
  static Tensor stacked(const std::vector<Tensor>& rows, size_t count) {
    const Tensor& first = rows.front();
    Shape shape = first.shape();
    shape[0] = static_cast<int64_t>(count);
    const Tensor whole = Tensor::empty(first.dtype(), shape);
    for (size_t i = 0; i < count; ++i) {
      const Tensor row = to_host(rows[i]);
      const size_t bytes = row.byte_count();
      std::memcpy(static_cast<std::byte*>(whole.data()) + i * bytes, row.data(), bytes);
    }
    return whole;
  }

  TensorStream stream_;
  LatentOriginCheck origin_;
  RequestedPad<FeaturePad> pad_{element()};
  int64_t feature_channels_ = 0;
  std::vector<Tensor> rows_, features_;  // (1, T, C) each
  std::vector<int64_t> labels_, indices_;
};

}  // namespace

bool register_diffusion_trainer(GstPlugin* plugin) {
  return Glue<DiffusionSink>::register_with(plugin);
}

}  // namespace svgen::gst
