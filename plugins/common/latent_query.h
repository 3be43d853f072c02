// SPDX-License-Identifier: MIT
// Where the latents of a stream come from: a query that travels upstream to whoever stores them.
#pragma once

#include <gst/gst.h>

#include <optional>
#include <string>

#include "data/latent_origin.h"

namespace svgen::gst {

/// What a store says of its stream.
struct StoredLatents {
  LatentOrigin origin;  // its checksum is empty where the writer knew none
  int64_t images = 0;   // of an epoch
  std::string order;    // how they follow one another
};

/// Of the store upstream of the sink pad; nothing where there is none.
std::optional<StoredLatents> stored_latents(GstPad* sink);

/// Answers that query when `query` is one.
bool answer_stored_query(GstQuery* query, const StoredLatents& stored);

/// ConfigurationError when stored latents upstream of the sink pad were made by other encoders than
/// the card's. Nothing is said of what is unknown. Returns whether there is a store.
bool check_origin(GstPad* sink, const Card& card);

/// check_origin() at each of an element's caps, with a warning, once, where nobody upstream knows
/// which model made the latents: then only their size says that they fit.
class LatentOriginCheck {
 public:
  void run(GstElement* element, GstPad* sink, const Card& card);

 private:
  bool has_warned_ = false;
};

}  // namespace svgen::gst
