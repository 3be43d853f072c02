// SPDX-License-Identifier: MIT
// GTypes of the enumerations: value, description, nick.
#include "svg/enums.h"

namespace svgen::gst {
namespace {

template <typename Enum>
constexpr GEnumValue row(Enum value, const char* description, const char* nick) {
  return {static_cast<gint>(value), description, nick};
}

template <size_t kCount>
GType registered(const char* name, const GEnumValue (&values)[kCount]) {
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
GType enum_type<Statistics>() {
  static const GEnumValue values[] = {
      row(Statistics::kAuto, "fixed when the card has the scalars, else frame", "auto"),
      row(Statistics::kFixed, "The card's scalars: independent of the neighbours", "fixed"),
      row(Statistics::kFrame, "The published formula over one image", "frame"),
      row(Statistics::kBatch, "The published formula over the whole batch", "batch"),
      row(Statistics::kNone, "Concatenate without alignment", "none"),
      {}};
  static const GType type = registered("GstSvgStatistics", values);
  return type;
}

template <>
GType enum_type<Solver>() {
  static const GEnumValue values[] = {
      row(Solver::kEuler, "Euler: one evaluation a step", solver_name(Solver::kEuler)),
      row(Solver::kHeun, "Heun: two evaluations a step", solver_name(Solver::kHeun)),
      {}};
  static const GType type = registered("GstSvgSolver", values);
  return type;
}

template <>
GType enum_type<Guidance>() {
  const auto nicked = [](Guidance value, const char* description) {
    return row(value, description, guidance_name(value));
  };
  static const GEnumValue values[] = {
      nicked(Guidance::kConstant, "The same scale at every step"),
      nicked(Guidance::kLate, "Guided in the second half of the steps"),
      nicked(Guidance::kEarly, "Guided where t > guidance-start (published as early-R)"),
      nicked(Guidance::kLinear, "The scale grows linearly from 1 to the full one"),
      nicked(Guidance::kCfgStar,
             "The first guidance-skip steps take -guidance-reverse times the "
             "unconditional velocity (published as cfg_star-K-R)"),
      nicked(Guidance::kInterval, "Guided where guidance-start < t <= guidance-end"),
      {}};
  static const GType type = registered("GstSvgGuidance", values);
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
