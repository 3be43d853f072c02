// SPDX-License-Identifier: MIT
// Tensors over the bytes of a file.
#include "weights/stored_tensor.h"

#include <ATen/ops/tensor.h>

#include "support.h"

namespace svgen::weights {
namespace {

using namespace testing;

constexpr int64_t kHuge = int64_t{1} << 62;

TEST(CountElements, MultipliesAndNoticesNonsense) {
  EXPECT_EQ(count_elements({}), 1);
  EXPECT_EQ(count_elements({2, 3}), 6);
  EXPECT_EQ(count_elements({kHuge, 0}), 0);
  EXPECT_EQ(count_elements({kHuge, 4}), std::nullopt);
  EXPECT_EQ(count_elements({-1}), std::nullopt);
}

TEST(ViewExtent, IsOnePastTheLastElementReached) {
  EXPECT_EQ(view_extent({2, 3}, {3, 1}), 6);
  EXPECT_EQ(view_extent({3}, {2}), 5);
  EXPECT_EQ(view_extent({}, {}), 1);
  EXPECT_EQ(view_extent({0, 5}, {9, 9}), 0);
  EXPECT_EQ(view_extent({2}, {-1}), std::nullopt);
  EXPECT_EQ(view_extent({5}, {kHuge}), std::nullopt);
  EXPECT_EQ(view_extent({2, 2}, {1}), std::nullopt);
}

TEST(DtypeText, UsesTheCommonNames) {
  EXPECT_EQ(dtype_text(at::kFloat), "float32");
  EXPECT_EQ(dtype_text(at::kBFloat16), "bfloat16");
  EXPECT_EQ(dtype_text(at::kLong), "int64");
  EXPECT_EQ(dtype_text(at::kBool), "bool");
}

class MappedSourceTest : public ::testing::Test {
 protected:
  std::shared_ptr<const MappedFile> map(const std::string& bytes) const {
    return MappedFile::open(folder_.write("file", bytes));
  }
  ScratchFolder folder_;
};

TEST_F(MappedSourceTest, SharesAlignedContiguousBytesForAsLongAsTheTensorLives) {
  at::Tensor tensor;
  {
    const auto file = map(floats({1, 2, 3, 4}));
    tensor = MappedSource(file, {{{"a", at::kFloat, {2}}, {1}, 8}}).read("a");
    EXPECT_EQ(tensor.const_data_ptr(), file->data(8));
  }
  EXPECT_TRUE(at::equal(tensor, at::tensor({3.f, 4.f})));
}

TEST_F(MappedSourceTest, CopiesWhatIsNotAligned) {
  const MappedSource source(map("x" + floats({1, 2})), {{{"a", at::kFloat, {2}}, {1}, 1}});
  EXPECT_TRUE(at::equal(source.read("a"), at::tensor({1.f, 2.f})));
}

TEST_F(MappedSourceTest, HasNothingToCopyOfAnEmptyTensorBetweenWords) {
  const MappedSource source(map("x" + floats({1, 2})), {{{"a", at::kFloat, {0, 3}}, {3, 1}, 1}});
  EXPECT_EQ(source.read("a").sizes(), (std::vector<int64_t>{0, 3}));
}

TEST_F(MappedSourceTest, GathersStridedViews) {
  const MappedSource source(map(floats({0, 1, 2, 3, 4, 5})),
                            {{{"a", at::kFloat, {2, 2}}, {1, 3}, 4}});
  EXPECT_TRUE(at::equal(source.read("a"), at::tensor({1.f, 4.f, 2.f, 5.f}).view({2, 2})));
}

TEST_F(MappedSourceTest, NamesTheTensorThatIsAbsent) {
  const MappedSource source(map("12345678"), {});
  EXPECT_THAT(report_of<WeightsError>([&] { source.read("blocks.0"); }),
              ::testing::HasSubstr("blocks.0"));
}

TEST_F(MappedSourceTest, RefusesTwoTensorsOfOneName) {
  const StoredTensor tensor = {{"a", at::kByte, {1}}, {1}, 0};
  EXPECT_THROW(MappedSource(map("12"), {tensor, tensor}), IoError);
}

}  // namespace
}  // namespace svgen::weights
