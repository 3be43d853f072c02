// SPDX-License-Identifier: MIT
// Implements the helpers of the element tests.
#include "harness.h"

#include <gst/app/gstappsink.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>

namespace svgen::gst::testing {
namespace {

constexpr GstClockTime kPatience = 60 * GST_SECOND;

gint64 deadline_from_now() {
  return g_get_monotonic_time() + static_cast<gint64>(kPatience / 1000);
}

GstClockTime left_until(gint64 deadline) {
  const gint64 microseconds = deadline - g_get_monotonic_time();
  return microseconds > 0 ? static_cast<GstClockTime>(microseconds) * 1000 : 0;
}

struct SampleRelease {
  void operator()(GstSample* sample) const { gst_sample_unref(sample); }
};

GstElement* parsed(const std::string& line) {
  GError* error = nullptr;
  GstElement* made =
      gst_parse_launch_full(line.c_str(), nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &error);
  if (error == nullptr) return made;
  const std::string text = error->message;
  g_error_free(error);
  throw std::runtime_error(text + " in: " + line);
}

Sample to_sample(GstSample* taken) {
  const std::unique_ptr<GstSample, SampleRelease> owned(taken);
  return {CapsPtr(gst_caps_ref(gst_sample_get_caps(taken))),
          BufferPtr(gst_buffer_ref(gst_sample_get_buffer(taken))), *gst_sample_get_segment(taken)};
}

}  // namespace

bool Sample::is_tensor_memory() const {
  return gst_caps_features_contains(gst_caps_get_features(caps.get(), 0), kTensorFeature) != FALSE;
}

std::string Sample::bytes() const {
  std::string all(gst_buffer_get_size(buffer.get()), '\0');
  gst_buffer_extract(buffer.get(), 0, all.data(), all.size());
  return all;
}

void Pipeline::StopAndUnref::operator()(GstElement* element) const {
  gst_element_set_state(element, GST_STATE_NULL);
  gst_object_unref(element);
}

Pipeline::Pipeline(const std::string& line) : pipeline_(parsed(line)) {
  gst_pipeline_set_auto_flush_bus(GST_PIPELINE(get()), FALSE);
  GstElement* sink = gst_bin_get_by_name(GST_BIN(get()), "out");
  if (sink == nullptr) return;
  GstAppSinkCallbacks callbacks{};
  callbacks.new_sample = [](GstAppSink* from, gpointer self) {
    auto* pipeline = static_cast<Pipeline*>(self);
    GstSample* sample = gst_app_sink_pull_sample(from);
    if (sample == nullptr) return GST_FLOW_EOS;
    const std::lock_guard lock(pipeline->mutex_);
    pipeline->samples_.push_back(to_sample(sample));
    return GST_FLOW_OK;
  };
  gst_app_sink_set_callbacks(GST_APP_SINK(sink), &callbacks, this, nullptr);
  gst_object_unref(sink);
}

Pipeline::~Pipeline() {
  stop();
}

void Pipeline::keep(GstMessage* message) {
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ELEMENT)
    element_messages_.emplace_back(gst_structure_copy(gst_message_get_structure(message)));
  if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_ERROR) return;
  GError* error = nullptr;
  gchar* debug = nullptr;
  gst_message_parse_error(message, &error, &debug);
  errors_.push_back({GST_MESSAGE_SRC_NAME(message), error->domain, error->code, error->message,
                     text_or_empty(debug)});
  g_error_free(error);
  g_free(debug);
}

// Waits for the next message of interest and keeps it; UNKNOWN when the time is over.
GstMessageType Pipeline::wait_for_news(gint64 deadline) {
  constexpr auto kInteresting =
      static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR | GST_MESSAGE_ELEMENT);
  const MessagePtr message(
      gst_bus_timed_pop_filtered(GST_ELEMENT_BUS(get()), left_until(deadline), kInteresting));
  if (!message) {
    ADD_FAILURE() << "no end within a minute";
    return GST_MESSAGE_UNKNOWN;
  }
  keep(message.get());
  return GST_MESSAGE_TYPE(message.get());
}

