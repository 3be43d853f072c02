// SPDX-License-Identifier: MIT
// svglatentsrc: stored latents with their labels, epoch after epoch.
#include <algorithm>
#include <cstring>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include "common/batch_meta.h"
#include "common/latent_query.h"
#include "common/numbered_source.h"
#include "common/tensor_memory.h"
#include "common/tensor_stream.h"
#include "common/video_frames.h"
#include "data/latent_store.h"
#include "svgen/error.h"
#include "svgtrain/elements.h"
#include "svgtrain/ordered_settings.h"

namespace svgen::gst {
namespace {

struct LatentSourceSettings : NumberedSettings, OrderedSettings {
  std::string location;
  std::string json;
  int64_t batch_size = 1;
};

class LatentSource : public NumberedSource<LatentSource, LatentSourceSettings> {
 public:
  static constexpr const char* kTypeName = "GstSvgLatentSrc";
  static constexpr const char* kFactory = "svglatentsrc";
  static constexpr const char* kLongName = "SVG latent source";
  static constexpr const char* kClassification = "Source/File/Tensor";
  static constexpr const char* kDescription =
      "Reads stored latents and labels, in NNStreamer's data repository layout";

  using NumberedSource::NumberedSource;

  static std::vector<Property<LatentSource>> properties() {
    using S = LatentSourceSettings;
    return joined(
        joined(numbered_properties<LatentSource>(), ordered_properties<LatentSource>()),
        {field<LatentSource>(&S::location,
                             {.name = "location", .blurb = "File of the raw samples"}),
         field<LatentSource>(&S::json, {.name = "json",
                                        .blurb = "File that describes them (unset: location with "
                                                 "the ending .json)"}),
         field<LatentSource>(
             &S::batch_size,
             {.name = "batch-size", .blurb = "Images in one buffer", .low = 1, .high = 65536})});
  }

  static void class_init(GstPushSrcClass* klass) {
    install_source(klass, kTensorSourceCaps);
    GST_BASE_SRC_CLASS(klass)->negotiate = trampoline<&LatentSource::negotiate>;
  }

  gboolean start() {
    const LatentSourceSettings s = settings();
    if (s.location.empty()) {
      throw ConfigurationError("svglatentsrc has nothing to read: set location",
                               {.expected = "a file that svglatentsink wrote",
                                .found = "nothing",
                                .where = "property location"});
    }
    store_.emplace(s.location, json_beside(s.location, s.json));
    read_layout();
    const int64_t images = store_->samples() * stored_.batch;
    order_.emplace(images, s.shuffle, s.seed);
    numbers().begin(s, s.available(images), shard_of(s.shard));
    return TRUE;
  }

  gboolean stop() {
    store_.reset();
    order_.reset();
    sent_ = {};
    return TRUE;
  }

  gboolean query(GstQuery* query) {
    if (store_ && answer_stored_query(query, stored())) return TRUE;
    return NumberedSource::query(query);
  }

  std::vector<std::string> class_names() const {
    return store_ ? store_->classes() : std::vector<std::string>();
  }

  std::string file() const { return settings().location; }

  GstCaps* get_caps(GstCaps* filter) {
    return filtered(CapsPtr(gst_pad_get_pad_template_caps(pad())), filter);
  }

  gboolean negotiate() { return announce(std::max<int64_t>(1, std::ssize(images_of_batch()))); }

  GstFlowReturn create(GstBuffer** out) {
    const std::vector<int64_t> images = images_of_batch();
    if (images.empty()) return GST_FLOW_EOS;
    if (!announce(static_cast<int64_t>(images.size()))) return flow_of_refused_caps(pad());
    std::vector<Tensor> tensors;
    for (const TensorStream::Entry& entry : sent_.entries)
      tensors.push_back(Tensor::empty(entry.dtype, sent_.shape_of(entry)));
    for (size_t i = 0; i < images.size(); ++i) {
      if (cancelled()) return GST_FLOW_FLUSHING;
      read_image(order_->at(images[i]).item, static_cast<int64_t>(i), tensors);
    }
    *out = buffer_of(images, tensors);
    numbers().advance_behind(images.back());
    return GST_FLOW_OK;
  }

 private:
  StoredLatents stored() const {
    const LatentSourceSettings s = settings();
    return {store_->origin(), store_->samples() * stored_.batch,
            s.shuffle ? "shuffled by seed " + std::to_string(s.seed) : "as stored"};
  }

  // Reads the layout of a stored sample; other writers may have put several images into one.
  void read_layout() {
    const CapsPtr caps(gst_caps_from_string(store_->caps().c_str()));
    if (!caps || !gst_caps_is_fixed(caps.get())) {
      throw IoError("the caps of the stored latents cannot be read: write the pair anew",
                    {.expected = "fixed caps of a tensor stream",
                     .found = store_->caps(),
                     .where = settings().location});
    }
    stored_ = TensorStream::parse(caps.get());
    size_t bytes = 0;
    for (const TensorStream::Entry& entry : stored_.entries) bytes += stored_.bytes_of(entry);
    if (bytes == store_->sample_size()) return;
    throw ShapeError("the size of the stored samples contradicts their caps: write the pair anew",
                     {.expected = std::to_string(bytes) + " bytes for " + stored_.text(),
                      .found = std::to_string(store_->sample_size()) + " bytes",
                      .where = settings().location});
  }

  std::vector<int64_t> images_of_batch() const { return numbers().upcoming(settings().batch_size); }

  bool announce(int64_t images) {
    TensorStream stream = stored_;
    stream.batch = images;
    stream.rate = multiplied(settings().framerate, 1, images);
    if (!sent_.entries.empty() && sent_ == stream && !gst_pad_check_reconfigure(pad())) return true;
    const CapsPtr caps = stream.caps(peer_takes_tensor_memory(pad()));
    if (!gst_base_src_set_caps(source(), caps.get())) return false;
    sent_ = std::move(stream);
    return true;
  }

  // Image `item` of the file into row `row` of the tensors.
  void read_image(int64_t item, int64_t row, const std::vector<Tensor>& tensors) {
    const int64_t sample = item / stored_.batch, place = item % stored_.batch;
    sample_.resize(store_->sample_size());
    // A sample is the unit that can be checked.
    store_->read(sample, sample_);
    const std::byte* from = sample_.data();
    for (size_t k = 0; k < tensors.size(); ++k) {
      const Tensor to = tensors[k].rows(row, 1);
      std::memcpy(to.data(), from + static_cast<size_t>(place) * to.byte_count(), to.byte_count());
      from += stored_.bytes_of(stored_.entries[k]);
    }
  }

  GstBuffer* buffer_of(const std::vector<int64_t>& images, const std::vector<Tensor>& tensors) {
    std::vector<ImageFacts> facts;
    const bool labelled = stored_.entries.back().is_label;
    for (size_t i = 0; i < images.size(); ++i) {
      facts.push_back({.index = images[i], .seed = settings().seed});
      if (labelled) facts.back().label = tensors.back().data_as<int64_t>()[i];
    }
    GstBuffer* buffer = gst_buffer_new();
    for (const Tensor& tensor : tensors)
      gst_buffer_append_memory(buffer, tensor_memory_new(tensor));
    set_image_facts(buffer, facts);
    stamp(buffer, settings(), images.front(), images.back());
    return buffer;
  }

  std::optional<LatentReader> store_;
  std::optional<DataOrder> order_;
  TensorStream stored_, sent_;
  std::vector<std::byte> sample_;
};

}  // namespace

bool register_latent_source(GstPlugin* plugin) {
  return Glue<LatentSource>::register_with(plugin);
}

}  // namespace svgen::gst
