// SPDX-License-Identifier: MIT
// GTypes of the enumerations: value, description, nick.
#include "svg/enums.h"

#include <vector>

#include "svgen/sampling.h"

namespace svgen::gst {
namespace {

template <typename Enum>
constexpr GEnumValue row(Enum value, const char* description, const char* nick) {
  return {static_cast<gint>(value), description, nick};
}

// Returns the rows of the library's table.
template <typename Enum>
std::vector<GEnumValue> rows_of() {
  std::vector<GEnumValue> rows;
  for (const NamedValue<Enum>& value : named_values<Enum>())
    rows.push_back(row(value.value, value.words, value.name));
  rows.push_back({});
  return rows;
}

GType registered(const char* name, const GEnumValue* values) {
  const GType type = g_enum_register_static(name, values);
  gst_type_mark_as_plugin_api(type, static_cast<GstPluginAPIFlags>(0));
  return type;
}

}  // namespace

template <>
GType enum_type<FeatureKind>() {
  static const GEnumValue values[] = {
      row(FeatureKind::kBoth, "Semantic and residual features", "both"),
      row(FeatureKind::kSemantic, "The frozen encoder's features alone", "semantic"),
      row(FeatureKind::kResidual, "The residual branch alone", "residual"),
      {}};
  static const GType type = registered("GstSvgFeatures", values);
  return type;
}

template <>
GType enum_type<AlignmentMode>() {
  static const GEnumValue values[] = {
      row(AlignmentMode::kAuto, "fixed when the card has the scalars, else frame", "auto"),
      row(AlignmentMode::kFixed, "The card's scalars: independent of the neighbours", "fixed"),
      row(AlignmentMode::kFrame, "The published formula over one image", "frame"),
      row(AlignmentMode::kBatch, "The published formula over the whole batch", "batch"),
      row(AlignmentMode::kNone, "Concatenate without alignment", "none"),
      {}};
  static const GType type = registered("GstSvgStatistics", values);
  return type;
}

template <>
GType enum_type<SolverKind>() {
  static const std::vector<GEnumValue> values = rows_of<SolverKind>();
  static const GType type = registered("GstSvgSolver", values.data());
  return type;
}

template <>
GType enum_type<GuidanceSchedule>() {
  static const std::vector<GEnumValue> values = rows_of<GuidanceSchedule>();
  static const GType type = registered("GstSvgGuidance", values.data());
  return type;
}

template <>
GType enum_type<DiffusionForm>() {
  static const std::vector<GEnumValue> values = rows_of<DiffusionForm>();
  static const GType type = registered("GstSvgDiffusionForm", values.data());
  return type;
}

template <>
GType enum_type<LastStep>() {
  static const std::vector<GEnumValue> values = rows_of<LastStep>();
  static const GType type = registered("GstSvgLastStep", values.data());
  return type;
}

template <>
GType enum_type<TimestepSpacing>() {
  static const std::vector<GEnumValue> values = rows_of<TimestepSpacing>();
  static const GType type = registered("GstSvgTimestepSpacing", values.data());
  return type;
}

template <>
GType enum_type<Posterior>() {
  static const GEnumValue values[] = {
      row(Posterior::kMean, "The means", "mean"),
      row(Posterior::kSample, "A sample, by the seed and the picture's index", "sample"),
      {}};
  static const GType type = registered("GstSvgPosterior", values);
  return type;
}

template <>
GType enum_type<EditNoise>() {
  static const GEnumValue values[] = {
      row(EditNoise::kPerImage, "Noise of its own for each image, by the seed and its index",
          "per-image"),
      row(EditNoise::kFixed, "The same noise for all images, by the seed: less flicker", "fixed"),
      {}};
  static const GType type = registered("GstSvgEditNoise", values);
  return type;
}

template <>
GType enum_type<NoiseWalk>() {
  static const GEnumValue values[] = {
      row(NoiseWalk::kNone, "Each image has its own noise", "none"),
      row(NoiseWalk::kLinear, "From noise to noise in a straight line, weaker half way", "linear"),
      row(NoiseWalk::kSpherical, "From noise to noise on an arc, of the same strength throughout",
          "spherical"),
      {}};
  static const GType type = registered("GstSvgWalk", values);
  return type;
}

template <>
GType enum_type<PartialBatch>() {
  static const GEnumValue values[] = {
      row(PartialBatch::kRenegotiate, "Send it with caps of the smaller batch", "renegotiate"),
      row(PartialBatch::kPad, "Repeat the last image up to the batch size", "pad"),
      row(PartialBatch::kDrop, "Leave its images out", "drop"),
      {}};
  static const GType type = registered("GstSvgPartialBatch", values);
  return type;
}

}  // namespace svgen::gst
