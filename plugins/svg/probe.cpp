// SPDX-License-Identifier: MIT
// svgprobe: what simple classifiers read from features.
#include <algorithm>

#include "svg/elements.h"
#include "svg/set_analyzer.h"

namespace svgen::gst {
namespace {

struct ProbeSettings : SetSettings {
  ProbeOptions options;
};

class Probe : public SetAnalyzer<Probe, ProbeSettings> {
 public:
  static constexpr const char* kMessage = "svg-probe";

  static constexpr const char* kTypeName = "GstSvgProbe";
  static constexpr const char* kFactory = "svgprobe";
  static constexpr const char* kLongName = "SVG feature probe";
  static constexpr const char* kClassification = "Filter/Analyzer/Tensor";
  static constexpr const char* kDescription =
      "Nearest neighbours and logistic regression on labelled features: fitted to the reference, "
      "scored on the test";

  using SetAnalyzer::SetAnalyzer;

  static std::vector<Property<Probe>> properties() {
    constexpr auto kOptions = &ProbeSettings::options;
    return joined(
        set_properties(),
        {option_field<Probe>(kOptions, &ProbeOptions::neighbours,
                             {.name = "neighbours", .blurb = "Neighbours that vote", .low = 1}),
         option_field<Probe>(kOptions, &ProbeOptions::regularization,
                             {.name = "regularization",
                              .blurb = "C of the logistic regression: a larger one binds less",
                              .low = 1e-9,
                              .high = 1e9})});
  }

  void compare(const FeatureSet& reference, const FeatureSet& test, Report& report) {
    const ProbeResult found = probe(reference, test, settings().options);
    const int64_t neighbours = settings().options.neighbours;
    if (found.reference_images < std::max(found.classes, neighbours) ||
        found.test_images < found.classes)
      warn_too_few(std::to_string(found.reference_images) + " of reference and " +
                   std::to_string(found.test_images) + " of test with labels, for " +
                   std::to_string(found.classes) + " classes and " + std::to_string(neighbours) +
                   " neighbours");
    report.add("classes", found.classes);
    report.add("labelled-test-images", found.test_images);
    report.add("labelled-reference-images", found.reference_images);
    report.add("knn", found.knn).add("linear", found.linear);
    for (int64_t c = 0; c < found.classes; ++c) push_class(found, c);
  }

 private:
  // A line for each class of the test: how many images, how many the linear probe got right, and
  // the class it most often took them for instead.
  void push_class(const ProbeResult& found, int64_t label) {
    const int64_t* row = found.confusion.data() + label * found.classes;
    int64_t images = 0, mistaken = -1;
    for (int64_t c = 0; c < found.classes; ++c) {
      images += row[c];
      if (c != label && row[c] > 0 && (mistaken < 0 || row[c] > row[mistaken])) mistaken = c;
    }
    if (images == 0) return;
    Report line;
    line.add("label", label).add("images", images).add("right", row[label]);
    if (mistaken >= 0) line.add("taken-for", mistaken);
    push(line, GST_CLOCK_TIME_NONE);
  }
};

}  // namespace

bool register_probe(GstPlugin* plugin) {
  return Glue<Probe>::register_with(plugin);
}

}  // namespace svgen::gst
