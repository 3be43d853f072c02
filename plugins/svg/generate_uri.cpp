// SPDX-License-Identifier: MIT
// The URIs of svggenerate.
#include "svg/generate_uri.h"

#include <algorithm>
#include <memory>
#include <span>

#include "common/handles.h"
#include "common/property_text.h"
#include "svgen/error.h"
#include "svgen/text.h"

namespace svgen::gst {
namespace {

struct UriRelease {
  void operator()(GstUri* uri) const { gst_uri_unref(uri); }
};
struct TableRelease {
  void operator()(GHashTable* table) const { g_hash_table_unref(table); }
};

constexpr std::pair<const char*, const char*> kShortNames[] = {
    {"n", "num-images"}, {"cfg", "guidance-scale"}, {"batch", "batch-size"}};

std::string property_of(const std::string& key) {
  for (const auto& [name, property] : kShortNames)
    if (key == name) return property;
  return key;
}

std::string settable_properties(GObject* object) {
  guint count = 0;
  const std::unique_ptr<GParamSpec*, decltype(&g_free)> all(
      g_object_class_list_properties(G_OBJECT_GET_CLASS(object), &count), &g_free);
  std::vector<const char*> names;
  for (const GParamSpec* spec : std::span(all.get(), count)) {
    const bool own = spec->owner_type == G_OBJECT_TYPE(object);
    if (own && (spec->flags & G_PARAM_WRITABLE) != 0) names.push_back(spec->name);
  }
  return svgen::joined(names);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> parse_uri(const std::string& text) {
  const std::unique_ptr<GstUri, UriRelease> uri(gst_uri_from_string(text.c_str()));
  if (!uri || text_or_empty(gst_uri_get_scheme(uri.get())) != kUriScheme)
    throw ConfigurationError(
        "this is no URI of generated images",
        {.expected = "svg://MODEL?classes=1,2&n=16&seed=1", .found = text, .where = "uri"});
  const std::string model = text_or_empty(gst_uri_get_host(uri.get())) +
                            text_or_empty(TextPtr(gst_uri_get_path(uri.get())).get());
  std::vector<std::pair<std::string, std::string>> settings;
  const std::unique_ptr<GHashTable, TableRelease> table(gst_uri_get_query_table(uri.get()));
  GHashTableIter iterator;
  gpointer key = nullptr, value = nullptr;
  if (table) g_hash_table_iter_init(&iterator, table.get());
  while (table && g_hash_table_iter_next(&iterator, &key, &value))
    settings.emplace_back(property_of(static_cast<const char*>(key)),
                          text_or_empty(static_cast<const char*>(value)));
  std::sort(settings.begin(), settings.end());
  const auto is_rate = [](const auto& setting) { return setting.first == "framerate"; };
  if (std::none_of(settings.begin(), settings.end(), is_rate))
    settings.emplace_back("framerate", "1/1");
  settings.emplace_back("model", model);
  return settings;
}

void set_from_text(GObject* object, const std::string& property, const std::string& text) {
  GParamSpec* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(object), property.c_str());
  const bool own = spec != nullptr && spec->owner_type == G_OBJECT_TYPE(object);
  if (!own || (spec->flags & G_PARAM_WRITABLE) == 0)
    throw ConfigurationError(
        "there is no such setting",
        {.expected = settable_properties(object), .found = property, .where = "uri"});
  gst::set_from_text(object, spec, text, property);
}

}  // namespace svgen::gst
