// SPDX-License-Identifier: MIT
// svgstats: the statistics of a stream of features or latents, into a file that a card can name.
#include <gst/base/gstbasesink.h>

#include <filesystem>
#include <memory>

#include "common/batch_meta.h"
#include "common/element.h"
#include "common/model_client.h"
#include "common/tensor_memory.h"
#include "common/tensor_stream.h"
#include "data/data_order.h"
#include "data/parts.h"
#include "svg/elements.h"
#include "svgen/error.h"

namespace svgen::gst {
namespace {

struct StatsSettings : ModelSettings {
  std::string location;
  std::string merge;
};

class Stats : public ElementImpl<StatsSettings> {
 public:
  using Base = GstBaseSink;
  using BaseClass = GstBaseSinkClass;

  static constexpr const char* kTypeName = "GstSvgStats";
  static constexpr const char* kFactory = "svgstats";
  static constexpr const char* kLongName = "SVG statistics";
  static constexpr const char* kClassification = "Sink/Analyzer/Tensor";
  static constexpr const char* kDescription =
      "Measures alignment scalars and per-channel mean and deviation of a stream";

  explicit Stats(gpointer instance) : ElementImpl(instance) {
    gst_base_sink_set_sync(sink(), FALSE);
  }

  static GType parent_type() { return GST_TYPE_BASE_SINK; }

  static std::vector<Property<Stats>> properties() {
    return joined(
        model_properties<Stats>(),
        {field<Stats>(
             &StatsSettings::location,
             {.name = "location",
              .blurb = "safetensors file to write at the end of the stream; a process of a "
                       "distributed launch writes its part, for `svgen merge`"}),
         field<Stats>(
             &StatsSettings::merge,
             {.name = "merge",
              .blurb = "Comma-separated files of other svgstats runs whose sums are added"})});
  }

  static void class_init(GstBaseSinkClass* klass) {
    add_pad_template(klass, "sink", GST_PAD_SINK, kTensorSinkCaps);
    klass->set_caps = trampoline<&Stats::set_caps>;
    klass->render = trampoline<&Stats::render>;
    klass->event = trampoline<&Stats::event>;
  }

  void open() { client_.open(element(), GST_BASE_SINK_PAD(sink()), settings()); }
  void close() {
    recorder_.reset();
    client_.close();
  }
  StructurePtr model_statistics() const { return client_.statistics(); }

  // This is not in the start vfunc: a sink's runs at NULL->READY, and each run counts from nothing.
  void prepare() {
    const StatsSettings s = settings();
    const std::filesystem::path folder = std::filesystem::path(s.location).parent_path();
    if (s.location.empty()) {
      throw ConfigurationError(
          "svgstats has nowhere to write: set location",
          {.expected = "a file name", .found = "nothing", .where = "property location"});
    }
    if (!folder.empty() && !std::filesystem::is_directory(folder)) {
      throw IoError("the folder of location does not exist", {.expected = "an existing folder",
                                                              .found = folder.string(),
                                                              .where = "property location"});
    }
    shard_ = shard_from_environment();
    if (shard_.world > 1 && !s.merge.empty())
      throw ConfigurationError(
          "svgstats writes its part in a distributed launch: add files with `svgen merge`",
          {.expected = "no files to merge", .found = s.merge, .where = "property merge"});
    recorder_ = StatisticsRecorder::create();
    for (const std::string& file : comma_separated(s.merge)) recorder_->merge(file);
  }

  gboolean set_caps(GstCaps* caps) {
    open();  // the chain may have been linked since
    stream_ = TensorStream::parse(caps);
    check();
    return TRUE;
  }

  GstFlowReturn render(GstBuffer* buffer) {
    std::vector<Tensor> tensors = tensors_of(buffer, stream_);
    const int64_t images = real_images(buffer, stream_.batch);
    for (Tensor& tensor : tensors) tensor = tensor.rows(0, images);
    if (has_features())
      recorder_->add_features(tensors[0], tensors[1]);
    else
      recorder_->add_latents(tensors[0]);
    return GST_FLOW_OK;
  }

  gboolean event(GstEvent* event) {
    const EventPtr owned(event);
    if (GST_EVENT_TYPE(event) == GST_EVENT_EOS) save();
    return GST_BASE_SINK_CLASS(Glue<Stats>::parent())->event(sink(), gst_event_ref(owned.get()));
  }

 private:
  GstBaseSink* sink() const { return GST_BASE_SINK_CAST(element()); }

  bool has_features() const { return stream_.entries.size() == 2 && !stream_.entries[1].is_label; }

  void check() const {
    const ModelInfo& info = client_.engine().info();
    const int64_t first = stream_.entries[0].channels;
    const bool fits = has_features() ? first == info.semantic_channels &&
                                           stream_.entries[1].channels == info.residual_channels
                                     : first == info.latent_channels;
    if (fits) return;
    throw ShapeError("svgstats needs the two tensors of svgencode, or latents, of its model",
                     {.expected = std::to_string(info.semantic_channels) + " and " +
                                  std::to_string(info.residual_channels) + " channels, or " +
                                  std::to_string(info.latent_channels),
                      .found = stream_.text(),
                      .where = client_.engine().card().path.string()});
  }

  void save() {
    const std::string location = settings().location;
    if (recorder_->images() == 0) {
      throw IoError(
          "nothing arrived before the end of the stream: no statistics were written. Are "
          "there pictures in the source?",
          {.expected = "one image at least", .found = "none", .where = location});
    }
    recorder_->save(part_of(location, shard_));
    GstStructure* facts =
        gst_structure_new("svg-stats", "images", G_TYPE_INT64, recorder_->images(), nullptr);
    set_text(facts, "location", location);
    gst_element_post_message(element(), gst_message_new_element(GST_OBJECT_CAST(element()), facts));
  }

  ModelClient client_;
  TensorStream stream_;
  std::unique_ptr<StatisticsRecorder> recorder_;
  Shard shard_;
};

}  // namespace

bool register_stats(GstPlugin* plugin) {
  return Glue<Stats>::register_with(plugin);
}

}  // namespace svgen::gst
