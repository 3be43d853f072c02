// SPDX-License-Identifier: MIT
// svgmetrics: how close one video is to another, frame by frame and in total.
#include <memory>
#include <string>

#include "common/video_frames.h"
#include "media/picture_metrics.h"
#include "svg/analyzer.h"
#include "svg/elements.h"
#include "svgen/error.h"
#include "svgen/evaluation.h"

namespace svgen::gst {
namespace {

struct MetricsSettings {
  bool ssim = true;
  std::string lpips;
};

class Metrics : public Analyzer<Metrics, MetricsSettings> {
 public:
  static constexpr const char* kMessage = "svg-metrics";
  static constexpr GstPadPresence kReferencePresence = GST_PAD_ALWAYS;

  static constexpr const char* kTypeName = "GstSvgMetrics";
  static constexpr const char* kFactory = "svgmetrics";
  static constexpr const char* kLongName = "SVG picture metrics";
  static constexpr const char* kClassification = "Filter/Analyzer/Video";
  static constexpr const char* kDescription =
      "Compares two videos frame by frame, matched by their time stamps: PSNR, SSIM and LPIPS "
      "as JSON lines";

  using Analyzer::Analyzer;

  static std::vector<Property<Metrics>> properties() {
    return {field<Metrics>(&MetricsSettings::ssim,
                           {.name = "ssim", .blurb = "Structural similarity, too"}),
            field<Metrics>(&MetricsSettings::lpips,
                           {.name = "lpips",
                            .blurb = "LPIPS, too: weights file that holds loss.perceptual_loss. "
                                     "(the published autoencoder's)"})};
  }

  static void class_init(GstAggregatorClass* klass) { install(klass, kVideoCaps); }

  void begin() {
    totals_ = {};
    const std::string weights = settings().lpips;
    lpips_ = weights.empty() ? nullptr : PerceptualDistance::open(weights);
  }

  void caps_changed(GstAggregatorPad* pad, GstCaps* caps) {
    GstVideoInfo info;
    if (gst_video_info_from_caps(&info, caps))
      (pad == reference_pad() ? reference_info_ : test_info_) = info;
  }

  GstFlowReturn aggregate(gboolean) {
    const BufferPtr reference(gst_aggregator_pad_peek_buffer(reference_pad()));
    const BufferPtr test(gst_aggregator_pad_peek_buffer(test_pad()));
    if (!reference || !test) return one_sided(reference.get(), test.get());
    const GstClockTime a = time_of(reference.get(), reference_pad()),
                       b = time_of(test.get(), test_pad());
    if (a != b && GST_CLOCK_TIME_IS_VALID(a) && GST_CLOCK_TIME_IS_VALID(b))
      return leave_out(a < b ? reference_pad() : test_pad());
    const Report line = compare(reference.get(), test.get());
    for (GstAggregatorPad* pad : {reference_pad(), test_pad()}) gst_aggregator_pad_drop_buffer(pad);
    return push(line, a);
  }

 private:
  struct Totals {
    int64_t frames = 0, reference_alone = 0, test_alone = 0;
    double error = 0, psnr = 0, ssim = 0, lpips = 0;  // sums
    int64_t identical = 0;  // frames without any error, whose PSNR is infinite
  };

  GstFlowReturn leave_out(GstAggregatorPad* pad) {
    gst_aggregator_pad_drop_buffer(pad);
    ++(pad == test_pad() ? totals_.test_alone : totals_.reference_alone);
    return GST_FLOW_OK;
  }

  // A stream that has ended has no partner for what the other still brings.
  GstFlowReturn one_sided(GstBuffer* reference, GstBuffer* test) {
    const bool reference_over = gst_aggregator_pad_is_eos(reference_pad()) != FALSE,
               test_over = gst_aggregator_pad_is_eos(test_pad()) != FALSE;
    if (reference_over && test_over) return finish();
    if (reference != nullptr && test_over) return leave_out(reference_pad());
    if (test != nullptr && reference_over) return leave_out(test_pad());
    return GST_AGGREGATOR_FLOW_NEED_DATA;
  }

  static GstClockTime time_of(GstBuffer* buffer, GstAggregatorPad* pad) {
    const GstSegment& segment = pad->segment;
    if (segment.format != GST_FORMAT_TIME) return GST_CLOCK_TIME_NONE;
    return gst_segment_to_running_time(&segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
  }

  Report compare(GstBuffer* reference, GstBuffer* test) {
    const MappedFrame a(reference, reference_info_, GST_MAP_READ);
    const MappedFrame b(test, test_info_, GST_MAP_READ);
    const double error = mean_squared_error(a.view(), b.view());
    Report line;
    line.add("frame", totals_.frames).add("psnr", psnr_of_error(error));
    ++totals_.frames;
    totals_.error += error;
    if (error > 0)
      totals_.psnr += psnr_of_error(error);
    else
      ++totals_.identical;
    if (settings().ssim) {
      const double ssim = structural_similarity(a.view(), b.view());
      totals_.ssim += ssim;
      line.add("ssim", ssim);
    }
    if (lpips_) {
      const double lpips = lpips_->distance(a.view(), b.view());
      totals_.lpips += lpips;
      line.add("lpips", lpips);
    }
    return line;
  }

  // The PSNR of the whole is that of the mean error; the mean over frames leaves out identical
  // ones.
  GstFlowReturn finish() {
    const int64_t alone = totals_.reference_alone + totals_.test_alone;
    const std::string found = std::to_string(totals_.reference_alone) + " of reference and " +
                              std::to_string(totals_.test_alone) + " of test without a partner";
    if (totals_.frames == 0)
      throw ConfigurationError(
          totals_.reference_alone == 0 || totals_.test_alone == 0
              ? "a stream brought no frame, so nothing was compared: is there video in it?"
              : "no two frames had the same time: both streams must come from one clock or one "
                "source",
          {.expected = "matching time stamps", .found = found, .where = "svgmetrics"});
    if (alone > 0)
      warn(element(), GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
           "Frames found no partner of the same time and were not compared: " + found, found);
    const auto frames = static_cast<double>(totals_.frames);
    const auto different = static_cast<double>(totals_.frames - totals_.identical);
    Report total;
    total.add("frames", totals_.frames).add("unmatched", alone);
    total.add("psnr", psnr_of_error(totals_.error / frames));
    total.add("mean-psnr", totals_.psnr / different);
    if (settings().ssim) total.add("ssim", totals_.ssim / frames);
    if (lpips_) total.add("lpips", totals_.lpips / frames);
    return conclude(total);
  }

  GstVideoInfo reference_info_{}, test_info_{};
  Totals totals_;
  std::unique_ptr<PerceptualDistance> lpips_;
};

}  // namespace

bool register_metrics(GstPlugin* plugin) {
  return Glue<Metrics>::register_with(plugin);
}

}  // namespace svgen::gst
