// SPDX-License-Identifier: MIT
// svgmetrics: how close one video is to another, frame by frame and in total.
#include <gst/base/gstaggregator.h>

#include <cmath>
#include <cstdio>
#include <string>

#include "common/element.h"
#include "common/video_frames.h"
#include "svg/elements.h"
#include "svgen/error.h"
#include "svgen/picture_metrics.h"

namespace svgen::gst {
namespace {

struct MetricsSettings {
  bool ssim = true;
};

// A JSON number: what is infinite or unknown is null.
std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  return std::isfinite(value) ? text : "null";
}

class Metrics : public ElementImpl<MetricsSettings> {
 public:
  using Base = GstAggregator;
  using BaseClass = GstAggregatorClass;

  static constexpr const char* kTypeName = "GstSvgMetrics";
  static constexpr const char* kFactory = "svgmetrics";
  static constexpr const char* kLongName = "SVG picture metrics";
  static constexpr const char* kClassification = "Filter/Analyzer/Video";
  static constexpr const char* kDescription =
      "Compares two videos frame by frame, matched by their time stamps: PSNR and SSIM as JSON "
      "lines";

  explicit Metrics(gpointer instance) : ElementImpl(instance) {
    for (Stream* stream : {&reference_, &test_}) stream->pad = add_pad(stream->name);
  }

  static GType parent_type() { return GST_TYPE_AGGREGATOR; }

  static std::vector<Property<Metrics>> properties() {
    return {field<Metrics>(&MetricsSettings::ssim,
                           {.name = "ssim", .blurb = "Structural similarity, too"})};
  }

  static void class_init(GstAggregatorClass* klass) {
    const CapsPtr video(gst_caps_from_string(kVideoCaps));
    for (const char* name : {"reference", "test"}) {
      gst_element_class_add_pad_template(
          GST_ELEMENT_CLASS(klass),
          gst_pad_template_new_with_gtype(name, GST_PAD_SINK, GST_PAD_ALWAYS, video.get(),
                                          GST_TYPE_AGGREGATOR_PAD));
    }
    const CapsPtr text(gst_caps_from_string("text/x-raw, format=(string)utf8"));
    gst_element_class_add_pad_template(
        GST_ELEMENT_CLASS(klass),
        gst_pad_template_new_with_gtype("src", GST_PAD_SRC, GST_PAD_ALWAYS, text.get(),
                                        GST_TYPE_AGGREGATOR_PAD));
    klass->start = thunk<&Metrics::start>;
    klass->stop = thunk<&Metrics::stop>;
    klass->sink_event = thunk<&Metrics::sink_event>;
    klass->negotiate = thunk<&Metrics::negotiate>;
    klass->aggregate = thunk<&Metrics::aggregate>;
  }

  void open() {}
  void close() {}

  gboolean start() {
    totals_ = {};
    GstSegment* segment = &GST_AGGREGATOR_PAD(aggregator()->srcpad)->segment;
    gst_segment_init(segment, GST_FORMAT_TIME);
    return TRUE;
  }

  gboolean stop() { return TRUE; }

  gboolean negotiate() {
    const CapsPtr caps(gst_pad_get_pad_template_caps(aggregator()->srcpad));
    gst_aggregator_set_src_caps(aggregator(), caps.get());
    return TRUE;
  }

  gboolean sink_event(GstAggregatorPad* pad, GstEvent* event) {
    if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS) {
      GstCaps* caps = nullptr;
      gst_event_parse_caps(event, &caps);
      GstVideoInfo info;
      Stream& stream = pad == reference_.pad ? reference_ : test_;
      if (gst_video_info_from_caps(&info, caps)) stream.info = info;
    }
    return Glue<Metrics>::parent()->sink_event(aggregator(), pad, event);
  }

  GstFlowReturn aggregate(gboolean) {
    BufferPtr reference(gst_aggregator_pad_peek_buffer(reference_.pad));
    BufferPtr test(gst_aggregator_pad_peek_buffer(test_.pad));
    for (const auto& [buffer, stream] :
         {std::pair(reference.get(), &reference_), {test.get(), &test_}}) {
      if (buffer != nullptr) continue;
      // A stream that has ended has no partner for what the other still brings.
      return gst_aggregator_pad_is_eos(stream->pad) ? finish() : GST_AGGREGATOR_FLOW_NEED_DATA;
    }
    const GstClockTime a = time_of(reference.get(), reference_), b = time_of(test.get(), test_);
    if (a != b && GST_CLOCK_TIME_IS_VALID(a) && GST_CLOCK_TIME_IS_VALID(b)) {
      gst_aggregator_pad_drop_buffer(a < b ? reference_.pad : test_.pad);
      ++totals_.unmatched;
      return GST_FLOW_OK;
    }
    const std::string line = compare(reference.get(), test.get());
    for (Stream* stream : {&reference_, &test_}) gst_aggregator_pad_drop_buffer(stream->pad);
    return push(line, a);
  }

