// SPDX-License-Identifier: MIT
// svglatentsink: latents with labels into a raw file with a JSON file beside it, to be read many
// times.
#include <gst/base/gstbasesink.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "common/batch_meta.h"
#include "common/class_names.h"
#include "common/element.h"
#include "common/latent_query.h"
#include "common/model_client.h"
#include "common/tensor_memory.h"
#include "common/tensor_stream.h"
#include "data/data_order.h"
#include "data/latent_store.h"
#include "data/parts.h"
#include "svgen/engine.h"
#include "svgen/error.h"
#include "svgtrain/elements.h"

namespace svgen::gst {
namespace {

struct LatentSinkSettings {
  std::string location;
  std::string json;
  bool labels = true;
};

class LatentSink : public ElementImpl<LatentSinkSettings> {
 public:
  using Base = GstBaseSink;
  using BaseClass = GstBaseSinkClass;

  static constexpr const char* kTypeName = "GstSvgLatentSink";
  static constexpr const char* kFactory = "svglatentsink";
  static constexpr const char* kLongName = "SVG latent sink";
  static constexpr const char* kClassification = "Sink/File/Tensor";
  static constexpr const char* kDescription =
      "Stores latents and labels image by image, in NNStreamer's data repository layout";

  explicit LatentSink(gpointer instance) : ElementImpl(instance) {
    gst_base_sink_set_sync(sink(), FALSE);
  }

  static GType parent_type() { return GST_TYPE_BASE_SINK; }

  static std::vector<Property<LatentSink>> properties() {
    using S = LatentSinkSettings;
    return {
        field<LatentSink>(
            &S::location,
            {.name = "location",
             .blurb = "File of the raw samples; it appears when the stream has ended. A process "
                      "of a distributed launch writes its part, for `svgen merge`"}),
        field<LatentSink>(&S::json, {.name = "json",
                                     .blurb = "File that describes them (unset: location with the "
                                              "ending .json)"}),
        field<LatentSink>(&S::labels,
                          {.name = "labels",
                           .blurb = "Store each image's label (-1 where unknown) as a second "
                                    "tensor"})};
  }

  static void class_init(GstBaseSinkClass* klass) {
    add_pad_template(klass, "sink", GST_PAD_SINK, kTensorSinkCaps);
    klass->start = trampoline<&LatentSink::start>;
    klass->stop = trampoline<&LatentSink::stop>;
    klass->set_caps = trampoline<&LatentSink::set_caps>;
    klass->render = trampoline<&LatentSink::render>;
    klass->event = trampoline<&LatentSink::event>;
  }

  void open() {}
  void close() {}

  gboolean start() {
    const std::string location = settings().location;
    const std::filesystem::path folder = std::filesystem::path(location).parent_path();
    if (location.empty()) {
      throw ConfigurationError(
          "svglatentsink has nowhere to write: set location",
          {.expected = "a file name", .found = "nothing", .where = "property location"});
    }
    if (!folder.empty() && !std::filesystem::is_directory(folder)) {
      throw IoError("the folder of location does not exist", {.expected = "an existing folder",
                                                              .found = folder.string(),
                                                              .where = "property location"});
    }
    shard_ = shard_from_environment();
    return TRUE;
  }

  // Nothing appears under the name before the end of the stream.
  gboolean stop() {
    writer_.reset();
    sample_.entries.clear();
    return TRUE;
  }

  gboolean set_caps(GstCaps* caps) {
    stream_ = TensorStream::parse(caps);
    const TensorStream sample = sample_of(stream_);
    if (!writer_) {
      begin(sample);
    } else if (!(sample == sample_)) {
      throw ShapeError(
          "the latents change their shape within one file: store them in two files",
          {.expected = sample_.text(), .found = sample.text(), .where = settings().location});
    }
    return TRUE;
  }

  GstFlowReturn render(GstBuffer* buffer) {
    std::vector<Tensor> tensors = tensors_of(buffer, stream_);
    for (Tensor& tensor : tensors) tensor = to_host(tensor);
    const std::vector<ImageFacts> facts = image_facts(buffer, static_cast<size_t>(stream_.batch));
    const int64_t images = real_images(buffer, stream_.batch);
    for (int64_t i = 0; i < images; ++i) add_image(tensors, facts[static_cast<size_t>(i)], i);
    return GST_FLOW_OK;
  }

