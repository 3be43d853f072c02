// SPDX-License-Identifier: MIT
// Building a pipeline, element by element.
#include "pipeline.h"

#include "common/property_text.h"
#include "pipeline_state.h"
#include "svgen/error.h"
#include "svgen/text.h"

namespace svgen::cli {
namespace {

struct Package {
  const char* name;
  std::vector<const char*> elements;
};

// Lists the packages that hold the elements of the commands.
const Package kPackages[] = {
    {"svgen's plugins, or GST_PLUGIN_PATH that leads to them",
     {"svgdiffuse", "svgedit", "svgencode", "svgalign", "svgdecode", "svgdatasetsrc",
      "svglatentsink"}},
    {"gstreamer1.0-plugins-base", {"videoconvert", "videoscale", "decodebin", "appsrc"}},
    {"gstreamer1.0-plugins-good",
     {"pngenc", "jpegenc", "vp8enc", "webmmux", "matroskamux", "multifilesink", "videoflip",
      "deinterlace", "aspectratiocrop", "videobox"}},
    {"gstreamer1.0-plugins-bad", {"gdppay"}},
};

GParamSpec* property_of(GstElement* element, const std::string& name) {
  GParamSpec* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(element), name.c_str());
  if (spec == nullptr)
    throw PipelineError{"the installed element " +
                        std::string(GST_OBJECT_NAME(gst_element_get_factory(element))) +
                        " has no property " + name + ": it is of another version"};
  return spec;
}

void set_on(GstElement* element, const std::vector<Setting>& settings) {
  for (const Setting& setting : settings)
    gst::set_from_text(G_OBJECT(element), property_of(element, setting.property), setting.text,
                       setting.where.empty() ? setting.property : setting.where);
}

}  // namespace

std::vector<std::string> needed_elements() {
  std::vector<std::string> names;
  for (const Package& package : kPackages)
    names.insert(names.end(), package.elements.begin(), package.elements.end());
  return names;
}

std::string package_of(const std::string& factory) {
  if (factory.starts_with("svg")) return kPackages[0].name;
  for (const Package& package : kPackages)
    for (const char* element : package.elements)
      if (factory == element) return package.name;
  return "GStreamer's plugins";
}

Pipeline::Pipeline() : state_(std::make_unique<State>()) {}

Pipeline::~Pipeline() = default;

GstElement* Pipeline::State::append(const std::string& factory) {
  GstElement* element = gst_element_factory_make(factory.c_str(), nullptr);
  if (element == nullptr)
    throw PipelineError{"the element " + factory + " is missing: install " + package_of(factory)};
  gst_bin_add(GST_BIN(bin), element);
  if (last != nullptr && !gst_element_link(last, element))
    throw PipelineError{std::string("the elements ") + GST_OBJECT_NAME(last) + " and " + factory +
                        " do not fit together"};
  last = element;
  return element;
}

void Pipeline::State::tell(const char* message, const std::string& text) const {
  gst_element_post_message(
      bin, gst_message_new_application(GST_OBJECT(bin),
                                       gst_structure_new(message, "text", G_TYPE_STRING,
                                                         printable(text).c_str(), nullptr)));
}

void Pipeline::add(const Step& step) {
  state_->append(step.factory);
  set(step.settings);
}

void Pipeline::set(const std::vector<Setting>& settings) {
  set_on(state_->last, settings);
}

void Pipeline::set(const std::string& name, const std::vector<Setting>& settings) {
  set_on(state_->named.at(name), settings);
}

void Pipeline::add(const std::vector<Step>& steps) {
  for (const Step& step : steps) add(step);
}

void Pipeline::load_preset(const std::string& name, const std::string& where) {
  GstPreset* presets = GST_PRESET(state_->last);
  if (gst_preset_load_preset(presets, name.c_str())) return;
  std::string known;
  gchar** names = gst_preset_get_preset_names(presets);
  for (gchar** one = names; one != nullptr && *one != nullptr; ++one)
    known += (known.empty() ? "" : ", ") + std::string(*one);
  g_strfreev(names);
  throw ConfigurationError("there is no such preset",
                           {.expected = known, .found = name, .where = where});
}

void Pipeline::count_pictures(int64_t most, const std::string& too_many) {
  State& state = *state_;
  state.counts = true;
  state.most = most;
  state.too_many = too_many;
  const gst::PadPtr pad(gst_element_get_static_pad(state.last, "sink"));
  const auto count = [](GstPad*, GstPadProbeInfo*, gpointer data) {
    State& counting = *static_cast<State*>(data);
    if (++counting.counted <= counting.most) return GST_PAD_PROBE_OK;
    counting.fail(counting.too_many);
    return GST_PAD_PROBE_DROP;
  };
  gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_BUFFER, count, &state, nullptr);
}

