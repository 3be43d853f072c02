// SPDX-License-Identifier: MIT
// Measures how good pictures and features are: distances between two sets of pictures in the
// features of an encoder, and what a simple classifier reads from features.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "svgen/image.h"
#include "svgen/tensor.h"

namespace svgen {

/// Measures by LPIPS (Zhang et al., 2018) how different two pictures look.
class PerceptualDistance {
 public:
  virtual ~PerceptualDistance() = default;

  /// Reads a weights file that holds "loss.perceptual_loss.", as the published autoencoder does.
  /// IoError when it cannot be read, WeightsError when it has none.
  static std::unique_ptr<PerceptualDistance> open(const std::filesystem::path& weights);

  /// Returns the LPIPS distance. ShapeError when sizes differ or a side is shorter than 16 pixels.
  virtual double distance(const ImageView& a, const ImageView& b) = 0;
};

/// Computes features of whole pictures by the network that published Frechet distances use.
class PictureFeatures {
 public:
  virtual ~PictureFeatures() = default;

  /// Opens Inception v3 with the weights of 2015-12-05, from the file
  /// "pt_inception-2015-12-05-6726825d.pth" or another with its tensors. IoError when it cannot be
  /// read, WeightsError when it has others.
  static std::unique_ptr<PictureFeatures> open_inception(const std::filesystem::path& weights);

  /// Turns a picture of any size into (1, 1, 2048) float32.
  virtual Tensor features(const ImageView& picture) = 0;
};

/// Holds one vector for each of many images, their mean and covariance, and their labels.
class FeatureSet {
 public:
  virtual ~FeatureSet() = default;

  /// Keeps the first `kept` vectors in memory; mean and covariance are of all.
  static std::unique_ptr<FeatureSet> create(int64_t kept);
  /// The share of one of several processes, of which all vectors are kept, as float64. It can be
  /// saved, and joined with the others'.
  static std::unique_ptr<FeatureSet> create_part();
  /// The set of all images of saved parts, in order of their indices: the same bits as that of one
  /// process which was given the images in this order, on the same machine. WeightsError for a file
  /// that is no part, ConfigurationError where two have the same image.
  static std::unique_ptr<FeatureSet> join(int64_t kept,
                                          std::span<const std::filesystem::path> parts);

  /// Adds (N, T, C) of any float dtype: an image's vector is the mean of its tokens. Labels: N, -1
  /// for none. Indices: N, or none for images that follow those before. ShapeError when C differs
  /// from before or is larger than kLongestFeature, ConfigurationError when a number is not finite.
  virtual void add(const Tensor& features, std::span<const int64_t> labels,
                   std::span<const int64_t> indices = {}) = 0;
  /// Adds the images of a file that save() wrote. Mean and covariance of merged files are those of
  /// all their images (Chan et al., 1979), whatever the order, to the rounding of float64. Into an
  /// empty set also the statistics that others publish: "mu" (C) and "sigma" (C, C), which do not
  /// say of how many images they are.
  virtual void merge(const std::filesystem::path& file) = 0;
  /// -1 for statistics of unknown many images.
  virtual int64_t images() const = 0;

  /// Writes safetensors, atomically: "count" (1) int64, "mean" (C) and "covariance" (C, C) float64
  /// (sums of squares over count - 1), "features" (M, C) float32, "labels" (M) and "indices" (M)
  /// int64 of the M vectors kept. A file without the last three can be merged too. A part has
  /// "features" as float64, "labels" and "indices" alone. ConfigurationError for an empty set.
  virtual void save(const std::filesystem::path& file) const = 0;
};

/// The longest vector of a set; the covariance grows with its square.
inline constexpr int64_t kLongestFeature = 4096;

struct SetDistance {
  /// |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)) of means and covariances (Heusel et al., 2017).
  double frechet = 0;
  /// Squared maximum mean discrepancy under the kernel (x y / C + 1)^3, the unbiased estimate over
  /// all pairs of kept vectors (Binkowski et al., 2018).
  double kernel = 0;
  /// Precision: the share of the test's kept vectors that lie no farther from some reference vector
  /// than that one's k-th neighbour among the references. Recall: the reverse (Kynkaanniemi et al.,
  /// 2019).
  double precision = 0, recall = 0;
};

/// Compares two sets; `neighbours` is k. Measures that need more kept vectors than there are become
/// NaN. ConfigurationError for fewer than two images in a set, ShapeError for vectors of two
/// lengths.
SetDistance set_distance(const FeatureSet& reference, const FeatureSet& test, int64_t neighbours);

struct ProbeOptions {
  int64_t neighbours = 10;
  double regularization = 1;  // C of the logistic regression: a larger one regularises less
};

/// Holds the accuracy of both probes on the kept, labelled vectors, standardised by the reference's
/// mean and deviation.
struct ProbeResult {
  int64_t reference_images = 0, test_images = 0, classes = 0;
  /// Share of the test's vectors whose label is that of most of the k nearest references by cosine
  /// (of labels with equal votes, the smallest).
  double knn = 0;
  /// Share of the labels that a logistic regression predicts, fitted to the references: minimum of
  /// |W|^2 / 2 + C sum(-log softmax(W x + b)[label]).
  double linear = 0;
  /// (classes, classes) row-major: how many images of the row's class the linear probe took for the
  /// column's.
  std::vector<int64_t> confusion;
};

/// Fits both probes. Labels are classes 0, 1, ...; images without one are left out.
/// ConfigurationError when a set has no labelled vectors or the references have fewer than two
/// classes.
ProbeResult probe(const FeatureSet& reference, const FeatureSet& test,
                  const ProbeOptions& options = {});

}  // namespace svgen
