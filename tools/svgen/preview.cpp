// SPDX-License-Identifier: MIT
// Decoding previews while the pictures are made.
#include "preview.h"

#include <cmath>
#include <memory>

#include "common/property_text.h"
#include "common/tensor_stream.h"
#include "file_names.h"
#include "svgen/error.h"

namespace svgen::cli {
namespace {

constexpr GstClockTime kLongest = 60 * GST_SECOND;  // for one preview
constexpr const char* kOften = "2";                 // steps between two of them

// A pipeline of one preview. The model is loaded already, by the one that makes the pictures.
class Decoding {
 public:
  Decoding() : bin_(gst_pipeline_new(nullptr)) {}
  ~Decoding() {
    gst_element_set_state(bin_, GST_STATE_NULL);
    gst_object_unref(bin_);
  }
  Decoding(const Decoding&) = delete;
  Decoding& operator=(const Decoding&) = delete;

  GstElement* add(const char* factory) {
    GstElement* element = gst_element_factory_make(factory, nullptr);
    if (element == nullptr)
      throw PipelineError{std::string("the element ") + factory + " is missing: install " +
                          package_of(factory)};
    gst_bin_add(GST_BIN(bin_), element);
    if (last_ != nullptr) gst_element_link(last_, element);
    return last_ = element;
  }

  void run() {
    gst_element_set_state(bin_, GST_STATE_PLAYING);
    const gst::MessagePtr message(gst_bus_timed_pop_filtered(
        GST_ELEMENT_BUS(bin_), kLongest,
        static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
    if (message && GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS) return;
    throw PipelineError{"a preview could not be decoded and written"};
  }

 private:
  GstElement* bin_;
  GstElement* last_ = nullptr;
};

void write(const std::filesystem::path& file, GstSample* latents, const Options& options) {
  const int64_t images = gst::TensorStream::parse(gst_sample_get_caps(latents)).batch;
  const auto columns = static_cast<gint64>(std::ceil(std::sqrt(static_cast<double>(images))));
  const std::filesystem::path part = file.string() + ".part";
  Decoding decoding;
  GstElement* source = decoding.add("appsrc");
  GstElement* decoder = decoding.add("svgdecode");
  g_object_set(decoder, "grid-columns", columns, nullptr);
  for (const char* name : {"model", "device", "dtype"})
    if (options.has(name))
      gst::set_from_text(G_OBJECT(decoder),
                         g_object_class_find_property(G_OBJECT_GET_CLASS(decoder), name),
                         options.text(name), std::string("--") + name);
  decoding.add("videoconvert");
  decoding.add("pngenc");
  g_object_set(decoding.add("filesink"), "location", part.c_str(), nullptr);
  g_object_set(source, "format", GST_FORMAT_TIME, nullptr);
  GstFlowReturn flow = GST_FLOW_OK;
  g_signal_emit_by_name(source, "push-sample", latents, &flow);
  g_signal_emit_by_name(source, "end-of-stream", &flow);
  decoding.run();
  std::filesystem::rename(part, file);
}

}  // namespace

void show_previews(Pipeline& pipeline, const Options& options) {
  if (!options.has("preview")) {
    if (options.has("preview-interval"))
      throw ConfigurationError("previews need a file", {.expected = "--preview FILE.png beside it",
                                                        .found = "none",
                                                        .where = "--preview-interval"});
    return;
  }
  const std::string name = options.text("preview");
  if (std::filesystem::path(name).extension() != ".png")
    throw ConfigurationError(
        "previews are PNG files",
        {.expected = "FILE.png, or a name with one number such as step-%02d.png",
         .found = name,
         .where = "--preview"});
  const bool is_numbered = has_one_number(name);
  if (!is_numbered && !options.has("force") && std::filesystem::exists(name)) refuse_present(name);
  pipeline.set(
      {{"preview-interval", options.text("preview-interval", kOften), "--preview-interval"}});
  pipeline.watch_previews([name, is_numbered, &options](GstSample* latents, int64_t step) {
    write(is_numbered ? numbered(name, step) : name, latents, options);
  });
}

std::vector<Option> preview_options() {
  return {{"preview", "FILE",
           "a PNG file that shows what the pictures become, while they are made; one for each step "
           "where the name has a number such as %02d"},
          {"preview-interval", "N", std::string("steps between previews (") + kOften + ")"}};
}

}  // namespace svgen::cli