 private:
  struct Stream {
    const char* name;
    GstAggregatorPad* pad = nullptr;
    GstVideoInfo info{};
  };

  struct Totals {
    int64_t frames = 0, unmatched = 0;
    double error = 0, psnr = 0, ssim = 0;  // sums
    int64_t identical = 0;                 // frames without any error, whose PSNR is infinite
  };

  GstAggregator* aggregator() const { return GST_AGGREGATOR_CAST(element()); }

  GstAggregatorPad* add_pad(const char* name) {
    GstPadTemplate* pad_template =
        gst_element_class_get_pad_template(GST_ELEMENT_GET_CLASS(element()), name);
    auto* pad =
        static_cast<GstPad*>(g_object_new(GST_TYPE_AGGREGATOR_PAD, "name", name, "direction",
                                          GST_PAD_SINK, "template", pad_template, nullptr));
    gst_element_add_pad(element(), pad);
    return GST_AGGREGATOR_PAD(pad);
  }

  static GstClockTime time_of(GstBuffer* buffer, const Stream& stream) {
    const GstSegment& segment = stream.pad->segment;
    if (segment.format != GST_FORMAT_TIME) return GST_CLOCK_TIME_NONE;
    return gst_segment_to_running_time(&segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
  }

  std::string compare(GstBuffer* reference, GstBuffer* test) {
    const MappedFrame a(reference, reference_.info, GST_MAP_READ);
    const MappedFrame b(test, test_.info, GST_MAP_READ);
    const double error = mean_squared_error(a.view(), b.view());
    std::string line = "{\"frame\": " + std::to_string(totals_.frames) +
                       ", \"psnr\": " + number(psnr_of_error(error));
    ++totals_.frames;
    totals_.error += error;
    if (error > 0) {
      totals_.psnr += psnr_of_error(error);
    } else {
      ++totals_.identical;
    }
    if (settings().ssim) {
      const double ssim = structural_similarity(a.view(), b.view());
      totals_.ssim += ssim;
      line += ", \"ssim\": " + number(ssim);
    }
    return line + "}\n";
  }

  GstFlowReturn push(const std::string& line, GstClockTime time) {
    GstBuffer* buffer = gst_buffer_new_memdup(line.data(), line.size());
    GST_BUFFER_PTS(buffer) = time;
    return gst_aggregator_finish_buffer(aggregator(), buffer);
  }

  // The PSNR of the whole is that of the mean error; the mean over frames leaves out identical
  // ones.
  GstFlowReturn finish() {
    if (totals_.frames == 0)
      throw ConfigurationError(
          "no two frames had the same time: both streams must come from one clock or one source",
          {"matching time stamps", std::to_string(totals_.unmatched) + " frames without a partner",
           "svgmetrics"});
    const auto frames = static_cast<double>(totals_.frames);
    const auto different = static_cast<double>(totals_.frames - totals_.identical);
    const double psnr = psnr_of_error(totals_.error / frames), mean_psnr = totals_.psnr / different;
    GstStructure* message =
        gst_structure_new("svg-metrics", "frames", G_TYPE_INT64, totals_.frames, "unmatched",
                          G_TYPE_INT64, totals_.unmatched, "psnr", G_TYPE_DOUBLE, psnr, "mean-psnr",
                          G_TYPE_DOUBLE, mean_psnr, nullptr);
    std::string line = "{\"frames\": " + std::to_string(totals_.frames) +
                       ", \"unmatched\": " + std::to_string(totals_.unmatched) +
                       ", \"psnr\": " + number(psnr) + ", \"mean_psnr\": " + number(mean_psnr);
    if (settings().ssim) {
      gst_structure_set(message, "ssim", G_TYPE_DOUBLE, totals_.ssim / frames, nullptr);
      line += ", \"ssim\": " + number(totals_.ssim / frames);
    }
    gst_element_post_message(element(), gst_message_new_element(GST_OBJECT(element()), message));
    const GstFlowReturn result = push(line + "}\n", GST_CLOCK_TIME_NONE);
    return result == GST_FLOW_OK ? GST_FLOW_EOS : result;
  }

  Stream reference_{"reference"}, test_{"test"};
  Totals totals_;
};

}  // namespace

bool register_metrics(GstPlugin* plugin) {
  return Glue<Metrics>::register_with(plugin);
}

}  // namespace svgen::gst
