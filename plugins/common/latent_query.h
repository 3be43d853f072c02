// SPDX-License-Identifier: MIT
// Where the latents of a stream come from: a query that travels upstream to whoever stores them.
#pragma once

#include <gst/gst.h>

#include <optional>

#include "data/latent_origin.h"

namespace svgen::gst {

/// The origin that stored latents upstream of the sink pad were written with, its checksum empty
/// where the writer knew none; nothing where no store is upstream.
std::optional<LatentOrigin> stored_origin(GstPad* sink);

/// Answers that query when `query` is one.
bool answer_origin_query(GstQuery* query, const LatentOrigin& origin);

/// Compares stored latents with the model that takes them, at each of an element's caps.
class LatentOriginCheck {
 public:
  /// ConfigurationError when stored latents upstream of the sink pad were made by other encoders
  /// than the card's. Warns, once, where nobody upstream knows which model made the latents: then
  /// only their size says that they fit.
  void run(GstElement* element, GstPad* sink, const Card& card);

 private:
  bool has_warned_ = false;
};

}  // namespace svgen::gst
