// SPDX-License-Identifier: MIT
// Finding and opening a model for an element.
#include "common/model_client.h"

#include "common/errors.h"
#include "common/handles.h"
#include "svgen/error.h"
#include "svgen/registry.h"
#include "svgen/text.h"

GST_DEBUG_CATEGORY_STATIC(svg_model_debug);
#define GST_CAT_DEFAULT svg_model_debug

namespace svgen::gst {
namespace {

constexpr const char* kQueryName = "svg-model";
constexpr const char* kCardField = "card";

// A text, or bytes where the path is not UTF-8: a structure takes no such text.
void set_card(GstStructure* structure, const std::string& card) {
  if (is_utf8(card)) return set_text(structure, kCardField, card);
  GBytes* path = g_bytes_new(card.data(), card.size());
  gst_structure_set(structure, kCardField, G_TYPE_BYTES, path, nullptr);
  g_bytes_unref(path);
}

std::string card_of(const GstStructure* structure) {
  const GValue* value = gst_structure_get_value(structure, kCardField);
  if (value == nullptr || !G_VALUE_HOLDS(value, G_TYPE_BYTES))
    return text_or_empty(gst_structure_get_string(structure, kCardField));
  gsize size = 0;
  const gconstpointer first =
      g_bytes_get_data(static_cast<GBytes*>(g_value_get_boxed(value)), &size);
  return {static_cast<const char*>(first), size};
}

}  // namespace

std::string card_upstream(GstPad* sink) {
  const QueryPtr query(gst_query_new_custom(GST_QUERY_CUSTOM, gst_structure_new_empty(kQueryName)));
  if (!gst_pad_peer_query(sink, query.get())) return {};
  return card_of(gst_query_get_structure(query.get()));
}

void ModelClient::open(GstElement* element, GstPad* sink, const ModelSettings& settings) {
  static const bool initialised = [] {
    GST_DEBUG_CATEGORY_INIT(svg_model_debug, "svgmodel", 0, "models of svg elements");
    return true;
  }();
  static_cast<void>(initialised);
  const std::string upstream = sink == nullptr ? std::string() : card_upstream(sink);
  const std::string card =
      settings.model.empty() && !upstream.empty() ? upstream : find_card(settings.model).string();
  if (!upstream.empty() && card != upstream) {
    throw ConfigurationError(
        "two models in one chain: give all elements the same model, or only the first",
        {.expected = upstream + " (upstream)", .found = card, .where = GST_ELEMENT_NAME(element)});
  }
  const EngineOptions options{card, settings.device, settings.dtype, settings.follow_training};
  // One that follows training is not shared, so opening it again would lose what it has taken over.
  if (options.follow_training && is_open() && options == opened_) return;
  std::shared_ptr<Engine> opened = Engine::open(options);
  GST_INFO_OBJECT(element, "model %s on %s in %s", printable(card).c_str(),
                  opened->device().name().c_str(), dtype_name(opened->dtype()));
  const std::lock_guard lock(mutex_);
  opened_ = options;
  if (engine_ == opened) return;
  engine_ = std::move(opened);
  follower_.reset();
}

bool ModelClient::follow(ModelPart part, const ProgressFunction& progress) {
  if (!opened_.follow_training) return true;
  if (follower_ == nullptr) follower_ = TrainingFollower::create(shared(), part);
  return follower_->update(progress);
}

void ModelClient::close() {
  const std::lock_guard lock(mutex_);
  engine_.reset();
  follower_.reset();
}

std::shared_ptr<Engine> ModelClient::shared() const {
  const std::lock_guard lock(mutex_);
  return engine_;
}

Engine& ModelClient::engine() const {
  const std::lock_guard lock(mutex_);
  if (engine_ == nullptr)
    throw ConfigurationError("the element has no model yet: set it to READY first");
  return *engine_;
}

StructurePtr ModelClient::statistics() const {
  StructurePtr structure(gst_structure_new_empty("svg-model-stats"));
  const std::shared_ptr<Engine> engine = shared();
  if (engine == nullptr) return structure;
  const EngineCounters s = engine->counters();
  gst_structure_set(structure.get(), "device", G_TYPE_STRING, engine->device().name().c_str(),
                    "dtype", G_TYPE_STRING, dtype_name(engine->dtype()), "handle", G_TYPE_UINT64,
                    s.handle, "bytes-loaded", G_TYPE_UINT64, s.bytes_loaded, "bytes-copied",
                    G_TYPE_UINT64, s.bytes_copied, "seconds-loading", G_TYPE_DOUBLE,
                    s.seconds_loading, "seconds-encoding", G_TYPE_DOUBLE, s.seconds_encoding,
                    "seconds-sampling", G_TYPE_DOUBLE, s.seconds_sampling, "seconds-decoding",
                    G_TYPE_DOUBLE, s.seconds_decoding, "images-encoded", G_TYPE_UINT64,
                    s.images_encoded, "images-sampled", G_TYPE_UINT64, s.images_sampled,
                    "images-decoded", G_TYPE_UINT64, s.images_decoded, nullptr);
  set_text(structure.get(), "card", engine->card().path.string());
  return structure;
}

void require_sampler(const Engine& engine) {
  if (engine.info().has_sampler) return;
  throw ConfigurationError(
      "the model cannot generate: use a card with \"diffusion\"",
      {.expected = "diffusion", .found = "none", .where = engine.card().path.string()});
}

bool answer_model_query(GstQuery* query, const ModelSettings& settings, bool is_source) {
  if (GST_QUERY_TYPE(query) != GST_QUERY_CUSTOM) return false;
  GstStructure* structure = gst_query_writable_structure(query);
  if (!gst_structure_has_name(structure, kQueryName)) return false;
  if (settings.model.empty() && !is_source) return false;
  try {
    set_card(structure, find_card(settings.model).string());
  } catch (const Error&) {
    return false;  // this element reports its own missing model
  }
  return true;
}

}  // namespace svgen::gst
