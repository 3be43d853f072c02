// SPDX-License-Identifier: MIT
// svgdecode: latents in, pictures out, one frame per image or one sheet per batch.
#include "common/batch_meta.h"
#include "common/latent_query.h"
#include "common/model_transform.h"
#include "common/tensor_memory.h"
#include "common/tensor_stream.h"
#include "common/video_frames.h"
#include "svg/elements.h"
#include "svgen/error.h"

namespace svgen::gst {
namespace {

struct DecodeSettings : ModelSettings {
  int64_t grid_columns = 0;
  bool normalized = false;
};

constexpr Fraction kUsualRate{30, 1};

class Decode : public ModelTransform<Decode, DecodeSettings> {
 public:
  static constexpr const char* kTypeName = "GstSvgDecode";
  static constexpr const char* kFactory = "svgdecode";
  static constexpr const char* kLongName = "SVG decoder";
  static constexpr const char* kClassification = "Filter/Converter/Tensor/Video";
  static constexpr const char* kDescription = "Decodes latents into pictures";
  static constexpr bool kAsksUpstream = true;

  using ModelTransform::ModelTransform;

  static std::vector<Property<Decode>> properties() {
    return joined(
        joined(model_properties<Decode>(), follow_property<Decode>()),
        {field<Decode>(&DecodeSettings::grid_columns,
                       {.name = "grid-columns",
                        .blurb = "Pictures in a row of a contact sheet that holds the whole batch; "
                                 "0: one frame per image",
                        .low = 0,
                        .high = 256}),
         field<Decode>(&DecodeSettings::normalized,
                       {.name = "normalized",
                        .blurb = "The input is normalised: apply * std + mean before decoding"})});
  }

  static void class_init(GstBaseTransformClass* klass) {
    add_pad_template(klass, "sink", GST_PAD_SINK, kTensorSinkCaps);
    add_pad_template(klass, "src", GST_PAD_SRC, kModelVideoCaps);
    install_transform_vfuncs(klass);
    klass->fixate_caps = trampoline<&Decode::fixate_caps>;
    klass->decide_allocation = trampoline<&Decode::decide_allocation>;
  }

  gboolean stop() {
    input_.reset();
    frames_ = 0;
    restamp_ = false;
    return TRUE;
  }

  GstCaps* transform_caps(GstPadDirection direction, GstCaps* caps, GstCaps* filter) {
    if (direction == GST_PAD_SRC) return filtered(template_caps(transform()->sinkpad), filter);
    return source_caps(caps, filter, [&] {
      const TensorStream stream = TensorStream::parse(caps);
      check(stream);
      const int64_t columns = settings().grid_columns;
      const int64_t rows = columns > 0 ? (stream.batch + columns - 1) / columns : 1;
      const int64_t cell = engine().latent().cell;
      const int64_t width = stream.grid.width * cell, height = stream.grid.height * cell;
      // The buffer rate counts batches; without a clock downstream chooses.
      const Fraction rate = multiplied(stream.rate, columns > 0 ? 1 : stream.batch, 1);
      // A 4:2:0 sheet may have one colour for pixels of two cells: neither could be written alone.
      const bool shares_colour = (columns > 1 && width % 2 != 0) || (rows > 1 && height % 2 != 0);
      return produced_video_caps(width * std::max<int64_t>(columns, 1), height * rows, rate,
                                 /*only_rgb=*/shares_colour);
    });
  }

  GstCaps* fixate_caps(GstPadDirection direction, GstCaps*, GstCaps* other) {
    CapsPtr caps(gst_caps_truncate(other));
    if (direction == GST_PAD_SINK && !gst_caps_is_empty(caps.get())) {
      caps.reset(gst_caps_make_writable(caps.release()));
      gst_structure_fixate_field_nearest_fraction(gst_caps_get_structure(caps.get(), 0),
                                                  "framerate", kUsualRate.numerator,
                                                  kUsualRate.denominator);
    }
    return gst_caps_fixate(caps.release());
  }

  gboolean set_caps(GstCaps* in, GstCaps* out) {
    stream_ = TensorStream::parse(in);
    check(stream_);
    origin_.run(element(), transform()->sinkpad, engine().card());
    return gst_video_info_from_caps(&info_, out);
  }

