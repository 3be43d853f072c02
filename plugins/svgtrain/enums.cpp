// SPDX-License-Identifier: MIT
// GTypes of the enumerations: value, description, nick.
#include "svgtrain/enums.h"

namespace svgen::gst {
namespace {

template <typename Enum>
constexpr GEnumValue row(Enum value, const char* description, const char* nick) {
  return {static_cast<gint>(value), description, nick};
}

GType registered(const char* name, const GEnumValue* values) {
  const GType type = g_enum_register_static(name, values);
  gst_type_mark_as_plugin_api(type, static_cast<GstPluginAPIFlags>(0));
  return type;
}

}  // namespace

template <>
GType enum_type<Crop>() {
  static const GEnumValue values[] = {
      row(Crop::kCenter, "The centre, after the ADM code: to the pixel the published one",
          "center"),
      row(Crop::kRandom, "Shorter side to size, then anywhere along the longer side", "random"),
      {}};
  static const GType type = registered("GstSvgCrop", values);
  return type;
}

template <>
GType enum_type<Orientation>() {
  static const GEnumValue values[] = {
      row(Orientation::kApply, "Pictures are turned and mirrored as their EXIF tag says", "apply"),
      row(Orientation::kIgnore, "The tag is ignored, as the published loader does", "ignore"),
      {}};
  static const GType type = registered("GstSvgOrientation", values);
  return type;
}

template <>
GType enum_type<Alpha>() {
  static const GEnumValue values[] = {
      row(Alpha::kWhite, "Transparent pictures are put on white", "white"),
      row(Alpha::kDrop, "Alpha is left out and the colours below it are seen, as published",
          "drop"),
      {}};
  static const GType type = registered("GstSvgAlpha", values);
  return type;
}

template <>
GType enum_type<Backgrounds>() {
  static const GEnumValue values[] = {
      row(Backgrounds::kPlain, "Gradients, and a wall with a floor", "plain"),
      row(Backgrounds::kVaried, "Also stripes, checkerboards, dead leaves and noise", "varied"),
      {}};
  static const GType type = registered("GstSvgBackgrounds", values);
  return type;
}

template <>
GType enum_type<Initialization>() {
  static const GEnumValue values[] = {
      row(Initialization::kScratch, "From nothing, as published, a function of the seed",
          "scratch"),
      row(Initialization::kModel, "The weights that the card names", "model"),
      {}};
  static const GType type = registered("GstSvgInitialization", values);
  return type;
}

template <>
GType enum_type<AutoencoderObjective>() {
  static const GEnumValue values[] = {
      row(AutoencoderObjective::kSvg,
          "A residual encoder and a decoder around the frozen encoder of the card", "svg"),
      row(AutoencoderObjective::kKl, "An encoder with Gaussian latents and its decoder", "kl"),
      row(AutoencoderObjective::kVf,
          "The same, its latents drawn towards the features of foundation-model", "vf"),
      {}};
  static const GType type = registered("GstSvgAutoencoderObjective", values);
  return type;
}

template <>
GType enum_type<TimeDistribution>() {
  static const GEnumValue values[] = {
      row(TimeDistribution::kSystem, "As the card's system was published", "system"),
      row(TimeDistribution::kUniform, "Uniform", "uniform"),
      row(TimeDistribution::kLogitNormal, "Most in the middle: the logistic function of a normal",
          "logit-normal"),
      {}};
  static const GType type = registered("GstSvgTimeDistribution", values);
  return type;
}

template <>
GType enum_type<ViewToken>() {
  static const GEnumValue values[] = {
      row(ViewToken::kClass, "The class token, as published", "class"),
      row(ViewToken::kMean, "The mean of the patch tokens, which are the features", "mean"),
      {}};
  static const GType type = registered("GstSvgViewToken", values);
  return type;
}

template <>
GType enum_type<TeacherTargets>() {
  static const GEnumValue values[] = {
      row(TeacherTargets::kSinkhorn, "Every prototype gets the same share of a batch", "sinkhorn"),
      row(TeacherTargets::kCentering, "A moving mean of the scores is taken off", "centering"),
      {}};
  static const GType type = registered("GstSvgTeacherTargets", values);
  return type;
}

}  // namespace svgen::gst