  gboolean event(GstEvent* event) {
    const EventPtr owned(event);
    if (GST_EVENT_TYPE(event) == GST_EVENT_EOS) save();
    return GST_BASE_SINK_CLASS(Glue<LatentSink>::parent())
        ->event(sink(), gst_event_ref(owned.get()));
  }

 private:
  GstBaseSink* sink() const { return GST_BASE_SINK_CAST(element()); }

  static bool has_labels(const TensorStream& stream) { return stream.entries.back().is_label; }

  // One image of the stream, as it is stored.
  TensorStream sample_of(TensorStream stream) const {
    const bool wanted = settings().labels;
    stream.batch = 1;
    stream.rate = {0, 1};
    if (has_labels(stream)) stream.entries.pop_back();
    if (wanted && stream.entries.size() > 1) {
      throw ShapeError(
          "features of two kinds cannot be stored with labels: insert svgalign, or set "
          "labels=false",
          {.expected = "one tensor of latents", .found = stream.text(), .where = "caps"});
    }
    if (wanted) stream.entries.push_back({1, DType::kInt64, true});
    return stream;
  }

  void refuse_the_source(const std::string& location) const {
    const QueryPtr query(gst_query_new_uri());
    if (!gst_pad_peer_query(GST_BASE_SINK_PAD(sink()), query.get())) return;
    gchar* uri = nullptr;
    gst_query_parse_uri(query.get(), &uri);
    const TextPtr owned(uri);
    const TextPtr read(uri ? g_filename_from_uri(uri, nullptr, nullptr) : nullptr);
    std::error_code none;
    if (read && std::filesystem::equivalent(read.get(), location, none)) {
      throw ConfigurationError("the file would replace the one it is made of: name another",
                               {.expected = "a file that is not read",
                                .found = read.get(),
                                .where = "property location"});
    }
  }

  void begin(const TensorStream& sample) {
    const LatentSinkSettings s = settings();
    refuse_the_source(s.location);
    size_t bytes = 0;
    for (const TensorStream::Entry& entry : sample.entries) bytes += sample.bytes_of(entry);
    const std::filesystem::path part = part_of(s.location, shard_);
    writer_.emplace(part, shard_.world > 1 ? json_of_part(part) : json_beside(s.location, s.json),
                    caps_text(sample.caps(false).get()), bytes);
    GstPad* pad = GST_BASE_SINK_PAD(sink());
    writer_->name_classes(classes_upstream(pad));
    const std::string card = card_upstream(pad);
    if (!card.empty())
      writer_->name_origin(latent_origin(Card::load(card)));
    else  // of latents that are stored once more
      writer_->name_origin(stored_latents(pad).value_or(StoredLatents{}).origin);
    sample_ = sample;
  }

  void add_image(const std::vector<Tensor>& tensors, const ImageFacts& facts, int64_t image) {
    int64_t label = facts.label;
    std::vector<LatentWriter::Bytes> parts;
    for (size_t k = 0; k < tensors.size(); ++k) {
      const Tensor row = tensors[k].rows(image, 1);
      if (stream_.entries[k].is_label)
        label = *row.data_as<int64_t>();
      else
        parts.emplace_back(static_cast<const std::byte*>(row.data()), row.byte_count());
    }
    if (has_labels(sample_)) parts.push_back(std::as_bytes(std::span(&label, 1)));
    if (shard_.world == 1) return writer_->add(parts);
    if (facts.index < 0) throw unnumbered_images(kFactory);
    writer_->add(parts, facts.index);
  }

  void save() {
    const std::string location = settings().location;
    if (!writer_ || writer_->samples() == 0) {
      throw IoError(
          "no latents arrived before the end of the stream: nothing was stored. Are there "
          "pictures in the source, and does its first-index leave any?",
          {.expected = "one image at least", .found = "none", .where = location});
    }
    const int64_t images = writer_->samples();
    writer_->commit();
    writer_.reset();
    GstStructure* facts = gst_structure_new("svg-latents", "images", G_TYPE_INT64, images, nullptr);
    set_text(facts, "location", part_of(location, shard_).string());
    gst_element_post_message(element(), gst_message_new_element(GST_OBJECT_CAST(element()), facts));
  }

  TensorStream stream_;  // what arrives
  TensorStream sample_;  // what is stored
  std::optional<LatentWriter> writer_;
  Shard shard_;
};

}  // namespace

bool register_latent_sink(GstPlugin* plugin) {
  return Glue<LatentSink>::register_with(plugin);
}

}  // namespace svgen::gst
