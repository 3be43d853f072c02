// SPDX-License-Identifier: MIT
// k nearest neighbours and logistic regression.
#include "eval/probe.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/bincount.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>
#include <torch/optim/lbfgs.h>

#include <algorithm>
#include <string>
#include <vector>

#include "eval/all_processors.h"
#include "svgen/error.h"

namespace svgen::eval {
namespace {

constexpr int64_t kMostClasses = 10000;
constexpr int64_t kTurns = 2000;  // of the minimisation, at most
constexpr double kFlat = 1e-7;    // largest gradient at its end, a vector of the sum

Labelled labelled(const PooledFeatures& set, const char* name) {
  const at::Tensor labels = set.labels(), known = labels.ge(0);
  const Labelled found{set.vectors().index({known}).to(at::kDouble), labels.index({known})};
  if (found.labels.size(0) == 0)
    throw ConfigurationError(
        "a probe needs images with labels: let a source give them (svgscenesrc, svgdatasetsrc, "
        "svgdiffuse)",
        {.expected = "labelled images",
         .found = std::to_string(set.images()) + " images without",
         .where = name});
  return found;
}

at::Tensor unit(const at::Tensor& x) {
  return x / at::linalg_vector_norm(x, 2, {1}, true).clamp_min(1e-12);
}

double share_equal(const at::Tensor& a, const at::Tensor& b) {
  return a.eq(b).to(at::kDouble).mean().item<double>();
}

}  // namespace

at::Tensor nearest_neighbours(const Labelled& reference, const at::Tensor& test, int64_t classes,
                              int64_t neighbours) {
  const at::Tensor bank = unit(reference.vectors).t();
  const int64_t count = std::min(neighbours, bank.size(1));
  // argmax may take any of equal votes: a small malus for large labels decides.
  const at::Tensor malus = at::arange(classes, at::kDouble) / static_cast<double>(2 * classes);
  std::vector<at::Tensor> found;
  for_blocks(unit(test), [&](const at::Tensor& rows) {
    const at::Tensor nearest = std::get<1>(at::matmul(rows, bank).topk(count, 1));  // (m, k)
    const at::Tensor votes = at::one_hot(reference.labels.index({nearest}), classes).sum(1);
    found.push_back((votes.to(at::kDouble) - malus).argmax(1));
  });
  return at::cat(found);
}

at::Tensor logistic_regression(const Labelled& reference, const at::Tensor& test, int64_t classes,
                               double regularization) {
  const c10::AutoGradMode recording(true);
  const at::TensorOptions real = reference.vectors.options();
  std::vector<at::Tensor> parameters = {at::zeros({classes, reference.vectors.size(1)}, real),
                                        at::zeros({classes}, real)};
  for (at::Tensor& parameter : parameters) parameter.requires_grad_();
  // Divided by the number of images, so that tolerances mean the same for all.
  const auto count = static_cast<double>(reference.labels.size(0));
  torch::optim::LBFGS search(parameters, torch::optim::LBFGSOptions(1)
                                             .max_iter(kTurns)
                                             .history_size(20)
                                             .tolerance_grad(kFlat)
                                             .tolerance_change(1e-14)
                                             .line_search_fn("strong_wolfe"));
  search.step([&] {
    search.zero_grad();
    const at::Tensor scores = at::linear(reference.vectors, parameters[0], parameters[1]);
    const at::Tensor loss = at::cross_entropy_loss(scores, reference.labels) +
                            (parameters[0] * parameters[0]).sum() / (2 * regularization * count);
    loss.backward();
    return loss;
  });
  return at::linear(test, parameters[0].detach(), parameters[1].detach()).argmax(1);
}

ProbeResult probe(const PooledFeatures& reference, const PooledFeatures& test,
                  const ProbeOptions& options) {
  const AllProcessors same_sums;
  Labelled bank = labelled(reference, "reference");
  Labelled queries = labelled(test, "test");
  check_one_encoder(bank.vectors.size(1), queries.vectors.size(1));
  const at::Tensor mean = bank.vectors.mean(0, true);
  const at::Tensor deviation = bank.vectors.std(0, false, true).clamp_min(1e-12);
  for (Labelled* set : {&bank, &queries}) set->vectors = (set->vectors - mean) / deviation;
  const int64_t classes =
      1 + std::max(bank.labels.max().item<int64_t>(), queries.labels.max().item<int64_t>());
  if (classes > kMostClasses)
    throw ConfigurationError("a label is too large to be a class",
                             {.expected = "less than " + std::to_string(kMostClasses),
                              .found = std::to_string(classes - 1),
                              .where = "labels"});
  if (bank.labels.eq(bank.labels[0]).all().item<bool>())
    throw ConfigurationError("a probe needs two classes in the reference at least",
                             {.expected = "2 or more classes", .found = "1", .where = "reference"});
  const at::Tensor neighbours =
      nearest_neighbours(bank, queries.vectors, classes, options.neighbours);
  const at::Tensor linear =
      logistic_regression(bank, queries.vectors, classes, options.regularization);
  const at::Tensor confusion = (queries.labels * classes + linear).bincount({}, classes * classes);
  const int64_t* counts = confusion.const_data_ptr<int64_t>();
  return {bank.labels.size(0),
          queries.labels.size(0),
          classes,
          share_equal(neighbours, queries.labels),
          share_equal(linear, queries.labels),
          {counts, counts + classes * classes}};
}

}  // namespace svgen::eval