bool Pipeline::wait_for_end() {
  const gint64 deadline = deadline_from_now();
  GstMessageType news;
  while ((news = wait_for_news(deadline)) == GST_MESSAGE_ELEMENT) continue;
  return news == GST_MESSAGE_EOS;
}

bool Pipeline::wait_for_message(const char* name) {
  const gint64 deadline = deadline_from_now();
  while (wait_for_news(deadline) == GST_MESSAGE_ELEMENT)
    if (gst_structure_has_name(element_messages_.back().get(), name)) return true;
  return false;
}

MessagePtr Pipeline::wait_for(GstMessageType kind) {
  const gint64 deadline = deadline_from_now();
  while (true) {
    MessagePtr message(
        gst_bus_timed_pop_filtered(GST_ELEMENT_BUS(get()), left_until(deadline), GST_MESSAGE_ANY));
    if (!message || GST_MESSAGE_TYPE(message.get()) == kind) return message;
    keep(message.get());
  }
}

bool Pipeline::go_to(GstState state) {
  gst_element_set_state(get(), state);
  const GstStateChangeReturn result = gst_element_get_state(get(), nullptr, nullptr, kPatience);
  return result == GST_STATE_CHANGE_SUCCESS || result == GST_STATE_CHANGE_NO_PREROLL;
}