  gboolean decide_allocation(GstQuery* query) {
    GstCaps* caps = nullptr;
    gst_query_parse_allocation(query, &caps, nullptr);
    GstBufferPool* pool = nullptr;
    guint size = static_cast<guint>(GST_VIDEO_INFO_SIZE(&info_)), low = 0, high = 0;
    const bool offered = gst_query_get_n_allocation_pools(query) > 0;
    if (offered) gst_query_parse_nth_allocation_pool(query, 0, &pool, &size, &low, &high);
    if (pool == nullptr) pool = gst_video_buffer_pool_new();
    const PoolPtr owned(pool);
    size = std::max(size, static_cast<guint>(GST_VIDEO_INFO_SIZE(&info_)));
    GstStructure* config = gst_buffer_pool_get_config(pool);
    gst_buffer_pool_config_set_params(config, caps, size, low, high);
    gst_buffer_pool_config_add_option(config, GST_BUFFER_POOL_OPTION_VIDEO_META);
    if (!gst_buffer_pool_set_config(pool, config)) return FALSE;
    if (offered)
      gst_query_set_nth_allocation_pool(query, 0, pool, size, low, high);
    else
      gst_query_add_allocation_pool(query, pool, size, low, high);
    return Glue<Decode>::parent()->decide_allocation(transform(), query);
  }

  GstFlowReturn generate_output(GstBuffer** out) {
    if (BufferPtr input = take_input()) {
      if (!follow(ModelPart::kDecoder)) return GST_FLOW_FLUSHING;
      latents_ = tensors_of(input.get(), stream_)[0];
      facts_ = image_facts(input.get(), static_cast<size_t>(stream_.batch));
      images_ = real_images(input.get(), stream_.batch);
      next_ = 0;
      input_ = std::move(input);
    }
    if (!input_) return GST_FLOW_OK;
    const bool sheet = settings().grid_columns > 0;
    const GstFlowReturn result = sheet ? decode_sheet(out) : decode_frame(out);
    if (sheet || next_ == images_ || result != GST_FLOW_OK) {
      input_.reset();
      latents_ = {};
    }
    return result;
  }

  gboolean sink_event(GstEvent* event) {
    if (GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_STOP) {
      input_.reset();
      frames_ = 0;
    }
    if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT) event = with_time_segment(event);
    return pass_on(EventPtr(event));
  }

 private:
  void check(const TensorStream& stream) const {
    const ModelInfo& info = engine().info();
    if (!info.has_decoder) {
      throw ConfigurationError(
          "the model has no decoder: use a card with a \"decoder\"",
          {.expected = "decoder", .found = "none", .where = engine().card().path.string()});
    }
    const bool unaligned = stream.entries.size() == 2 && !stream.entries[1].is_label;
    if (unaligned) {
      throw ShapeError("svgdecode needs latents, not separate features: insert svgalign",
                       {.expected = std::to_string(info.latent_channels) + ":TOKENS:BATCH",
                        .found = stream.text(),
                        .where = "caps"});
    }
    if (stream.entries[0].channels != info.latent_channels) {
      throw ShapeError("the latents are of another model: give svgdecode the model that made them",
                       {.expected = std::to_string(info.latent_channels) + ":TOKENS:BATCH (" +
                                    std::to_string(info.latent_channels) + " channels)",
                        .found = stream.text(),
                        .where = engine().card().path.string()});
    }
  }

  // Whatever counts upstream, downstream gets time: other formats start a segment at zero.
  GstEvent* with_time_segment(GstEvent* event) {
    const GstSegment* segment = nullptr;
    gst_event_parse_segment(event, &segment);
    restamp_ = segment->format != GST_FORMAT_TIME;
    frames_ = 0;
    if (!restamp_) return event;
    GstSegment time;
    gst_segment_init(&time, GST_FORMAT_TIME);
    GstEvent* replacement = gst_event_new_segment(&time);
    gst_event_set_seqnum(replacement, gst_event_get_seqnum(event));
    gst_event_unref(event);
    return replacement;
  }

  BufferPtr new_frame() {
    GstBufferPool* pool = gst_base_transform_get_buffer_pool(transform());
    const PoolPtr owned(pool);
    GstBuffer* frame = nullptr;
    if (pool == nullptr) return BufferPtr(gst_buffer_new_allocate(nullptr, info_.size, nullptr));
    gst_buffer_pool_set_active(pool, TRUE);
    return gst_buffer_pool_acquire_buffer(pool, &frame, nullptr) == GST_FLOW_OK ? BufferPtr(frame)
                                                                                : BufferPtr();
  }

  // Images first ... first + count - 1 into a frame; false when cancelled.
  bool decode_into(const MappedFrame& frame, int64_t first, int64_t count) {
    const auto decode = [&](const auto& picture) {
      return engine().decoder().decode_into(latents_.rows(first, count), stream_.grid,
                                            settings().normalized, cells(picture, count),
                                            keep_going());
    };
    return is_ycbcr(info_) ? decode(frame.mutable_ycbcr_view()) : decode(frame.mutable_view());
  }

