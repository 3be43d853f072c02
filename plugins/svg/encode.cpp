// SPDX-License-Identifier: MIT
// svgencode: pictures in, batches of semantic and residual features out; or the pictures again,
// each with its features in its meta.
#include <atomic>
#include <deque>
#include <functional>
#include <numeric>

#include "common/batch_meta.h"
#include "common/model_transform.h"
#include "common/tensor_memory.h"
#include "common/tensor_stream.h"
#include "common/video_frames.h"
#include "svg/batch_timer.h"
#include "svg/elements.h"
#include "svg/encode_settings.h"
#include "svg/tensor_caps.h"
#include "svg/tensor_meta.h"
#include "svgen/error.h"

GST_DEBUG_CATEGORY_STATIC(svg_encode_debug);
#define GST_CAT_DEFAULT svg_encode_debug

namespace svgen::gst {
namespace {

class Encode : public ModelTransform<Encode, EncodeSettings> {
 public:
  static constexpr const char* kTypeName = "GstSvgEncode";
  static constexpr const char* kFactory = "svgencode";
  static constexpr const char* kLongName = "SVG encoder";
  static constexpr const char* kClassification = "Filter/Converter/Video/Tensor";
  static constexpr const char* kDescription =
      "Encodes pictures into the features or latents of a model, in batches";
  static constexpr bool kAsksUpstream = false;

  using ModelTransform::ModelTransform;

  static std::vector<Property<Encode>> properties() { return encode_properties<Encode>(); }

  static void class_init(GstBaseTransformClass* klass) {
    GST_DEBUG_CATEGORY_INIT(svg_encode_debug, "svgencode", 0, "SVG encoder");
    add_pad_template(klass, "sink", GST_PAD_SINK, kModelVideoCaps);
    const std::string video = kHasTensorMeta ? "; " + std::string(kModelVideoCaps) : "";
    add_pad_template(klass, "src", GST_PAD_SRC, (kTensorSourceCaps + video).c_str());
    install_transform_vfuncs(klass);
    klass->fixate_caps = trampoline<&Encode::fixate_tensor_caps>;
    klass->propose_allocation = trampoline<&Encode::propose_allocation>;
    klass->decide_allocation = trampoline<&Encode::decide_allocation>;
    klass->start = trampoline<&Encode::start>;
  }

  void prepare() {
    if (settings().tensor_meta) require_tensor_meta();
  }

  gboolean start() {
    if (settings().batch_timeout >= 0)
      timer_ = std::make_unique<BatchTimer>([this] { send_waiting(); });
    return TRUE;
  }

  gboolean stop() {
    timer_.reset();
    waiting_.clear();
    finished_.clear();
    images_ = 0;
    return TRUE;
  }

  GstCaps* transform_caps(GstPadDirection direction, GstCaps* caps, GstCaps* filter) {
    const EncodeSettings s = settings();
    if (direction == GST_PAD_SRC) {
      CapsPtr video = video_caps();
      if (s.tensor_meta) video = narrowed_video(std::move(video), caps);
      return filtered(std::move(video), filter);
    }
    if (s.tensor_meta) return filtered(carrying(caps), filter);
    return source_caps(caps, filter,
                       [&] { return offered_caps(stream_for(video_info_of(caps), s.batch_size)); });
  }

  gboolean set_caps(GstCaps* in, GstCaps* out) {
    info_ = video_info_of(in);
    sends_video_ = gst_structure_has_name(gst_caps_get_structure(out, 0), "video/x-raw") != FALSE;
    rate_ = Fraction{GST_VIDEO_INFO_FPS_N(&info_), GST_VIDEO_INFO_FPS_D(&info_)};
    check_size();
    if (GST_VIDEO_INFO_PAR_N(&info_) != GST_VIDEO_INFO_PAR_D(&info_)) {
      warn(element(), GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT,
           "The pixels are not square; the model will see the picture distorted. Put videoscale in "
           "front of svgencode.",
           caps_text(in));
    }
    return TRUE;
  }