void Pipeline::stop() {
  // Waits a moment for what follows an error, so that tests see second errors, too.
  if (!errors_.empty()) g_usleep(50'000);
  gst_element_set_state(get(), GST_STATE_NULL);
  GstBus* bus = GST_ELEMENT_BUS(get());
  while (GstMessage* message = gst_bus_pop(bus)) keep(MessagePtr(message).get());
}

bool Pipeline::run() {
  const bool started = gst_element_set_state(get(), GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE;
  const bool ended = started && wait_for_end();
  stop();
  return ended;
}

GstElement* Pipeline::element(const std::string& name) const {
  GstElement* found = gst_bin_get_by_name(GST_BIN(get()), name.c_str());
  if (found == nullptr) throw std::runtime_error("no element " + name);
  gst_object_unref(found);  // the bin holds it
  return found;
}

std::vector<Sample> Pipeline::take_samples() {
  const std::lock_guard lock(mutex_);
  return std::move(samples_);
}

size_t Pipeline::sample_count() {
  const std::lock_guard lock(mutex_);
  return samples_.size();
}

std::vector<PostedError> Pipeline::svg_errors() const {
  std::vector<PostedError> ours;
  for (const PostedError& error : errors_) {
    // A source may add this when an element behind it has failed.
    const bool follows = !ours.empty() && error.text == "Internal data stream error.";
    if (error.source.starts_with("svg") && !follows) ours.push_back(error);
  }
  return ours;
}

std::string Pipeline::only_error() const {
  const std::vector<PostedError> ours = svg_errors();
  std::string all;
  for (const PostedError& error : ours)
    all += (all.empty() ? "" : " || ") + error.source + ": " + error.text + "\n" + error.debug;
  EXPECT_EQ(ours.size(), 1u) << all;
  return all;
}

std::vector<const GstStructure*> Pipeline::messages_named(const char* name) const {
  std::vector<const GstStructure*> found;
  for (const StructurePtr& message : element_messages_)
    if (gst_structure_has_name(message.get(), name)) found.push_back(message.get());
  return found;
}

std::string with_settings(std::string line, const std::string& settings) {
  for (size_t at = 0; (at = line.find("svg", at)) != std::string::npos;) {
    at = std::min(line.find(' ', at), line.size());
    line.insert(at, settings);
    at += settings.size();  // which may hold "svg" themselves
  }
  return line;
}

std::vector<Sample> samples_of(const std::string& line) {
  Pipeline pipeline(line + " ! appsink name=out sync=false");
  const bool ended = pipeline.run();
  EXPECT_TRUE(ended) << line;
  for (const PostedError& error : pipeline.errors())
    ADD_FAILURE() << error.source << ": " << error.text << "\n" << error.debug;
  return pipeline.take_samples();
}

std::string error_of(const std::string& line) {
  Pipeline pipeline(line);
  EXPECT_FALSE(pipeline.run()) << line;
  return pipeline.only_error();
}

std::string video(int frames, const std::string& more_caps) {
  return "videotestsrc pattern=ball num-buffers=" + std::to_string(frames) +
         " ! video/x-raw,format=RGB,framerate=30/1," + more_caps;
}

ElementPtr made(const char* factory) {
  GstElement* element = gst_element_factory_make(factory, nullptr);
  if (element == nullptr) throw std::runtime_error(std::string("no ") + factory);
  return ElementPtr(GST_ELEMENT(gst_object_ref_sink(element)));
}

HarnessPtr harness(const std::string& line) {
  HarnessPtr made(gst_harness_new_parse(line.c_str()));
  if (!made) throw std::runtime_error("cannot parse " + line);
  return made;
}

BufferPtr picture(int index, int side) {
  const gsize size = static_cast<gsize>(side) * static_cast<gsize>(side) * 3;
  BufferPtr buffer(gst_buffer_new_allocate(nullptr, size, nullptr));
  gst_buffer_memset(buffer.get(), 0, static_cast<guint8>(index * 11 + 40), size);
  GST_BUFFER_PTS(buffer.get()) = static_cast<GstClockTime>(index) * 100 * GST_MSECOND;
  GST_BUFFER_DURATION(buffer.get()) = 100 * GST_MSECOND;
  return buffer;
}

BufferPtr pull(const HarnessPtr& from) {
  return BufferPtr(gst_harness_pull(from.get()));
}

TensorStream output_stream(const HarnessPtr& from) {
  const CapsPtr caps(gst_pad_get_current_caps(from->sinkpad));
  if (!caps) throw std::runtime_error("no caps have arrived");
  return TensorStream::parse(caps.get());
}

fs::path other_card(const ScratchFolder& folder, const std::string& name,
                    const std::vector<std::pair<std::string, std::string>>& changes) {
  const fs::path mini = fs::path(SVGEN_MODELS) / "mini";
  std::string text = svgen::testing::read_text(mini / "card.json");
  for (const auto& [from, to] : changes) {
    const size_t at = text.find(from);
    if (at == std::string::npos) throw std::runtime_error("the card has no " + from);
    text.replace(at, from.size(), to);
  }
  const fs::path card = folder.write(fs::path(name) / "card.json", text);
  for (const char* file : {"autoencoder.safetensors", "dit.safetensors", "stats.safetensors"})
    fs::create_symlink(mini / file, card.parent_path() / file);
  return card;
}

std::chrono::seconds duration_of(const char* variable, int usual) {
  const char* text = std::getenv(variable);
  return std::chrono::seconds(text == nullptr ? usual : std::atoi(text));
}

void write_safetensors(const fs::path& file, const std::string& name, const Shape& shape,
                       const std::vector<float>& values) {
  const size_t bytes = values.size() * sizeof(float);
  const std::string header = "{\"" + name + "\":{\"dtype\":\"F32\",\"shape\":" + shape_text(shape) +
                             ",\"data_offsets\":[0," + std::to_string(bytes) + "]}}";
  const uint64_t length = header.size();
  std::ofstream out(file, std::ios::binary);
  out.write(reinterpret_cast<const char*>(&length), sizeof(length));
  out << header;
  out.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(bytes));
}

double largest_difference(const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape()) return std::numeric_limits<double>::infinity();
  double largest = 0;
  for (int64_t i = 0; i < a.element_count(); ++i)
    largest = std::max(largest, std::abs(double{a.data_as<float>()[i]} - b.data_as<float>()[i]));
  return largest;
}

}  // namespace svgen::gst::testing
