// SPDX-License-Identifier: MIT
// The sampler: pure functions of seed, index and class; checks; cancellation.
#include "engine/sampler.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/randn.h>

#include <algorithm>

#include "backend/engine/support.h"
#include "backend/nn/fill.h"
#include "interop/tensor.h"
#include "svgen/random.h"

namespace svgen::engine {
namespace {

TEST(ModelSampler, MakesAnImageAloneAsInABatchOfAnyOrder) {
  const auto engine = open_engine();
  const SampleRequest request = request_of(3);
  const Tensor batch = engine->sampler().sample(request);
  ASSERT_EQ(batch.shape(), (Shape{3, 16, 56}));
  SampleRequest reversed = request;
  std::reverse(reversed.indices.begin(), reversed.indices.end());
  std::reverse(reversed.classes.begin(), reversed.classes.end());
  const Tensor backwards = engine->sampler().sample(reversed);
  for (int64_t n = 0; n < 3; ++n) {
    SampleRequest alone = request;
    alone.indices = {request.indices[n]};
    alone.classes = {request.classes[n]};
    EXPECT_TRUE(bit_equal(engine->sampler().sample(alone), batch.rows(n, 1))) << n;
    EXPECT_TRUE(bit_equal(backwards.rows(2 - n, 1), batch.rows(n, 1))) << n;
  }
}

TEST(ModelSampler, MakesAnImageAloneAsInABatchWithEverySolverOfAFlow) {
  const auto engine = open_engine();
  for (const NamedValue<SolverKind>& solver : named_values<SolverKind>()) {
    // Those of a diffusion need another model; the published adaptive one sees the whole batch.
    if (solver.value == SolverKind::kDdpm || solver.value == SolverKind::kDdim ||
        solver.value == SolverKind::kDopri5Published)
      continue;
    SampleRequest request = request_of(3);
    request.options.solver = solver.value;
    request.options.steps = 4;
    const Tensor batch = engine->sampler().sample(request);
    for (int64_t n = 0; n < 3; ++n) {
      SampleRequest alone = request;
      alone.indices = {request.indices[n]};
      alone.classes = {request.classes[n]};
      EXPECT_TRUE(bit_equal(engine->sampler().sample(alone), batch.rows(n, 1)))
          << solver.name << " " << n;
    }
  }
}

TEST(ModelSampler, RefusesToGuideMoreChannelsThanThereAre) {
  const auto engine = open_engine();
  SampleRequest request = request_of(1);
  request.options.guidance_channels = 57;
  EXPECT_THROW(engine->sampler().sample(request), ConfigurationError);
}

TEST(ModelSampler, MayBeGuidedByAWeakModelOfTheSameLatent) {
  const auto engine = open_engine();
  SampleRequest request = request_of(2);
  request.options.guidance_scale = 2;
  const Tensor by_null_class = engine->sampler().sample(request);
  // A model that guides itself under the same classes changes nothing of an unguided sample.
  request.guidance_model = engine;
  const Tensor by_itself = engine->sampler().sample(request);
  request.guidance_model.reset();
  request.options.guidance_scale = 1;
  const Tensor unguided = engine->sampler().sample(request);
  EXPECT_LT(test::largest_difference(to_torch(by_itself), to_torch(unguided)), 1e-4);
  EXPECT_GT(test::largest_difference(to_torch(by_null_class), to_torch(unguided)), 1e-3);
}

TEST(ModelSampler, StartsFromTheNoiseOfSeedAndIndex) {
  const auto engine = open_engine();
  SampleRequest request = request_of(2);
  const Tensor by_seed = engine->sampler().sample(request);
  request.noise = Tensor::empty(DType::kFloat32, {2, 16, 56});
  for (int64_t n = 0; n < 2; ++n) {
    normal_noise(request.seed, request.indices[n], 0,
                 std::span(request.noise.rows(n, 1).data_as<float>(), 16 * 56));
  }
  request.seed = 99;  // no longer used
  EXPECT_TRUE(bit_equal(engine->sampler().sample(request), by_seed));
}

TEST(ModelSampler, NeedsNoStatisticsForNormalizedLatents) {
  const auto engine = open_edited([](Card& card) { card.statistics.reset(); });
  SampleRequest request = request_of(1);
  EXPECT_THROW(engine->sampler().sample(request), ConfigurationError);
  request.normalized = true;
  EXPECT_TRUE(engine->sampler().sample(request).defined());
}

TEST(ModelSampler, ReportsEveryStepOfEveryImageAndStopsWhenTold) {
  const auto engine = open_engine();
  const SampleRequest request = request_of(20);  // two passes of 256 tokens
  std::vector<std::pair<int64_t, int64_t>> reported;
  const auto watch = [&](const Progress& done) {
    EXPECT_EQ(done.steps, 3);
    reported.emplace_back(done.image, done.step);
    return reported.size() < 5;
  };
  const Tensor finished = engine->sampler().sample(request, watch);
  const std::vector<std::pair<int64_t, int64_t>> expected = {
      {15, 1}, {15, 2}, {15, 3}, {19, 1}, {19, 2}};
  EXPECT_EQ(reported, expected);
  // Those of the first pass are finished, and are what they are without a stop.
  ASSERT_EQ(finished.shape(), (Shape{16, 16, 56}));
  EXPECT_TRUE(bit_equal(finished, engine->sampler().sample(request).rows(0, 16)));
  const auto at_once = [](const Progress&) { return false; };
  EXPECT_FALSE(engine->sampler().sample(request, at_once).defined());
}

TEST(ModelSampler, RefusesClassesOutsideTheTable) {
  const auto engine = open_engine();
  for (const int64_t label : {-1, 10, 1000}) {
    SampleRequest request = request_of(1);
    request.classes = {label};
    const std::string report =
        report_of<ConfigurationError>([&] { engine->sampler().sample(request); });
    EXPECT_NE(report.find("0 to 9"), std::string::npos) << report;
  }
}

TEST(ModelSampler, RefusesRequestsThatContradictThemselves) {
  const auto engine = open_engine();
  SampleRequest request = request_of(2);
  request.classes.pop_back();
  EXPECT_THROW(engine->sampler().sample(request), ShapeError);
  EXPECT_THROW(engine->sampler().sample(SampleRequest{}), ShapeError);
  request = request_of(1);
  request.indices = {-1};
  EXPECT_THROW(engine->sampler().sample(request), ConfigurationError);
  request = request_of(1);
  request.options.steps = 0;
  EXPECT_THROW(engine->sampler().sample(request), ConfigurationError);
}

TEST(ModelSampler, RefusesNoiseOfAnotherShape) {
  const auto engine = open_engine();
  SampleRequest request = request_of(2);
  request.noise = from_torch(at::randn({1, 16, 56}));
  const std::string report = report_of<ShapeError>([&] { engine->sampler().sample(request); });
  EXPECT_NE(report.find("(2, 16, 56) = dimensions 56:16:2"), std::string::npos) << report;
  EXPECT_NE(report.find("(1, 16, 56) = dimensions 56:16:1"), std::string::npos) << report;
}

TEST(ModelSampler, LeavesItsNoiseAlone) {
  const auto engine = open_engine();
  SampleRequest request = request_of(1);
  const at::Tensor noise = at::randn({1, 16, 56});
  request.noise = from_torch(noise.clone());
  engine->sampler().sample(request);
  EXPECT_TRUE(at::equal(to_torch(request.noise), noise));
}

}  // namespace
}  // namespace svgen::engine
