// SPDX-License-Identifier: MIT
// A query that travels upstream.
#include "common/class_names.h"

#include "common/errors.h"
#include "common/handles.h"

namespace svgen::gst {
namespace {

constexpr const char* kQueryName = "svg-classes";
constexpr const char* kNamesField = "names";

}  // namespace

std::vector<std::string> classes_upstream(GstPad* sink) {
  const QueryPtr query(gst_query_new_custom(GST_QUERY_CUSTOM, gst_structure_new_empty(kQueryName)));
  if (!gst_pad_peer_query(sink, query.get())) return {};
  gchar** names = nullptr;
  if (!gst_structure_get(gst_query_get_structure(query.get()), kNamesField, G_TYPE_STRV, &names,
                         nullptr))
    return {};
  std::vector<std::string> found;
  for (gchar** name = names; *name != nullptr; ++name) found.emplace_back(*name);
  g_strfreev(names);
  return found;
}

bool answer_classes_query(GstQuery* query, const std::vector<std::string>& names) {
  if (GST_QUERY_TYPE(query) != GST_QUERY_CUSTOM || names.empty()) return false;
  GstStructure* structure = gst_query_writable_structure(query);
  if (!gst_structure_has_name(structure, kQueryName)) return false;
  std::vector<std::string> texts;
  for (const std::string& name : names) texts.push_back(bus_text(name));
  std::vector<const char*> pointers;
  for (const std::string& text : texts) pointers.push_back(text.c_str());
  pointers.push_back(nullptr);
  gst_structure_set(structure, kNamesField, G_TYPE_STRV, pointers.data(), nullptr);
  return true;
}

}  // namespace svgen::gst