void Pipeline::note_size(std::function<std::string(const PictureSize&)> note) {
  state_->note = std::move(note);
  const gst::PadPtr pad(gst_element_get_static_pad(state_->last, "sink"));
  const auto look = [](GstPad*, GstPadProbeInfo* info, gpointer data) {
    State& state = *static_cast<State*>(data);
    // A tag that turns pictures may come between caps and the first of them.
    if ((GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) != 0)
      return GST_PAD_PROBE_REMOVE;
    GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
    if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS) return GST_PAD_PROBE_OK;
    GstCaps* caps = nullptr;
    gst_event_parse_caps(event, &caps);
    PictureSize size;
    const GstStructure* structure = gst_caps_get_structure(caps, 0);
    gst_structure_get_int(structure, "width", &size.width);
    gst_structure_get_int(structure, "height", &size.height);
    gst_structure_get_fraction(structure, "pixel-aspect-ratio", &size.pixel_width,
                               &size.pixel_height);
    try {
      if (const std::string text = state.note(size); !text.empty()) state.say(text);
      return GST_PAD_PROBE_OK;
    } catch (const Error& error) {
      state.fail(error.report());
    }
    return GST_PAD_PROBE_DROP;
  };
  gst_pad_add_probe(
      pad.get(),
      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM | GST_PAD_PROBE_TYPE_BUFFER),
      look, state_.get(), nullptr);
}

void Pipeline::watch_buffers(std::function<void(GstPad*, GstBuffer*)> on_buffer) {
  state_->on_buffer = std::move(on_buffer);
  const gst::PadPtr pad(gst_element_get_static_pad(state_->last, "sink"));
  const auto hear = [](GstPad* place, GstPadProbeInfo* info, gpointer data) {
    const State& state = *static_cast<State*>(data);
    try {
      state.on_buffer(place, GST_PAD_PROBE_INFO_BUFFER(info));
      return GST_PAD_PROBE_OK;
    } catch (const Error& error) {
      state.fail(error.report());
    } catch (const std::exception& error) {
      state.fail(error.what());
    }
    return GST_PAD_PROBE_DROP;
  };
  gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_BUFFER, hear, state_.get(), nullptr);
}

void Pipeline::name(const std::string& name) {
  state_->named[name] = state_->last;
}

void Pipeline::add_queue() {
  add({"queue",
       {{"max-size-buffers", "0", ""}, {"max-size-bytes", "0", ""}, {"max-size-time", "0", ""}}});
}

void Pipeline::branch_from(const std::string& name) {
  state_->last = state_->named.at(name);
  add_queue();
}

void Pipeline::add_apart(const Step& step, const std::string& name) {
  GstElement* last = std::exchange(state_->last, nullptr);
  add(step);
  this->name(name);
  state_->last = last;
}

void Pipeline::begin_apart() {
  state_->last = nullptr;
}

void Pipeline::join(const std::string& name, const char* pad) {
  GstElement* element = state_->named.at(name);
  if (!gst_element_link_pads(state_->last, nullptr, element, pad))
    throw PipelineError{std::string("the pipeline cannot be linked to ") + pad};
  state_->last = element;
}

void Pipeline::keep_sound() {
  state_->muxer = state_->last;
}

void Pipeline::watch_previews(std::function<void(GstSample*)> on_preview) {
  state_->on_preview = std::move(on_preview);
}

void Pipeline::finish_when_stopped() {
  state_->finishes_when_stopped = true;
}

void Pipeline::watch_files(std::function<void(const std::string&)> on_file) {
  state_->on_file = std::move(on_file);
  set({{"post-messages", "true", ""}});
}

void Pipeline::add_picture(const ImageView& picture) {
  State& state = *state_;
  GstElement* source = state.append("appsrc");
  const gst::CapsPtr caps(gst_caps_new_simple(
      "video/x-raw", "format", G_TYPE_STRING, "RGB", "width", G_TYPE_INT,
      static_cast<gint>(picture.width), "height", G_TYPE_INT, static_cast<gint>(picture.height),
      "framerate", GST_TYPE_FRACTION, 0, 1, "pixel-aspect-ratio", GST_TYPE_FRACTION, 1, 1,
      "interlace-mode", G_TYPE_STRING, "progressive", nullptr));
  g_object_set(source, "caps", caps.get(), "format", GST_FORMAT_TIME, nullptr);
  // Rows of RGB are padded to four bytes.
  const size_t row = static_cast<size_t>(picture.width) * 3, stride = (row + 3) / 4 * 4;
  const gst::BufferPtr buffer(
      gst_buffer_new_allocate(nullptr, stride * static_cast<size_t>(picture.height), nullptr));
  if (!buffer) throw MemoryError("there is no memory for the picture: use a smaller one");
  for (int64_t y = 0; y < picture.height; ++y)
    gst_buffer_fill(buffer.get(), static_cast<size_t>(y) * stride, picture.row(0, y), row);
  GST_BUFFER_PTS(buffer.get()) = 0;
  GstFlowReturn flow = GST_FLOW_OK;
  g_signal_emit_by_name(source, "push-buffer", buffer.get(), &flow);
  g_signal_emit_by_name(source, "end-of-stream", &flow);
  add(Step{"videoconvert"});
}

void Pipeline::add_sample(GstSample* sample) {
  GstElement* source = state_->append("appsrc");
  g_object_set(source, "format", GST_FORMAT_TIME, nullptr);
  GstFlowReturn flow = GST_FLOW_OK;
  g_signal_emit_by_name(source, "push-sample", sample, &flow);
  g_signal_emit_by_name(source, "end-of-stream", &flow);
}

}  // namespace svgen::cli
