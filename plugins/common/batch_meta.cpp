// SPDX-License-Identifier: MIT
// The custom meta as arrays of a GstStructure.
#include "common/batch_meta.h"

namespace svgen::gst {
namespace {

constexpr const char* kMetaName = "SvgBatchMeta";

template <typename T>
struct ArrayType;
template <>
struct ArrayType<int64_t> {
  static constexpr GType type = G_TYPE_INT64;
  static constexpr auto set = g_value_set_int64;
  static constexpr auto get = g_value_get_int64;
};
template <>
struct ArrayType<uint64_t> {
  static constexpr GType type = G_TYPE_UINT64;
  static constexpr auto set = g_value_set_uint64;
  static constexpr auto get = g_value_get_uint64;
};

// Calls visit("field", &ImageFacts::member) for every field of the meta.
template <typename Visit>
void for_each_field(Visit visit) {
  visit("index", &ImageFacts::index);
  visit("class", &ImageFacts::label);
  visit("seed", &ImageFacts::seed);
  visit("pts", &ImageFacts::pts);
  visit("duration", &ImageFacts::duration);
}

template <typename T>
void write_field(GstStructure* structure, const char* name, const std::vector<ImageFacts>& facts,
                 T ImageFacts::*member) {
  GValue array = G_VALUE_INIT;
  gst_value_array_init(&array, static_cast<guint>(facts.size()));
  for (const ImageFacts& fact : facts) {
    GValue value = G_VALUE_INIT;
    g_value_init(&value, ArrayType<T>::type);
    ArrayType<T>::set(&value, fact.*member);
    gst_value_array_append_and_take_value(&array, &value);
  }
  gst_structure_take_value(structure, name, &array);
}

template <typename T>
void read_field(const GstStructure* structure, const char* name, std::vector<ImageFacts>& facts,
                T ImageFacts::*member) {
  const GValue* array = gst_structure_get_value(structure, name);
  if (array == nullptr || !GST_VALUE_HOLDS_ARRAY(array)) return;
  const size_t count = std::min<size_t>(facts.size(), gst_value_array_get_size(array));
  for (size_t i = 0; i < count; ++i) {
    const GValue* value = gst_value_array_get_value(array, static_cast<guint>(i));
    if (G_VALUE_HOLDS(value, ArrayType<T>::type)) facts[i].*member = ArrayType<T>::get(value);
  }
}

}  // namespace

void register_batch_meta() {
  if (gst_meta_get_info(kMetaName) != nullptr) return;
  // No tags: converters keep what they do not understand.
  static const gchar* no_tags[] = {nullptr};
  gst_meta_register_custom(kMetaName, no_tags, nullptr, nullptr, nullptr);
}

void set_image_facts(GstBuffer* buffer, const std::vector<ImageFacts>& facts) {
  GstCustomMeta* meta = gst_buffer_get_custom_meta(buffer, kMetaName);
  if (meta == nullptr) meta = gst_buffer_add_custom_meta(buffer, kMetaName);
  GstStructure* structure = gst_custom_meta_get_structure(meta);
  for_each_field(
      [&](const char* name, auto member) { write_field(structure, name, facts, member); });
}

std::vector<ImageFacts> image_facts(GstBuffer* buffer, size_t count) {
  std::vector<ImageFacts> facts(count);
  if (GstCustomMeta* meta = gst_buffer_get_custom_meta(buffer, kMetaName)) {
    const GstStructure* structure = gst_custom_meta_get_structure(meta);
    for_each_field(
        [&](const char* name, auto member) { read_field(structure, name, facts, member); });
  }
  return facts;
}

Tensor labels_of(const std::vector<ImageFacts>& facts) {
  Tensor labels = Tensor::empty(DType::kInt64, {static_cast<int64_t>(facts.size())});
  for (size_t i = 0; i < facts.size(); ++i) labels.data_as<int64_t>()[i] = facts[i].label;
  return labels;
}

ConfigurationError unnumbered_images(const char* factory) {
  return ConfigurationError(
      std::string(factory) +
          " cannot share its work: the images of the stream have no index, by which the parts of "
          "several processes are put together",
      {.expected = "a source that numbers its images, such as svgdatasetsrc or svgdiffuse",
       .found = "images without an index",
       .where = "a distributed launch (WORLD_SIZE above 1)"});
}

int64_t real_images(GstBuffer* buffer, int64_t batch) {
  const guint64 first = GST_BUFFER_OFFSET(buffer), end = GST_BUFFER_OFFSET_END(buffer);
  const bool counted = first != GST_BUFFER_OFFSET_NONE && end != GST_BUFFER_OFFSET_NONE &&
                       end > first && end - first < static_cast<guint64>(batch);
  return counted ? static_cast<int64_t>(end - first) : batch;
}

}  // namespace svgen::gst
