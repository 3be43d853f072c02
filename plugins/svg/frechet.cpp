// SPDX-License-Identifier: MIT
// svgfrechet: how far a stream of images lies from a reference, as sets.
#include <algorithm>

#include "svg/elements.h"
#include "svg/set_analyzer.h"

namespace svgen::gst {
namespace {

struct FrechetSettings : SetSettings {
  int64_t neighbours = 3;
};

class Frechet : public SetAnalyzer<Frechet, FrechetSettings> {
 public:
  static constexpr const char* kMessage = "svg-frechet";

  static constexpr const char* kTypeName = "GstSvgFrechet";
  static constexpr const char* kFactory = "svgfrechet";
  static constexpr const char* kLongName = "SVG distance between sets";
  static constexpr const char* kClassification = "Filter/Analyzer/Tensor";
  static constexpr const char* kDescription =
      "Frechet and kernel distance, precision and recall between two sets of images by their "
      "features";

  using SetAnalyzer::SetAnalyzer;

  static std::vector<Property<Frechet>> properties() {
    return joined(set_properties(),
                  {field<Frechet>(&FrechetSettings::neighbours,
                                  {.name = "neighbours",
                                   .blurb = "Neighbour whose distance is the radius around a "
                                            "vector, for precision and recall",
                                   .low = 1})});
  }

  void compare(const FeatureSet& reference, const FeatureSet& test, Report& report) {
    const int64_t neighbours = settings().neighbours,
                  fewest = std::min(reference.images(), test.images());
    const SetDistance found = set_distance(reference, test, neighbours);
    if (fewest <= length() || fewest <= neighbours)
      warn_too_few(std::to_string(fewest) + " in the smaller set, of " + std::to_string(length()) +
                   " numbers each; a Frechet distance of fewer images than numbers is too large, "
                   "and precision and recall need more than " +
                   std::to_string(neighbours));
    report.add("frechet", found.frechet).add("kernel", found.kernel);
    report.add("precision", found.precision).add("recall", found.recall);
  }
};

}  // namespace

bool register_frechet(GstPlugin* plugin) {
  return Glue<Frechet>::register_with(plugin);
}

}  // namespace svgen::gst
