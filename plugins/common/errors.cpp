// SPDX-License-Identifier: MIT
// Exceptions of the library as GStreamer's error domains.
#include "common/errors.h"

#include <new>
#include <string>
#include <utility>

#include "common/handles.h"
#include "svgen/text.h"

namespace svgen::gst {
namespace {

struct DomainRow {
  ErrorKind kind;
  GQuark (*domain)();
  gint code;
};

constexpr DomainRow kDomains[] = {
    {ErrorKind::kConfiguration, gst_resource_error_quark, GST_RESOURCE_ERROR_SETTINGS},
    {ErrorKind::kWeights, gst_resource_error_quark, GST_RESOURCE_ERROR_READ},
    {ErrorKind::kShape, gst_stream_error_quark, GST_STREAM_ERROR_WRONG_TYPE},
    {ErrorKind::kDevice, gst_library_error_quark, GST_LIBRARY_ERROR_INIT},
    {ErrorKind::kIo, gst_resource_error_quark, GST_RESOURCE_ERROR_NOT_FOUND},
    {ErrorKind::kMemory, gst_resource_error_quark, GST_RESOURCE_ERROR_NO_SPACE_LEFT},
};

char* message_text(const std::string& text) {
  return g_strdup(bus_text(text).c_str());
}

void post(GstElement* element, GstMessageType type, GQuark domain, gint code,
          const std::string& text, const std::string& debug, StructurePtr details) {
  gst_element_message_full_with_details(element, type, domain, code, message_text(text),
                                        message_text(debug), __FILE__, "svgen", __LINE__,
                                        details.release());
}

void post_error(GstElement* element, const Error& error) {
  for (const DomainRow& row : kDomains) {
    if (row.kind != error.kind()) continue;
    StructurePtr details(gst_structure_new_empty("svg-error"));
    set_text(details.get(), "expected", error.expected());
    set_text(details.get(), "found", error.found());
    set_text(details.get(), "where", error.where());
    post(element, GST_MESSAGE_ERROR, row.domain(), row.code, error.what(), error.report(),
         std::move(details));
  }
}

}  // namespace

std::string bus_text(const std::string& text) {
  return is_utf8(text) ? text : printable(text);
}

void warn(GstElement* element, GQuark domain, gint code, const std::string& text,
          const std::string& debug) {
  post(element, GST_MESSAGE_WARNING, domain, code, text, debug, nullptr);
}

void set_text(GstStructure* structure, const char* name, const std::string& text) {
  gst_structure_set(structure, name, G_TYPE_STRING, bus_text(text).c_str(), nullptr);
}

void post_current_exception(GstElement* element) noexcept {
  try {
    throw;
  } catch (const Error& error) {
    post_error(element, error);
  } catch (const std::bad_alloc&) {
    post(element, GST_MESSAGE_ERROR, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT,
         "Out of memory: use a smaller batch-size or smaller pictures.", "allocation failed",
         nullptr);
  } catch (const std::exception& error) {
    post(element, GST_MESSAGE_ERROR, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_FAILED,
         std::string("The compute library failed: ") + error.what(), error.what(), nullptr);
  }
}

}  // namespace svgen::gst