  gboolean propose_allocation(GstQuery* decide, GstQuery* query) {
    const EncodeSettings s = settings();
    if (s.tensor_meta) {
      // What follows gets the frames as they come, so it says how they may lie in memory. Its pool
      // may have fewer than wait here.
      if (!gst_pad_peer_query(transform()->srcpad, query)) return FALSE;
      if (s.batch_size > 1) remove_pools(query);
      return TRUE;
    }
    // Frames are read through GstVideoMeta, so padded rows arrive without a copy.
    gst_query_add_allocation_meta(query, GST_VIDEO_META_API_TYPE, nullptr);
    return Glue<Encode>::parent()->propose_allocation(transform(), decide, query);
  }

  gboolean decide_allocation(GstQuery* query) {
    // Outputs are made of tensors or of the inputs: a pool would never be asked for a buffer.
    remove_pools(query);
    return TRUE;
  }

  // The other pictures of a batch leave without work.
  GstFlowReturn timed_output(GstBuffer** out) {
    return finished_.empty() ? ModelTransform::timed_output(out) : generate_output(out);
  }

  GstFlowReturn generate_output(GstBuffer** out) {
    const EncodeSettings s = settings();
    if (BufferPtr input = take_input()) {
      waiting_.push_back(std::move(input));
      if (timer_ && waiting_.size() == 1)
        timer_->arm(BatchTimer::Clock::now() + std::chrono::nanoseconds(s.batch_timeout));
    }
    if (finished_.empty() && waiting_.size() >= static_cast<size_t>(s.batch_size)) {
      const GstFlowReturn flow = encode_waiting(s);
      if (flow != GST_FLOW_OK) return flow;
    }
    *out = next_finished().release();
    return GST_FLOW_OK;
  }

  gboolean sink_event(GstEvent* event) {
    EventPtr owned(event);
    switch (GST_EVENT_TYPE(event)) {
      case GST_EVENT_EOS:
      case GST_EVENT_SEGMENT:
        drain();
        break;
      case GST_EVENT_CAPS: {
        GstCaps* caps = nullptr;
        gst_event_parse_caps(event, &caps);
        const CapsPtr current(gst_pad_get_current_caps(transform()->sinkpad));
        if (current && !gst_caps_is_equal(current.get(), caps)) drain();
        // Pads link where one of the two kinds of output suits.
        if (kHasTensorMeta)
          check_follower(transform()->srcpad, settings().tensor_meta ? caps : nullptr);
        break;
      }
      case GST_EVENT_GAP:
        if (sends_video_) drain();  // pictures that wait came before it
        break;
      case GST_EVENT_FLUSH_STOP:
        if (timer_) timer_->disarm();
        waiting_.clear();
        finished_.clear();
        break;
      default:
        break;
    }
    return pass_on(std::move(owned));
  }

  // The first picture of a batch waits for the others, or for the timeout.
  GstClockTime waiting_time() const {
    const EncodeSettings s = settings();
    const Fraction rate = rate_;
    if (!rate.is_positive()) return 0;
    const GstClockTime wait = frame_time(static_cast<uint64_t>(s.batch_size - 1), rate);
    return s.batch_timeout < 0 ? wait : std::min(wait, static_cast<GstClockTime>(s.batch_timeout));
  }

 private:
  CapsPtr video_caps() const {
    if (!has_engine()) return template_caps(transform()->sinkpad);
    CapsPtr caps = accepted_video_caps(engine().latent());
    // Last and least wanted: what fits no patch. set_caps then says what to do, where a failed
    // negotiation would only say so upstream.
    gst_caps_append(caps.get(), template_caps(transform()->sinkpad).release());
    return caps;
  }

  static void remove_pools(GstQuery* query) {
    while (gst_query_get_n_allocation_pools(query) > 0)
      gst_query_remove_nth_allocation_pool(query, 0);
  }

  void check_size() const {
    const LatentSpec& latent = engine().latent();
    const int64_t cell = latent.cell;
    const int width = GST_VIDEO_INFO_WIDTH(&info_), height = GST_VIDEO_INFO_HEIGHT(&info_);
    if (width % cell == 0 && height % cell == 0) return;
    const std::string size = std::to_string(width) + "x" + std::to_string(height);
    throw ShapeError(
        "pictures of " + size + " do not divide into patches of " + std::to_string(cell) +
            ": put \"videoscale ! video/x-raw,width=" + std::to_string(latent.picture_width()) +
            ",height=" + std::to_string(latent.picture_height()) + "\" in front of svgencode",
        {.expected = "width and height that are multiples of " + std::to_string(cell),
         .found = size,
         .where = "caps"});
  }

