// SPDX-License-Identifier: MIT
// Asking for the origin of stored latents.
#include "common/latent_query.h"

#include <utility>

#include "common/errors.h"
#include "common/handles.h"
#include "common/model_client.h"
#include "svgen/error.h"

namespace svgen::gst {
namespace {

constexpr const char* kQueryName = "svg-latent-origin";
constexpr const char* kModelField = "model";
constexpr const char* kChecksumField = "checksum";
constexpr const char* kImagesField = "images";
constexpr const char* kOrderField = "order";
constexpr size_t kShownDigits = 12;

std::string shown(const LatentOrigin& origin) {
  return origin.model + " (" + origin.checksum.substr(0, kShownDigits) + ")";
}

}  // namespace

std::optional<StoredLatents> stored_latents(GstPad* sink) {
  const QueryPtr query(gst_query_new_custom(GST_QUERY_CUSTOM, gst_structure_new_empty(kQueryName)));
  if (!gst_pad_peer_query(sink, query.get())) return std::nullopt;
  const GstStructure* structure = gst_query_get_structure(query.get());
  const auto text = [&](const char* field) {
    return text_or_empty(gst_structure_get_string(structure, field));
  };
  StoredLatents stored{{text(kModelField), text(kChecksumField)}, 0, text(kOrderField)};
  gint64 images = 0;
  if (gst_structure_get_int64(structure, kImagesField, &images)) stored.images = images;
  return stored;
}

bool answer_stored_query(GstQuery* query, const StoredLatents& stored) {
  if (GST_QUERY_TYPE(query) != GST_QUERY_CUSTOM) return false;
  GstStructure* structure = gst_query_writable_structure(query);
  if (!gst_structure_has_name(structure, kQueryName)) return false;
  set_text(structure, kModelField, stored.origin.model);
  set_text(structure, kChecksumField, stored.origin.checksum);
  set_text(structure, kOrderField, stored.order);
  gst_structure_set(structure, kImagesField, G_TYPE_INT64, static_cast<gint64>(stored.images),
                    nullptr);
  return true;
}

bool check_origin(GstPad* sink, const Card& card) {
  const std::optional<StoredLatents> stored = stored_latents(sink);
  if (!stored) return false;
  if (stored->origin.checksum.empty()) return true;
  const LatentOrigin own = latent_origin(card);
  if (own.checksum.empty() || own.checksum == stored->origin.checksum) return true;
  throw ConfigurationError(
      "the stored latents were made by the encoders of another model: name that model, or encode "
      "the pictures anew",
      {.expected = "latents of " + shown(own),
       .found = "latents of " + shown(stored->origin),
       .where = card.path.string()});
}

void LatentOriginCheck::run(GstElement* element, GstPad* sink, const Card& card) {
  const bool is_unknown = !check_origin(sink, card) && card_upstream(sink).empty();
  if (is_unknown && !std::exchange(has_warned_, true))
    warn(element, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT,
         "Nobody upstream says which model made these latents: they fit by their size, and may be "
         "another model's",
         "");
}

}  // namespace svgen::gst