  GstFlowReturn decode_frame(GstBuffer** out) {
    BufferPtr frame = new_frame();
    if (!frame) return GST_FLOW_FLUSHING;
    {
      const MappedFrame mapped(frame.get(), info_, GST_MAP_WRITE);
      if (mapped.has_alpha()) mapped.blacken();
      if (!decode_into(mapped, next_, 1)) return GST_FLOW_FLUSHING;
    }
    set_image_facts(frame.get(), {facts_[static_cast<size_t>(next_)]});
    stamp(frame.get(), next_);
    ++next_;
    *out = frame.release();
    return GST_FLOW_OK;
  }

  GstFlowReturn decode_sheet(GstBuffer** out) {
    BufferPtr frame = new_frame();
    if (!frame) return GST_FLOW_FLUSHING;
    {
      const MappedFrame mapped(frame.get(), info_, GST_MAP_WRITE);
      mapped.blacken();  // a last row of cells need not be full
      if (!decode_into(mapped, 0, images_)) return GST_FLOW_FLUSHING;
    }
    set_image_facts(frame.get(), facts_);
    next_ = images_;
    stamp(frame.get(), 0);
    *out = frame.release();
    return GST_FLOW_OK;
  }

  // The first pictures of a sheet as windows into its frame; without columns, the frame itself.
  template <typename View>
  std::vector<View> cells(const View& sheet, int64_t count) const {
    const int64_t columns = std::max<int64_t>(settings().grid_columns, 1);
    const int64_t pixels = engine().latent().cell;
    const int64_t width = stream_.grid.width * pixels, height = stream_.grid.height * pixels;
    std::vector<View> views;
    for (int64_t i = 0; i < count; ++i) {
      View cell = sheet;
      move_to(cell, i % columns * width, i / columns * height);
      cell.width = width;
      cell.height = height;
      views.push_back(cell);
    }
    return views;
  }

  static void move_to(MutableImageView& view, int64_t x, int64_t y) {
    for (uint8_t*& plane : view.planes) plane += y * view.row_stride + x * view.pixel_stride;
  }

  // x and y are even, or 0 in a frame of one picture.
  static void move_to(MutableYcbcrView& view, int64_t x, int64_t y) {
    view.planes[0] += y * view.row_strides[0] + x;
    for (int c = 1; c < 3; ++c)
      view.planes[c] += y / 2 * view.row_strides[c] + x / 2 * view.chroma_step;
  }

  // The time of the frame of image `image`: its own when the batch knows it, else counted from the
  // batch, else counted from the start of the segment.
  void stamp(GstBuffer* frame, int64_t image) {
    const Fraction rate{GST_VIDEO_INFO_FPS_N(&info_), GST_VIDEO_INFO_FPS_D(&info_)};
    const ImageFacts& fact = facts_[static_cast<size_t>(image)];
    const bool whole_batch = settings().grid_columns > 0;
    GST_BUFFER_DURATION(frame) = rate.is_positive() ? frame_time(1, rate) : fact.duration;
    if (!restamp_ && !whole_batch && GST_CLOCK_TIME_IS_VALID(fact.pts)) {
      GST_BUFFER_PTS(frame) = fact.pts;
      if (GST_CLOCK_TIME_IS_VALID(fact.duration)) GST_BUFFER_DURATION(frame) = fact.duration;
    } else if (!restamp_ && GST_BUFFER_PTS_IS_VALID(input_.get())) {
      GST_BUFFER_PTS(frame) =
          GST_BUFFER_PTS(input_.get()) +
          (rate.is_positive() ? frame_time(static_cast<uint64_t>(image), rate) : 0);
    } else {
      GST_BUFFER_PTS(frame) = rate.is_positive() ? frame_time(frames_, rate) : 0;
      if (!restamp_) GST_BUFFER_PTS(frame) += transform()->segment.start;
    }
    GST_BUFFER_OFFSET(frame) = frames_++;
    GST_BUFFER_OFFSET_END(frame) = frames_;
  }

  LatentOriginCheck origin_;
  TensorStream stream_;
  GstVideoInfo info_{};
  BufferPtr input_;
  Tensor latents_;
  std::vector<ImageFacts> facts_;
  int64_t images_ = 0;  // real ones of the batch
  int64_t next_ = 0;
  uint64_t frames_ = 0;  // sent since the segment began
  bool restamp_ = false;
};

}  // namespace

bool register_decode(GstPlugin* plugin) {
  return Glue<Decode>::register_with(plugin);
}

}  // namespace svgen::gst
