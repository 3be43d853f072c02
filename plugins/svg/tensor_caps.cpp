// SPDX-License-Identifier: MIT
// The field "tensors" of GStreamer's caps, and questions to the peer.
#include "svg/tensor_caps.h"

#include <utility>

#include "common/tensor_stream.h"
#include "svgen/error.h"

namespace svgen::gst {

#ifdef GST_TYPE_UNIQUE_LIST
namespace {

constexpr const char* kField = "tensors";
constexpr const char* kGroup = "svg-encoder-out";  // of the tensors of one element

// The field of one structure of caps; an empty one where there is none.
StructurePtr groups_of(const GstStructure* video) {
  GstStructure* found = nullptr;
  gst_structure_get(video, kField, GST_TYPE_STRUCTURE, &found, nullptr);
  return StructurePtr(found != nullptr ? found : gst_structure_new_empty("tensorgroups"));
}

CapsPtr described(const TensorKind& kind) {
  CapsPtr caps(gst_caps_new_simple("tensor/strided", "tensor-id", G_TYPE_STRING, kind.id,
                                   "dims-order", G_TYPE_STRING, "row-major", "type", G_TYPE_STRING,
                                   dtype_name(kind.dtype), nullptr));
  Value sizes(GST_TYPE_ARRAY);
  for (const int64_t size : kind.shape) {
    Value one(G_TYPE_INT);
    g_value_set_int(one.get(), static_cast<gint>(size));
    gst_value_array_append_value(sizes.get(), one.get());
  }
  gst_caps_set_value(caps.get(), "dims", sizes.get());
  return caps;
}

}  // namespace

CapsPtr with_tensor_caps(CapsPtr video, const std::vector<TensorKind>& kinds) {
  Value list(GST_TYPE_UNIQUE_LIST);
  for (const TensorKind& kind : kinds) {
    Value one(GST_TYPE_CAPS);
    gst_value_set_caps(one.get(), described(kind).get());
    gst_value_unique_list_append_value(list.get(), one.get());
  }
  CapsPtr caps(gst_caps_make_writable(video.release()));
  for (guint i = 0; i < gst_caps_get_size(caps.get()); ++i) {
    GstStructure* structure = gst_caps_get_structure(caps.get(), i);
    const StructurePtr groups = groups_of(structure);
    gst_structure_set_value(groups.get(), kGroup, list.get());
    gst_structure_set(structure, kField, GST_TYPE_STRUCTURE, groups.get(), nullptr);
  }
  return caps;
}

CapsPtr without_tensor_caps(CapsPtr video) {
  CapsPtr caps(gst_caps_make_writable(video.release()));
  for (guint i = 0; i < gst_caps_get_size(caps.get()); ++i) {
    GstStructure* structure = gst_caps_get_structure(caps.get(), i);
    const StructurePtr groups = groups_of(structure);
    gst_structure_remove_field(groups.get(), kGroup);
    if (gst_structure_n_fields(groups.get()) == 0)
      gst_structure_remove_field(structure, kField);
    else
      gst_structure_set(structure, kField, GST_TYPE_STRUCTURE, groups.get(), nullptr);
  }
  return caps;
}
#else
CapsPtr with_tensor_caps(CapsPtr video, const std::vector<TensorKind>&) {
  return video;
}

CapsPtr without_tensor_caps(CapsPtr video) {
  return video;
}
#endif

CapsPtr narrowed_video(CapsPtr video, GstCaps* follower) {
  const CapsPtr wanted = without_tensor_caps(CapsPtr(gst_caps_ref(follower)));
  CapsPtr both(gst_caps_intersect_full(video.get(), wanted.get(), GST_CAPS_INTERSECT_FIRST));
  return gst_caps_is_empty(both.get()) ? std::move(video) : std::move(both);
}

void check_follower(GstPad* source, GstCaps* video) {
  const CapsPtr sent(video != nullptr ? gst_caps_ref(video)
                                      : gst_caps_from_string(kTensorSourceCaps));
  const CapsPtr taken(gst_pad_peer_query_caps(source, sent.get()));
  if (!gst_caps_is_empty(taken.get())) return;
  const CapsPtr possible(gst_pad_peer_query_caps(source, nullptr));
  throw ConfigurationError(
      video != nullptr
          ? "what follows svgencode does not take its video: with tensor-meta=true the pictures "
            "themselves go on; leave it false in front of elements that take tensors"
          : "what follows svgencode does not take tensors: with tensor-meta=true the pictures "
            "themselves go on, each with its features in a GstTensorMeta",
      {.expected = caps_text(sent.get()),
       .found = caps_text(possible.get()),
       .where = "the caps that the peer of the source pad takes"});
}

}  // namespace svgen::gst
