// SPDX-License-Identifier: MIT
// Owners for GStreamer's reference-counted handles: what they hold is released with them.
#pragma once

#include <gst/gst.h>

#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace svgen::gst {

/// Has one overload per kind of handle. (Not a template over the release functions: those are
/// static inline in C and would give everything that mentions them internal linkage.)
struct Release {
  void operator()(GstBuffer* buffer) const { gst_buffer_unref(buffer); }
  void operator()(GstCaps* caps) const { gst_caps_unref(caps); }
  void operator()(GstEvent* event) const { gst_event_unref(event); }
  void operator()(GstMemory* memory) const { gst_memory_unref(memory); }
  void operator()(GstMessage* message) const { gst_message_unref(message); }
  void operator()(GstQuery* query) const { gst_query_unref(query); }
  void operator()(GstStructure* structure) const { gst_structure_free(structure); }
  void operator()(GstObject* object) const { gst_object_unref(object); }
  void operator()(GstPad* pad) const { gst_object_unref(pad); }
  void operator()(GstBufferPool* pool) const { gst_object_unref(pool); }
  void operator()(char* text) const { g_free(text); }
};

using BufferPtr = std::unique_ptr<GstBuffer, Release>;
using CapsPtr = std::unique_ptr<GstCaps, Release>;
using EventPtr = std::unique_ptr<GstEvent, Release>;
using MemoryPtr = std::unique_ptr<GstMemory, Release>;
using MessagePtr = std::unique_ptr<GstMessage, Release>;
using QueryPtr = std::unique_ptr<GstQuery, Release>;
using StructurePtr = std::unique_ptr<GstStructure, Release>;
using PadPtr = std::unique_ptr<GstPad, Release>;
using PoolPtr = std::unique_ptr<GstBufferPool, Release>;
using TextPtr = std::unique_ptr<char, Release>;

/// Owns a GValue, which is cleared with it.
class Value {
 public:
  explicit Value(GType type) { g_value_init(&value_, type); }
  ~Value() { g_value_unset(&value_); }
  Value(const Value&) = delete;
  Value& operator=(const Value&) = delete;

  GValue* get() { return &value_; }

 private:
  GValue value_ = G_VALUE_INIT;
};

/// Copies a C string that may be null.
inline std::string text_or_empty(const char* text) {
  return text == nullptr ? "" : text;
}

/// Writes the caps as a user would.
inline std::string caps_text(const GstCaps* caps) {
  return text_or_empty(TextPtr(caps == nullptr ? nullptr : gst_caps_to_string(caps)).get());
}

/// Splits the text of a list property.
inline std::vector<std::string> comma_separated(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

}  // namespace svgen::gst
