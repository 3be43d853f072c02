// SPDX-License-Identifier: MIT
// Frechet distance, kernel distance, precision and recall.
#include "eval/set_distance.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cdist.h>
#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/linalg_eigvalsh.h>
#include <ATen/ops/matmul.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "eval/all_processors.h"
#include "svgen/error.h"

namespace svgen::eval {
namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

// A positive semidefinite matrix' root; rounding may leave eigenvalues a little below 0.
at::Tensor root(const at::Tensor& matrix) {
  const auto [values, vectors] = at::linalg_eigh(matrix);
  return at::matmul(vectors * values.clamp_min(0).sqrt(), vectors.t());
}

at::Tensor kernel_of(const at::Tensor& products, int64_t channels) {
  return (products / static_cast<double>(channels) + 1).pow(3);
}

// Mean of the kernel over all pairs; of a set with itself without a vector's pair with itself.
double mean_kernel(const at::Tensor& a, const at::Tensor& b, bool same) {
  double sum = 0;
  for_blocks(a, [&](const at::Tensor& rows) {
    sum += kernel_of(at::matmul(rows, b.t()), a.size(1)).sum().item<double>();
  });
  const auto pairs = static_cast<double>(a.size(0)) * static_cast<double>(b.size(0));
  if (!same) return sum / pairs;
  const at::Tensor own = kernel_of((a * a).sum(1), a.size(1));
  return (sum - own.sum().item<double>()) / (pairs - static_cast<double>(a.size(0)));
}

// Exact differences: the matrix-product form loses digits where vectors are close.
at::Tensor distances(const at::Tensor& a, const at::Tensor& b) {
  constexpr int64_t kExact = 2;
  return at::cdist(a, b, 2, kExact);
}

}  // namespace

double frechet_distance(const Moments& a, const Moments& b) {
  const at::Tensor apart = a.mean - b.mean, first = a.covariance(), second = b.covariance();
  // tr((S1 S2)^(1/2)) = tr((R S2 R)^(1/2)) with R R = S1, and that matrix is symmetric.
  const at::Tensor half = root(first);
  const at::Tensor between = at::matmul(at::matmul(half, second), half);
  const at::Tensor values = at::linalg_eigvalsh((between + between.t()) / 2).clamp_min(0).sqrt();
  const at::Tensor distance =
      (apart * apart).sum() + first.trace() + second.trace() - 2 * values.sum();
  return std::max(0.0, distance.item<double>());  // rounding may lead below 0
}

double kernel_distance(const at::Tensor& a, const at::Tensor& b) {
  if (a.size(0) < 2 || b.size(0) < 2) return kNothing;
  return mean_kernel(a, a, true) + mean_kernel(b, b, true) - 2 * mean_kernel(a, b, false);
}

double coverage(const at::Tensor& centres, const at::Tensor& points, int64_t neighbours) {
  if (centres.size(0) <= neighbours || points.size(0) == 0) return kNothing;
  std::vector<at::Tensor> found;
  for_blocks(centres, [&](const at::Tensor& rows) {
    // The nearest is the vector itself, at distance 0.
    found.push_back(std::get<0>(distances(rows, centres).kthvalue(neighbours + 1, 1)));
  });
  const at::Tensor radii = at::cat(found).unsqueeze(0);  // (1, centres)
  double inside = 0;
  for_blocks(points, [&](const at::Tensor& rows) {
    inside += distances(rows, centres).le(radii).any(1).sum().item<double>();
  });
  return inside / static_cast<double>(points.size(0));
}

SetDistance set_distance(const PooledFeatures& reference, const PooledFeatures& test,
                         int64_t neighbours) {
  const AllProcessors same_sums;
  for (const PooledFeatures* set : {&reference, &test}) {
    if (set->images() >= 2 || set->images() == kUnknownCount) continue;
    throw ConfigurationError("a distance between sets needs two images in each at least",
                             {.expected = "2 or more",
                              .found = std::to_string(set->images()),
                              .where = set == &test ? "test" : "reference"});
  }
  const Moments a = reference.moments(), b = test.moments();
  check_one_encoder(a.mean.size(0), b.mean.size(0));
  const at::Tensor x = reference.vectors().to(at::kDouble), y = test.vectors().to(at::kDouble);
  return {frechet_distance(a, b), kernel_distance(x, y), coverage(x, y, neighbours),
          coverage(y, x, neighbours)};
}

}  // namespace svgen::eval
