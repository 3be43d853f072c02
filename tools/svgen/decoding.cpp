// SPDX-License-Identifier: MIT
// The video of a file: found among its streams, upright and progressive.
#include <cinttypes>

#include "pipeline_state.h"
#include "svgen/error.h"
#include "svgtrain/image_reader.h"

namespace svgen::cli {
namespace {

// Returns the number of pixels in caps of pictures or video; 0 where they give none.
int64_t pixels_of(const GstCaps* caps) {
  if (gst_caps_get_size(caps) == 0) return 0;
  gint width = 0, height = 0;
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  gst_structure_get_int(structure, "width", &width);
  gst_structure_get_int(structure, "height", &height);
  return static_cast<int64_t>(width) * height;
}

// Is asked before a decoder is chosen; FALSE leaves the stream as it is.
gboolean autoplug_continue(GstElement*, GstPad*, GstCaps* caps, gpointer) {
  return pixels_of(caps) <= most_pixels() && !is_sound_in_frames(caps);
}

gst::CapsPtr caps_of(GstPad* pad) {
  gst::CapsPtr caps(gst_pad_get_current_caps(pad));
  if (!caps) caps.reset(gst_pad_query_caps(pad, nullptr));
  return caps;
}

std::string media_type(const GstCaps* caps) {
  return gst_caps_get_size(caps) == 0 ? "nothing"
                                      : gst_structure_get_name(gst_caps_get_structure(caps, 0));
}

void take_stream(GstElement*, GstPad* pad, gpointer data) {
  Pipeline::State::Input& input = *static_cast<Pipeline::State::Input*>(data);
  Pipeline::State& state = input.state;
  const gst::CapsPtr caps = caps_of(pad);
  const std::string type = media_type(caps.get());
  if (const int64_t pixels = pixels_of(caps.get()); pixels > most_pixels()) {
    state.fail(input.file.string() + " holds pictures of " + std::to_string(pixels) +
               " pixels: more than " + std::to_string(most_pixels()) +
               " are only decoded when the variable " + kMostPixelsVariable + " allows it");
  } else if (type != "video/x-raw") {
    {
      const std::lock_guard lock(input.mutex);
      input.other_streams += (input.other_streams.empty() ? "" : ", ") + type;
    }
    if (state.muxer == nullptr || &input != state.main || !type.starts_with("audio/")) return;
    const std::string problem = take_sound(input, pad, caps.get());
    const std::lock_guard lock(input.mutex);
    if (!problem.empty()) input.refused_sound = problem;
  } else if (!gst_pad_is_linked(input.entry.get()) &&
             GST_PAD_LINK_FAILED(gst_pad_link(pad, input.entry.get()))) {
    state.fail("the decoded video of " + input.file.string() +
               " cannot be used: " + gst::caps_text(caps.get()));
  }
}

void all_streams_are_known(GstElement*, gpointer data) {
  Pipeline::State::Input& input = *static_cast<Pipeline::State::Input*>(data);
  const std::lock_guard lock(input.mutex);
  if (gst_pad_is_linked(input.entry.get())) {
    if (!input.refused_sound.empty()) input.state.fail(input.refused_sound);
    return;
  }
  input.state.fail("there is no picture and no video in " + input.file.string() + " (found " +
                   (input.other_streams.empty() ? "no stream" : input.other_streams) + ")");
}

GstPadProbeReturn count_decoded(GstPad*, GstPadProbeInfo*, gpointer data) {
  ++static_cast<Pipeline::State::Input*>(data)->decoded;
  return GST_PAD_PROBE_OK;
}

bool speaks_of_fields(const GstCaps* caps) {
  if (gst_caps_get_size(caps) == 0) return false;
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  const auto is_other = [&](const char* field, const std::string& usual) {
    const char* value = gst_structure_get_string(structure, field);
    return value != nullptr && value != usual;
  };
  return is_other("interlace-mode", "progressive") || is_other("coded-picture-structure", "frame");
}

struct Decoder {
  std::string name;
  bool interlaced = false;
};

// The element that decodes the video, and what it is fed with.
Decoder decoder_in(GstElement* bin) {
  Decoder found;
  GstIterator* elements = gst_bin_iterate_recurse(GST_BIN(bin));
  const auto look = [](const GValue* item, gpointer data) {
    auto* element = GST_ELEMENT(g_value_get_object(item));
    GstElementFactory* factory = gst_element_get_factory(element);
    if (factory == nullptr ||
        !gst_element_factory_list_is_type(factory, GST_ELEMENT_FACTORY_TYPE_DECODER |
                                                       GST_ELEMENT_FACTORY_TYPE_MEDIA_VIDEO |
                                                       GST_ELEMENT_FACTORY_TYPE_MEDIA_IMAGE))
      return;
    const gst::PadPtr pad(gst_element_get_static_pad(element, "sink"));
    if (!pad) return;
    const gst::CapsPtr caps = caps_of(pad.get());
    Decoder& decoder = *static_cast<Decoder*>(data);
    decoder.name = GST_OBJECT_NAME(factory);
    decoder.interlaced = speaks_of_fields(caps.get());
  };
  gst_iterator_foreach(elements, look, &found);
  gst_iterator_free(elements);
  return found;
}

}  // namespace

void Pipeline::add_file(const std::filesystem::path& file) {
  State& state = *state_;
  const bool is_first = GST_BIN_NUMCHILDREN(state.bin) == 0;
  add({"filesrc", {{"location", file.string(), ""}}});
  GstElement* decoder = state.append("decodebin");
  begin_apart();  // its pads come later
  State::Input& input = state.inputs.emplace_back(state, file, decoder);
  if (is_first) state.main = &input;
  input.entry.reset(gst_element_get_static_pad(state.append("videoconvert"), "sink"));
  add({"deinterlace", {{"fields", "top", ""}}});  // one picture for two fields: the rate stays
  add({"videoconvert"});
  add({"videoflip", {{"video-direction", "auto", ""}}});
  g_signal_connect(decoder, "autoplug-continue", G_CALLBACK(autoplug_continue), nullptr);
  g_signal_connect(decoder, "pad-added", G_CALLBACK(take_stream), &input);
  g_signal_connect(decoder, "no-more-pads", G_CALLBACK(all_streams_are_known), &input);
  gst_pad_add_probe(input.entry.get(), GST_PAD_PROBE_TYPE_BUFFER, count_decoded, &input, nullptr);
}

int64_t most_pixels() {
  const char* text = g_getenv(kMostPixelsVariable);
  const gint64 number = text == nullptr ? 0 : g_ascii_strtoll(text, nullptr, 10);
  return number > 0 ? number : gst::ReadOptions{}.max_pixels;
}

std::string why_nothing_was_decoded(GstElement* decoder, const std::string& file) {
  const Decoder found = decoder_in(decoder);
  const std::string name = found.name.empty() ? "the decoder" : "the decoder " + found.name;
  std::string text = name + " gave no picture of " + file;
  if (found.interlaced)
    return text +
           ": the video is interlaced, which it does not know; try "
           "another decoder, such as that of gstreamer1.0-libav";
  return text +
         ": the file may be empty or cut off, or of a kind that this decoder does not know; "
         "try another decoder, such as that of gstreamer1.0-libav";
}

}  // namespace svgen::cli
