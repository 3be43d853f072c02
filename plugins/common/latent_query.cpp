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
constexpr size_t kShownDigits = 12;

std::string shown(const LatentOrigin& origin) {
  return origin.model + " (" + origin.checksum.substr(0, kShownDigits) + ")";
}

}  // namespace

std::optional<LatentOrigin> stored_origin(GstPad* sink) {
  const QueryPtr query(gst_query_new_custom(GST_QUERY_CUSTOM, gst_structure_new_empty(kQueryName)));
  if (!gst_pad_peer_query(sink, query.get())) return std::nullopt;
  const GstStructure* structure = gst_query_get_structure(query.get());
  return LatentOrigin{text_or_empty(gst_structure_get_string(structure, kModelField)),
                      text_or_empty(gst_structure_get_string(structure, kChecksumField))};
}

bool answer_origin_query(GstQuery* query, const LatentOrigin& origin) {
  if (GST_QUERY_TYPE(query) != GST_QUERY_CUSTOM) return false;
  GstStructure* structure = gst_query_writable_structure(query);
  if (!gst_structure_has_name(structure, kQueryName)) return false;
  set_text(structure, kModelField, origin.model);
  set_text(structure, kChecksumField, origin.checksum);
  return true;
}

void LatentOriginCheck::run(GstElement* element, GstPad* sink, const Card& card) {
  const std::optional<LatentOrigin> stored = stored_origin(sink);
  if (!stored && card_upstream(sink).empty() && !std::exchange(has_warned_, true))
    warn(element, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT,
         "Nobody upstream says which model made these latents: they fit by their size, and may be "
         "another model's",
         "");
  if (!stored || stored->checksum.empty()) return;
  const LatentOrigin own = latent_origin(card);
  if (own.checksum == stored->checksum) return;
  throw ConfigurationError(
      "the stored latents were made by the encoders of another model: name that model, or encode "
      "the pictures anew",
      {.expected = "latents of " + shown(own),
       .found = "latents of " + shown(*stored),
       .where = card.path.string()});
}

}  // namespace svgen::gst
