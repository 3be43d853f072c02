// SPDX-License-Identifier: MIT
// Each operation gives the same on a CUDA device as on the host, through its public entry.
#include "ops/device.h"

#include <gtest/gtest.h>

#include <functional>

#include "backend/nn/fill.h"
#include "backend/ops/device_there.h"
#include "ops/attention.h"
#include "ops/convolution.h"
#include "ops/ops.h"
#include "ops/products.h"

namespace svgen {
namespace {

using test::largest_difference;
using test::scatter;
using test::wave;

// Moves an operand to the device that computes the operation.
using Place = std::function<at::Tensor(const at::Tensor&)>;

class OpsOnDevice : public testing::Test {
 protected:
  void SetUp() override {
    if (const char* why = test::why_no_device()) GTEST_SKIP() << why;
  }

  static void expect_as_on_host(const std::function<at::Tensor(const Place&)>& compute,
                                double tolerance) {
    const c10::InferenceMode inference;
    const at::Tensor host = compute([](const at::Tensor& x) { return x; });
    const at::Tensor device = compute([](const at::Tensor& x) { return x.to(at::kCUDA); });
    EXPECT_TRUE(device.is_cuda());
    EXPECT_EQ(device.scalar_type(), host.scalar_type());
    EXPECT_LT(largest_difference(device.cpu(), host), tolerance);
  }
};

struct Precision {
  at::ScalarType dtype;
  double tolerance;
};

constexpr Precision kPrecisions[] = {{at::kFloat, 2e-5}, {at::kBFloat16, 6e-2}};

TEST_F(OpsOnDevice, SurroundTheBranchesOfABlock) {
  const at::Tensor x = wave({2, 7, 72}, 0.1, 2), parts = wave({2, 3 * 72}, 1);
  const at::Tensor branch = wave({2, 7, 72}, 5);
  for (const auto& [dtype, tolerance] : kPrecisions) {
    const auto part = [&](const Place& on, int64_t i) { return on(parts).narrow(1, 72 * i, 72); };
    const auto normed = [&](const Place& on) {
      return ops::modulated_layer_norm(on(x), part(on, 0), part(on, 1), 1e-6, dtype);
    };
    expect_as_on_host(normed, tolerance);
    const auto summed = [&](const Place& on) {
      return ops::gated_sum(on(x), part(on, 2), on(branch.to(dtype)));
    };
    expect_as_on_host(summed, 2e-5);
    for (const bool norm : {false, true}) {
      const auto both = [&](const Place& on) {
        const auto found = ops::gated_sum_and_norm(on(x), part(on, 2), on(branch.to(dtype)),
                                                   part(on, 0), part(on, 1), 1e-6, dtype);
        return norm ? found.second : found.first;
      };
      expect_as_on_host(both, norm ? tolerance : 2e-5);
    }
  }
}

TEST_F(OpsOnDevice, NormaliseRowsAndAddBranchesWithoutAGate) {
  const at::Tensor x = wave({2, 7, 72}, 0.1, 2), branch = wave({2, 7, 72}, 5);
  const at::Tensor weight = wave({72}, 1), bias = wave({72}, 2);
  for (const auto& [dtype, tolerance] : kPrecisions) {
    expect_as_on_host(
        [&](const Place& on) { return ops::layer_norm(on(x), on(weight), on(bias), 1e-6, dtype); },
        tolerance);
    expect_as_on_host(
        [&](const Place& on) { return ops::gated_sum(on(x), {}, on(branch.to(dtype))); }, 2e-5);
    expect_as_on_host(
        [&](const Place& on) { return ops::silu_product(on(x.to(dtype)), on(branch.to(dtype))); },
        tolerance);
  }
}

TEST_F(OpsOnDevice, ConvolveWithWhatStandsAround) {
  const at::Tensor x = wave({2, 24, 9, 5}).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor weight = scatter({16, 24, 3, 3}, 0.7, 0.1, 0), bias = wave({16}, 2);
  for (const auto& [dtype, tolerance] : kPrecisions)
    for (const bool doubles : {false, true})
      for (const bool adds : {false, true}) {
        const at::Tensor added = wave({2, 16, doubles ? 18 : 9, doubles ? 10 : 5}, 3);
        const auto convolved = [&](const Place& on) {
          ops::ConvolutionOptions options{.doubles = doubles};
          if (adds) options.added = on(added.to(dtype));
          // On the host the result is float32 throughout.
          return ops::conv2d(on(x.to(dtype)), on(weight.to(dtype)), on(bias.to(dtype)), options)
              .to(at::kFloat);
        };
        expect_as_on_host(convolved, tolerance);
      }
}

TEST_F(OpsOnDevice, NormaliseGroupsAndStayChannelsLast) {
  const at::Tensor x = wave({2, 24, 9, 5}).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor weight = wave({24}, 1), bias = wave({24}, 2);
  for (const auto& [dtype, tolerance] : kPrecisions) {
    const auto normed = [&](const Place& on) {
      const at::Tensor y = ops::group_norm(on(x.to(dtype)), 4, on(weight.to(dtype)),
                                           on(bias.to(dtype)), 1e-6, ops::Activation::kSwish);
      EXPECT_TRUE(y.is_contiguous(at::MemoryFormat::ChannelsLast));
      return y;
    };
    expect_as_on_host(normed, tolerance);
  }
}

TEST_F(OpsOnDevice, AttendOverTheProductAsItLies) {
  const at::Tensor qkv = scatter({2, 37, 3, 4, 72}, 0.4, 1.5, 0.1);
  const at::Tensor weight = wave({72}, 0, 0.3, 1), bias = wave({72}, 2, 0.3);
  for (const auto& [dtype, tolerance] : kPrecisions)
    for (const bool normed : {false, true}) {
      const auto mixed = [&](const Place& on) {
        const at::Tensor cut = on(qkv.to(dtype)).permute({2, 0, 3, 1, 4});
        ops::AttentionOptions options{.scale = 0.1, .product = dtype};
        if (normed)
          options.q_norm = options.k_norm = {on(weight.to(dtype)), on(bias.to(dtype)), 1e-5};
        return ops::attention(cut.select(0, 0), cut.select(0, 1), cut.select(0, 2), options);
      };
      expect_as_on_host(mixed, tolerance);
    }
}

TEST_F(OpsOnDevice, AttendWithPositions) {
  const int64_t prefix = 5, tokens = 37, head = 64;
  const at::Tensor qkv = scatter({2, tokens, 3, 4, head}, 0.4, 1.5, 0.1);
  const auto table = [&](double phase) {
    return wave({tokens - prefix, head / 2}, phase).repeat({1, 2});
  };
  const at::Tensor sin = table(0), cos = table(1);
  for (const auto& [dtype, tolerance] : kPrecisions) {
    const auto mixed = [&](const Place& on) {
      const at::Tensor cut = on(qkv.to(dtype)).permute({2, 0, 3, 1, 4});
      return ops::attention(
          cut.select(0, 0), cut.select(0, 1), cut.select(0, 2),
          {.scale = 0.1, .product = dtype, .rotation = {on(sin), on(cos), prefix}});
    };
    expect_as_on_host(mixed, tolerance);
  }
}

TEST_F(OpsOnDevice, BendTheProductInItsEpilogue) {
  const at::Tensor x = scatter({2, 9, 64}, 0.2, 1, 0), bias = wave({96});
  const at::Tensor weight = scatter({96, 64}, 0.7, 0.1, 0);
  for (const auto& [dtype, tolerance] : kPrecisions) {
    const auto bent = [&](const Place& on) {
      return ops::linear(on(x.to(dtype)), on(weight.to(dtype)), on(bias.to(dtype)),
                         ops::Epilogue::kGeluTanh);
    };
    expect_as_on_host(bent, tolerance);
  }
}

TEST(OpsDevice, TakesNothingFromTheHost) {
  const c10::InferenceMode inference;
  EXPECT_FALSE(ops::device::takes(wave({4})));
}

}  // namespace
}  // namespace svgen
