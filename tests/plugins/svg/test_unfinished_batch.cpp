// SPDX-License-Identifier: MIT
// Tests of what is kept of a batch that was broken off.
#include "svg/unfinished_batch.h"

#include "harness.h"

namespace svgen::gst::testing {
namespace {

Tensor filled(int64_t images, float value) {
  const Tensor tensor = Tensor::empty(DType::kFloat32, {images, 2, 2});
  std::fill_n(tensor.data_as<float>(), images * 4, value);
  return tensor;
}

SampleRequest request_of(std::vector<int64_t> indices) {
  SampleRequest request;
  request.seed = 3;
  request.classes.assign(indices.size(), 1);
  request.indices = std::move(indices);
  return request;
}

TEST(UnfinishedBatch, IsOfTheSameImagesAlone) {
  const UnfinishedBatch kept{request_of({4, 5, 6}), filled(2, 1)};
  EXPECT_EQ(kept.of(request_of({4, 5, 6})), 2);
  EXPECT_EQ(kept.of(request_of({5, 6, 7})), 0);
  SampleRequest other = request_of({4, 5, 6});
  other.seed = 4;
  EXPECT_EQ(kept.of(other), 0);
  other = request_of({4, 5, 6});
  other.options.steps = 7;
  EXPECT_EQ(kept.of(other), 0);
  other = request_of({4, 5, 6});
  other.noise = filled(3, 0);
  EXPECT_EQ(kept.of(other), 0);
  EXPECT_EQ(UnfinishedBatch{}.of(request_of({})), 0);
}

TEST(UnfinishedBatch, ComparesTheNoise) {
  SampleRequest request = request_of({4, 5});
  request.noise = filled(2, 1);
  const UnfinishedBatch kept{request, filled(1, 1)};
  request.noise = filled(2, 1);
  EXPECT_EQ(kept.of(request), 1);
  request.noise = filled(2, 2);
  EXPECT_EQ(kept.of(request), 0);
}

TEST(UnfinishedBatch, TheRestFollowsBehindWhatIsThere) {
  SampleRequest request = request_of({4, 5, 6});
  request.noise = filled(3, 1);
  const SampleRequest rest = without_first(request, 2);
  EXPECT_EQ(rest.indices, (std::vector<int64_t>{6}));
  EXPECT_EQ(rest.classes.size(), 1u);
  EXPECT_EQ(rest.noise.size(0), 1);
  const Tensor joined = joined_rows(filled(2, 1), filled(1, 5));
  EXPECT_EQ(joined.shape(), (Shape{3, 2, 2}));
  EXPECT_EQ(joined.data_as<float>()[7], 1);
  EXPECT_EQ(joined.data_as<float>()[8], 5);
}

}  // namespace
}  // namespace svgen::gst::testing
