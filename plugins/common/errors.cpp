// SPDX-License-Identifier: MIT
// Exceptions of the library as GStreamer's error domains.
#include "common/errors.h"

#include <new>
#include <string>
#include <utility>

#include "common/handles.h"

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

void post(GstElement* element, GQuark domain, gint code, const std::string& text,
          const std::string& debug, StructurePtr details) {
  gst_element_message_full_with_details(element, GST_MESSAGE_ERROR, domain, code,
                                        g_strdup(text.c_str()), g_strdup(debug.c_str()), __FILE__,
                                        "svgen", __LINE__, details.release());
}

void post_error(GstElement* element, const Error& error) {
  for (const DomainRow& row : kDomains) {
    if (row.kind != error.kind()) continue;
    StructurePtr details(gst_structure_new(
        "svg-error", "expected", G_TYPE_STRING, error.expected().c_str(), "found", G_TYPE_STRING,
        error.found().c_str(), "where", G_TYPE_STRING, error.where().c_str(), nullptr));
    post(element, row.domain(), row.code, error.what(), error.report(), std::move(details));
  }
}

}  // namespace

void post_current_exception(GstElement* element) noexcept {
  try {
    throw;
  } catch (const Error& error) {
    post_error(element, error);
  } catch (const std::bad_alloc&) {
    post(element, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT,
         "Out of memory: use a smaller batch-size or smaller pictures.", "allocation failed",
         nullptr);
  } catch (const std::exception& error) {
    post(element, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_FAILED,
         std::string("The compute library failed: ") + error.what(), error.what(), nullptr);
  }
}

}  // namespace svgen::gst
