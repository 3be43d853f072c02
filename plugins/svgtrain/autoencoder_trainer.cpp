// SPDX-License-Identifier: MIT
// svgtrainautoencoder: phase 1, the residual encoder and the decoder, from video frames.
#include <deque>

#include "common/video_frames.h"
#include "svgtrain/elements.h"
#include "svgtrain/train_sink.h"

namespace svgen::gst {
namespace {

struct AutoencoderSettings : TrainSettings {
  AutoencoderOptions options;
};

class AutoencoderSink : public TrainSink<AutoencoderSink, AutoencoderSettings, AutoencoderTrainer> {
 public:
  static constexpr auto kOptions = &AutoencoderSettings::options;

  static constexpr const char* kTypeName = "GstSvgTrainAutoencoder";
  static constexpr const char* kFactory = "svgtrainautoencoder";
  static constexpr const char* kLongName = "SVG autoencoder trainer";
  static constexpr const char* kClassification = "Sink/Trainer/Video";
  static constexpr const char* kDescription =
      "Trains the residual encoder and the decoder around a frozen DINOv3 (phase 1)";

  using TrainSink::TrainSink;

  static std::vector<Property<AutoencoderSink>> properties() {
    using O = AutoencoderOptions;
    const auto option = [](double O::*member, const PropertyText<double>& text) {
      return option_field<AutoencoderSink>(kOptions, member, text);
    };
    return joined(
        train_properties<AutoencoderSink>(kOptions),
        {option(&O::mask_ratio, {.name = "mask-ratio",
                                 .blurb = "Share of images whose residual is hidden",
                                 .low = 0,
                                 .high = 1}),
         option(&O::perceptual_weight,
                {.name = "perceptual-weight",
                 .blurb = "Weight of LPIPS, or of the term that stands in for it",
                 .low = 0}),
         option(&O::discriminator_weight,
                {.name = "discriminator-weight",
                 .blurb = "Weight of the PatchGAN discriminator (0: none)",
                 .low = 0}),
         option_field<AutoencoderSink>(
             kOptions, &O::discriminator_start,
             {.name = "discriminator-start",
              .blurb = "Optimizer steps of both sides, two a batch, before the discriminator acts",
              .low = 0})});
  }

  static void class_init(GstBaseSinkClass* klass) { install_sink(klass, kVideoCaps); }

  void negotiated(GstCaps* caps) {
    if (!gst_video_info_from_caps(&info_, caps)) {
      throw ShapeError("the video caps cannot be read", {"video/x-raw", caps_text(caps), "caps"});
    }
    const Card& card = engine().card();
    const int64_t width = card.grid.width * card.patch, height = card.grid.height * card.patch;
    if (GST_VIDEO_INFO_WIDTH(&info_) == width && GST_VIDEO_INFO_HEIGHT(&info_) == height) return;
    throw ShapeError("training takes pictures of the model's native size: scale or crop them",
                     {std::to_string(width) + " x " + std::to_string(height),
                      std::to_string(GST_VIDEO_INFO_WIDTH(&info_)) + " x " +
                          std::to_string(GST_VIDEO_INFO_HEIGHT(&info_)),
                      "caps"});
  }

  int64_t images_in(GstBuffer*) const { return 1; }

  void collect(GstBuffer* buffer, const std::vector<ImageFacts>& facts, size_t) {
    frames_.emplace_back(gst_buffer_ref(buffer));
    indices_.push_back(facts.front().index);
  }

  bool has_batch() const { return frames_.size() >= static_cast<size_t>(settings().batch_size); }

  TrainReport train_batch() {
    std::deque<MappedFrame> mapped;
    std::vector<ImageView> views;
    for (const BufferPtr& frame : frames_) {
      views.push_back(mapped.emplace_back(frame.get(), info_, GST_MAP_READ).view());
    }
    const TrainReport report = trainer().train(views, indices_);
    mapped.clear();
    forget();
    return report;
  }

  void forget() {
    frames_.clear();
    indices_.clear();
  }

 private:
  GstVideoInfo info_;
  std::vector<BufferPtr> frames_;
  std::vector<int64_t> indices_;
};

}  // namespace

bool register_autoencoder_trainer(GstPlugin* plugin) {
  return Glue<AutoencoderSink>::register_with(plugin);
}

}  // namespace svgen::gst