  TensorStream stream_for(const GstVideoInfo& info, int64_t batch) const {
    const ModelInfo& model = engine().info();
    const int64_t cell = engine().latent().cell;
    const FeatureKind kind = settings().features;
    TensorStream stream;
    stream.batch = batch;
    stream.grid = {GST_VIDEO_INFO_HEIGHT(&info) / cell, GST_VIDEO_INFO_WIDTH(&info) / cell};
    stream.rate = multiplied({GST_VIDEO_INFO_FPS_N(&info), GST_VIDEO_INFO_FPS_D(&info)}, 1, batch);
    if (kind != FeatureKind::kResidual) stream.entries.push_back({model.semantic_channels});
    if (kind != FeatureKind::kSemantic && model.has_residual)
      stream.entries.push_back({model.residual_channels});
    return stream;
  }

  // Video as it comes; where it is known to the last field, with what it will carry. Before the
  // start anything links: check_follower says more than a pad that does not.
  CapsPtr carrying(GstCaps* video) const {
    if (!has_engine()) return template_caps(transform()->srcpad);
    CapsPtr same(gst_caps_ref(video));
    if (!gst_caps_is_fixed(video)) return same;
    try {
      return with_tensor_caps(CapsPtr(gst_caps_ref(video)), kinds_for(video_info_of(video)));
    } catch (const Error&) {
      return same;  // set_caps says what is wrong
    }
  }

  std::vector<TensorKind> kinds_for(const GstVideoInfo& info) const {
    const TensorStream stream = stream_for(info, 1);
    const bool residual_first = settings().features == FeatureKind::kResidual;
    std::vector<TensorKind> kinds;
    for (const TensorStream::Entry& entry : stream.entries) {
      const bool is_residual = residual_first || !kinds.empty();
      kinds.push_back(
          {is_residual ? kResidualId : kFeaturesId, entry.dtype, stream.shape_of(entry)});
    }
    return kinds;
  }

  Features compute(const EncodeSettings& s, size_t count) {
    std::deque<MappedFrame> frames;
    for (size_t i = 0; i < count; ++i) {
      const size_t source = std::min(i, waiting_.size() - 1);  // padding repeats the last
      frames.emplace_back(waiting_[source].get(), info_, GST_MAP_READ);
    }
    EncodeOptions options = engine().info().has_residual || s.features != FeatureKind::kBoth
                                ? s.features
                                : FeatureKind::kSemantic;
    options.samples = s.posterior == Posterior::kSample && engine().info().is_gaussian;
    options.seed = s.seed;
    for (size_t i = 0; options.samples && i < count; ++i) options.indices.push_back(index_of(i));
    const auto encode = [&](auto view_of) {
      std::vector<decltype(view_of(frames.front()))> views;
      for (const MappedFrame& frame : frames) views.push_back(view_of(frame));
      return engine().encoder().encode(views, options, keep_going());
    };
    return is_ycbcr(info_) ? encode(std::mem_fn(&MappedFrame::ycbcr_view))
                           : encode(std::mem_fn(&MappedFrame::view));
  }

  // The absolute index of a waiting picture, or its place in the stream where nobody knows it.
  int64_t index_of(size_t i) const {
    GstBuffer* frame = waiting_[std::min(i, waiting_.size() - 1)].get();
    const int64_t known = image_facts(frame, 1).front().index;
    return known >= 0 ? known : static_cast<int64_t>(images_ + i);
  }

  // All waiting pictures as one batch; padded up to the batch size when asked.
  GstFlowReturn encode_waiting(const EncodeSettings& s) {
    if (timer_) timer_->disarm();
    const size_t real = waiting_.size();
    const size_t count = s.partial_batch == PartialBatch::kPad
                             ? std::max(real, static_cast<size_t>(s.batch_size))
                             : real;
    if (!sends_video_) {
      const CapsPtr caps = stream_for(info_, static_cast<int64_t>(count))
                               .caps(peer_takes_tensor_memory(transform()->srcpad));
      if (!ensure_source_caps(caps.get())) return flow_of_refused_caps(transform()->srcpad);
    }
    const Features features = compute(s, count);
    if (!features.semantic.defined() && !features.residual.defined()) return GST_FLOW_FLUSHING;
    if (sends_video_)
      finish_each(features);
    else
      finish_batch(features, count);
    images_ += real;
    waiting_.clear();
    return GST_FLOW_OK;
  }

