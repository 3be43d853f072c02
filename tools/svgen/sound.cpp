// SPDX-License-Identifier: MIT
// The sound of a file on its way into another one: its packets, as they are.
#include <gst/pbutils/pbutils.h>

#include <memory>

#include "pipeline_state.h"
#include "svgen/error.h"

namespace svgen::cli {
namespace {

struct ReleaseList {
  void operator()(GList* list) const { gst_plugin_feature_list_free(list); }
};
using Factories = std::unique_ptr<GList, ReleaseList>;

// Elements of a type that decodebin would choose for these caps.
Factories factories_for(GstElementFactoryListType type, const GstCaps* caps) {
  const Factories all(gst_element_factory_list_get_elements(type, GST_RANK_MARGINAL));
  return Factories(gst_element_factory_list_filter(all.get(), caps, GST_PAD_SINK, FALSE));
}

// What the muxer offers for sound; null where it takes none.
GstPadTemplate* sound_template(GstElement* muxer) {
  return gst_element_class_get_pad_template(GST_ELEMENT_GET_CLASS(muxer), "audio_%u");
}

bool takes(GstPadTemplate* pads, const GstCaps* caps) {
  if (pads == nullptr) return false;
  const gst::CapsPtr wanted(gst_pad_template_get_caps(pads));
  return gst_caps_can_intersect(wanted.get(), caps) != FALSE;
}

// The parser that brings sound into the form that the muxer takes (AAC of a transport stream); null
// where none does.
GstElementFactory* parser_between(const GstCaps* caps, GstPadTemplate* pads) {
  const gst::CapsPtr wanted(pads == nullptr ? gst_caps_new_empty()
                                            : gst_pad_template_get_caps(pads));
  const Factories parsers = factories_for(GST_ELEMENT_FACTORY_TYPE_PARSER, caps);
  const gst::CapsPtr any_form(
      gst_caps_new_empty_simple(gst_structure_get_name(gst_caps_get_structure(caps, 0))));
  const gst::CapsPtr form(gst_caps_intersect(wanted.get(), any_form.get()));
  for (const GList* one = parsers.get(); one != nullptr && !gst_caps_is_empty(form.get());
       one = one->next) {
    auto* factory = GST_ELEMENT_FACTORY(one->data);
    if (gst_element_factory_can_src_any_caps(factory, form.get()) != FALSE) return factory;
  }
  return nullptr;
}

std::string refusal(const Pipeline::State::Input& input, const GstCaps* caps) {
  const gst::TextPtr codec(gst_pb_utils_get_codec_description(caps));
  const std::string muxer =
      GST_OBJECT_NAME(gst_element_get_factory(input.state.muxer));  // webmmux, matroskamux
  return ConfigurationError(
             "the sound of the input does not go into this kind of file as it is: name an output "
             "that ends with .mkv, or leave the sound out with --no-sound",
             {.expected = "sound that " + muxer + " takes",
              .found = gst::text_or_empty(codec.get()),
              .where = input.file.string()})
      .report();
}

GstElement* add_behind(GstElement* bin, GstElement* last, GstElement* element) {
  gst_bin_add(GST_BIN(bin), element);
  if (last != nullptr) gst_element_link(last, element);
  return element;
}

}  // namespace

bool is_sound_in_frames(const GstCaps* caps) {
  if (gst_caps_get_size(caps) == 0 || !gst_caps_is_fixed(caps)) return false;
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  if (!g_str_has_prefix(gst_structure_get_name(structure), "audio/")) return false;
  for (const char* field : {"framed", "parsed"}) {
    gboolean is = FALSE;
    if (gst_structure_get_boolean(structure, field, &is) && is != FALSE) return true;
  }
  // A container whose name begins like that of sound has a demuxer.
  return !factories_for(GST_ELEMENT_FACTORY_TYPE_PARSER, caps) &&
         !factories_for(GST_ELEMENT_FACTORY_TYPE_DEMUXER, caps);
}

std::string take_sound(Pipeline::State::Input& input, GstPad* pad, const GstCaps* caps) {
  const Pipeline::State& state = input.state;
  GstPadTemplate* pads = sound_template(state.muxer);
  GstElementFactory* parser = takes(pads, caps) ? nullptr : parser_between(caps, pads);
  if (!takes(pads, caps) && parser == nullptr) return refusal(input, caps);
  // Sound waits for pictures, which take their time; there is little of it.
  GstElement* first = gst_element_factory_make("queue", nullptr);
  g_object_set(first, "max-size-buffers", 0, "max-size-bytes", 0, "max-size-time", guint64{0},
               nullptr);
  GstElement* last = add_behind(state.bin, nullptr, first);
  if (parser != nullptr)
    last = add_behind(state.bin, last, gst_element_factory_create(parser, nullptr));
  const gst::PadPtr place(gst_element_request_pad(state.muxer, pads, nullptr, nullptr)),
      end(gst_element_get_static_pad(last, "src")),
      begin(gst_element_get_static_pad(first, "sink"));
  if (!place || GST_PAD_LINK_FAILED(gst_pad_link(end.get(), place.get())))
    return refusal(input, caps);
  if (last != first) gst_element_sync_state_with_parent(last);
  gst_element_sync_state_with_parent(first);
  return GST_PAD_LINK_FAILED(gst_pad_link(pad, begin.get())) ? refusal(input, caps) : "";
}

}  // namespace svgen::cli
