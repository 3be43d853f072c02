// SPDX-License-Identifier: MIT
// What a sampler is asked for beside noise: sources, strengths, masks, previews.
#include "engine/sample_request.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>

#include <limits>

#include "backend/engine/support.h"
#include "diffusion/process.h"
#include "interop/tensor.h"

namespace svgen::engine {
namespace {

constexpr int64_t kCells = 16, kChannels = 56;

Tensor some_latents(int64_t images) {
  return from_torch(at::randn({images, kCells, kChannels}));
}

SampleRequest edit_of(int64_t images, double strength) {
  SampleRequest request = request_of(images);
  request.source = {some_latents(images), strength, {}};
  return request;
}

// The left half of the cells is kept, and half of the last one.
Tensor half_mask(int64_t images) {
  at::Tensor mask = at::zeros({images, kCells});
  mask.narrow(1, kCells / 2, kCells / 2).fill_(1);
  mask.narrow(1, kCells - 1, 1).fill_(0.5);
  return from_torch(mask);
}

bool is_of_this_model(SolverKind solver) {
  return solver != SolverKind::kDdpm && solver != SolverKind::kDdim;
}

TEST(EditSource, StrengthOneIsNoiseAloneWithEverySolver) {
  const auto engine = open_engine();
  for (const NamedValue<SolverKind>& solver : named_values<SolverKind>()) {
    if (!is_of_this_model(solver.value)) continue;
    SampleRequest request = edit_of(2, 1);
    request.options.solver = solver.value;
    SampleRequest plain = request;
    plain.source = {};
    EXPECT_TRUE(bit_equal(engine->sampler().sample(request), engine->sampler().sample(plain)))
        << solver.name;
  }
}

TEST(EditSource, StrengthZeroIsTheSource) {
  const auto engine = open_engine();
  for (const double strength : {0.0, 1e-17, 0.9 * kLeastStrength}) {
    const SampleRequest request = edit_of(2, strength);
    EXPECT_TRUE(bit_equal(engine->sampler().sample(request), request.source.latents)) << strength;
  }
}

TEST(EditSource, TheLeastStrengthIsStillComputed) {
  const auto engine = open_engine();
  for (const NamedValue<SolverKind>& solver : named_values<SolverKind>()) {
    if (!is_of_this_model(solver.value)) continue;
    SampleRequest request = edit_of(1, kLeastStrength);
    request.options.solver = solver.value;
    request.options.steps = 25;
    const at::Tensor edited = to_torch(engine->sampler().sample(request));
    EXPECT_TRUE(edited.isfinite().all().item<bool>()) << solver.name;
  }
}

TEST(EditSource, AWeakEditStaysCloserThanAStrongOne) {
  const auto engine = open_engine();
  double before = 0;
  for (const double strength : {0.1, 0.5, 0.9}) {
    SampleRequest request = request_of(1);
    request.normalized = true;
    request.source = {
        from_torch(to_torch(engine->sampler().sample(request)).clone()), strength, {}};
    request.seed = 8;
    const at::Tensor edited = to_torch(engine->sampler().sample(request));
    const double distance = (edited - to_torch(request.source.latents)).norm().item<double>();
    EXPECT_GT(distance, before) << strength;
    before = distance;
  }
}

TEST(EditSource, ABatchChangesNoImageWithAnySolver) {
  const auto engine = open_engine();
  for (const NamedValue<SolverKind>& solver : named_values<SolverKind>()) {
    if (!is_of_this_model(solver.value) || solver.value == SolverKind::kDopri5Published) continue;
    SampleRequest request = edit_of(3, 0.6);
    request.options.solver = solver.value;
    request.source.mask = half_mask(3);
    const Tensor batch = engine->sampler().sample(request);
    for (int64_t n = 0; n < 3; ++n) {
      SampleRequest alone = request;
      alone.indices = {request.indices[n]};
      alone.classes = {request.classes[n]};
      alone.source.latents = request.source.latents.rows(n, 1);
      alone.source.mask = request.source.mask.rows(n, 1);
      EXPECT_TRUE(bit_equal(engine->sampler().sample(alone), batch.rows(n, 1)))
          << solver.name << " " << n;
    }
  }
}

TEST(EditSource, TheMaskKeepsTheSourceToTheBit) {
  const auto engine = open_engine();
  for (const bool normalized : {false, true}) {
    for (const double strength : {0.4, 1.0}) {
      SampleRequest request = edit_of(2, strength);
      request.normalized = normalized;
      request.source.mask = half_mask(2);
      const at::Tensor edited = to_torch(engine->sampler().sample(request));
      const at::Tensor source = to_torch(request.source.latents);
      const int64_t half = kCells / 2;
      EXPECT_TRUE(at::equal(edited.narrow(1, 0, half), source.narrow(1, 0, half)));
      EXPECT_FALSE(at::allclose(edited.narrow(1, half, half), source.narrow(1, half, half)));
    }
  }
}

TEST(EditSource, RefusesWhatIsNoEdit) {
  const auto engine = open_engine();
  const auto refusal = [&](const SampleRequest& request) {
    return report_of<Error>([&] { engine->sampler().sample(request); });
  };
  SampleRequest request = edit_of(1, 0.5);
  request.source.strength = std::numeric_limits<double>::quiet_NaN();
  EXPECT_NE(refusal(request).find("0 (untouched) to 1 (noise alone)"), std::string::npos);
  request = edit_of(1, 0.5);
  request.source.latents = from_torch(at::randn({1, kCells + 1, kChannels}));
  EXPECT_NE(refusal(request).find("the latents to edit"), std::string::npos);
  request = edit_of(1, 0.5);
  request.source.mask = from_torch(at::zeros({1, kCells}) - 1);
  EXPECT_NE(refusal(request).find("0 (stays) to 1 (is edited)"), std::string::npos);
  request = request_of(1);
  request.source.strength = 0.5;
  EXPECT_NE(refusal(request).find("nothing to edit"), std::string::npos);
}

TEST(SampleRequest, NoClassIsTheNullClass) {
  const auto engine = open_engine();
  SampleRequest request = request_of(1);
  request.classes = {kNoClass};
  const Tensor guided = engine->sampler().sample(request);
  request.options.guidance_scale = 1;
  EXPECT_TRUE(
      at::allclose(to_torch(guided), to_torch(engine->sampler().sample(request)), 1e-4, 1e-4));
}

TEST(Preview, ComesEverySoManySteps) {
  const auto engine = open_engine();
  SampleRequest request = request_of(20);  // two passes of 256 tokens
  request.options.steps = 7;
  request.preview_interval = 2;
  std::vector<std::array<int64_t, 3>> seen;
  request.preview = [&](const Preview& preview) {
    seen.push_back({preview.image, preview.step, preview.latents.size(0)});
    EXPECT_EQ(preview.steps, 7);
  };
  engine->sampler().sample(request);
  const std::vector<std::array<int64_t, 3>> expected = {{0, 2, 16}, {0, 4, 16}, {0, 6, 16},
                                                        {16, 2, 4}, {16, 4, 4}, {16, 6, 4}};
  EXPECT_EQ(seen, expected);
}

TEST(Preview, OfTheFirstStepIsWhatOneStepAloneMakes) {
  const auto engine = open_engine();
  SampleRequest request = request_of(2);
  request.options.shift = 0;
  request.preview_interval = 1;
  Tensor first;
  request.preview = [&](const Preview& preview) {
    if (preview.step == 1) first = preview.latents;
  };
  engine->sampler().sample(request);
  request.options.steps = 1;
  const Tensor one = engine->sampler().sample(request);
  EXPECT_TRUE(at::allclose(to_torch(first), to_torch(one), 1e-5, 1e-5));
}

}  // namespace
}  // namespace svgen::engine