  // Each picture as it came, with its row of the features; what pads a batch belongs to none.
  void finish_each(const Features& features) {
    int64_t row = 0;
    for (BufferPtr& picture : std::exchange(waiting_, {})) {
      std::vector<NamedTensor> tensors;
      if (features.semantic.defined())
        tensors.push_back({kFeaturesId, features.semantic.rows(row, 1)});
      if (features.residual.defined())
        tensors.push_back({kResidualId, features.residual.rows(row, 1)});
      finished_.push_back(with_tensors(std::move(picture), tensors));
      ++row;
    }
  }

  void finish_batch(const Features& features, size_t count) {
    BufferPtr output(gst_buffer_new());
    for (const Tensor* tensor : {&features.semantic, &features.residual})
      if (tensor->defined()) gst_buffer_append_memory(output.get(), tensor_memory_new(*tensor));
    describe(output.get(), count);
    finished_.push_back(std::move(output));
  }

  // Times and facts of the batch from those of its pictures.
  void describe(GstBuffer* output, size_t count) {
    std::vector<ImageFacts> facts;
    GST_BUFFER_PTS(output) = GST_BUFFER_PTS(waiting_.front().get());
    GST_BUFFER_DURATION(output) = 0;
    for (size_t i = 0; i < count; ++i) {
      GstBuffer* frame = waiting_[std::min(i, waiting_.size() - 1)].get();
      ImageFacts fact = image_facts(frame, 1).front();
      fact.pts = GST_BUFFER_PTS(frame);
      fact.duration = GST_BUFFER_DURATION(frame);
      facts.push_back(fact);
      if (i >= waiting_.size()) continue;
      GST_BUFFER_DURATION(output) =
          GST_BUFFER_DURATION_IS_VALID(frame) && GST_BUFFER_DURATION_IS_VALID(output)
              ? GST_BUFFER_DURATION(output) + GST_BUFFER_DURATION(frame)
              : GST_CLOCK_TIME_NONE;
    }
    set_image_facts(output, facts);
    GST_BUFFER_OFFSET(output) = images_;
    GST_BUFFER_OFFSET_END(output) = images_ + waiting_.size();  // padding is not counted
  }

  // Sends a batch that will not fill any more. Runs with the stream lock held.
  void drain() {
    const EncodeSettings s = settings();
    if (waiting_.empty()) return;
    if (s.partial_batch == PartialBatch::kDrop) {
      GST_INFO_OBJECT(element(), "dropping %zu pictures of a partial batch", waiting_.size());
      waiting_.clear();
      return;
    }
    if (encode_waiting(s) != GST_FLOW_OK) return;
    while (BufferPtr output = next_finished())
      if (gst_pad_push(transform()->srcpad, output.release()) != GST_FLOW_OK) finished_.clear();
  }

  BufferPtr next_finished() {
    if (finished_.empty()) return nullptr;
    BufferPtr first = std::move(finished_.front());
    finished_.pop_front();
    return first;
  }

  void send_waiting() {
    GST_PAD_STREAM_LOCK(transform()->sinkpad);
    try {
      drain();
    } catch (...) {
      post_current_exception(element());
    }
    GST_PAD_STREAM_UNLOCK(transform()->sinkpad);
  }

  GstVideoInfo info_{};
  std::atomic<Fraction> rate_{};    // latency queries come on any thread
  bool sends_video_ = false;        // as the caps say that were negotiated
  std::deque<BufferPtr> waiting_;   // pictures
  std::deque<BufferPtr> finished_;  // outputs
  uint64_t images_ = 0;
  std::unique_ptr<BatchTimer> timer_;
};

}  // namespace

bool register_encode(GstPlugin* plugin) {
  return Glue<Encode>::register_with(plugin);
}

}  // namespace svgen::gst
