// SPDX-License-Identifier: MIT
// Tests of tensor handles.
#include "svgen/tensor.h"

#include <array>
#include <limits>
#include <numeric>
#include <thread>

#include "support.h"

namespace svgen {
namespace {

using ::testing::HasSubstr;
using testing::report_of;

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr DType kAllDTypes[] = {DType::kFloat32, DType::kBFloat16, DType::kFloat16, DType::kFloat64,
                                DType::kInt64,   DType::kInt32,    DType::kUInt8};

// [[0, 1, 2], [3, 4, 5], ...]
Tensor counting(int64_t rows, int64_t columns) {
  Tensor tensor = Tensor::empty(DType::kInt32, {rows, columns});
  std::iota(tensor.data_as<int32_t>(), tensor.data_as<int32_t>() + tensor.element_count(), 0);
  return tensor;
}

TEST(DType, NamesAreReadBack) {
  for (const DType dtype : kAllDTypes) EXPECT_EQ(parse_dtype(dtype_name(dtype)), dtype);
}

TEST(DType, SizesAreThoseOfTheTypes) {
  const size_t sizes[] = {4, 2, 2, 8, 8, 4, 1};
  for (size_t i = 0; i < std::size(sizes); ++i) EXPECT_EQ(element_size(kAllDTypes[i]), sizes[i]);
}

TEST(DType, UnknownNameListsTheKnownOnes) {
  const std::string report = report_of<ConfigurationError>([] { parse_dtype("float8"); });
  EXPECT_THAT(report, HasSubstr("float8"));
  EXPECT_THAT(report, HasSubstr("float32, bfloat16, float16"));
}

TEST(ShapeText, IsInBrackets) {
  EXPECT_EQ(shape_text({4, 256, 392}), "[4, 256, 392]");
  EXPECT_EQ(shape_text({}), "[]");
}

TEST(Tensor, IsUndefinedByDefault) {
  const Tensor tensor;
  EXPECT_FALSE(tensor.defined());
  EXPECT_EQ(tensor.element_count(), 0);
  EXPECT_EQ(tensor.byte_count(), 0u);
}

TEST(Tensor, EmptyIsDefinedAlignedHostMemory) {
  for (const DType dtype : kAllDTypes) {
    const Tensor tensor = Tensor::empty(dtype, {3, 5});
    EXPECT_TRUE(tensor.defined());
    EXPECT_TRUE(tensor.device().is_cpu());
    EXPECT_EQ(tensor.dtype(), dtype);
    EXPECT_EQ(tensor.rank(), 2u);
    EXPECT_EQ(tensor.size(1), 5);
    EXPECT_EQ(tensor.element_count(), 15);
    EXPECT_EQ(tensor.byte_count(), 15 * element_size(dtype));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.data()) % 64, 0u);
  }
}

TEST(Tensor, EmptyWithoutDimensionsIsOneElement) {
  const Tensor scalar = Tensor::empty(DType::kFloat32, {});
  EXPECT_TRUE(scalar.defined());
  EXPECT_EQ(scalar.element_count(), 1);
}

TEST(Tensor, EmptyOfNoElementsIsDefined) {
  const Tensor tensor = Tensor::empty(DType::kFloat32, {0, 256, 392});
  EXPECT_TRUE(tensor.defined());
  EXPECT_EQ(tensor.byte_count(), 0u);
}

class ImpossibleShape : public ::testing::TestWithParam<Shape> {};

TEST_P(ImpossibleShape, IsAShapeErrorThatQuotesIt) {
  const Shape& shape = GetParam();
  EXPECT_THAT(report_of<ShapeError>([&] { Tensor::empty(DType::kFloat32, shape); }),
              HasSubstr(shape_text(shape)));
  EXPECT_THROW(Tensor::wrap(DType::kFloat32, shape, {}, nullptr, nullptr), ShapeError);
  EXPECT_THROW(counting(2, 3).reshaped(shape), ShapeError);
}

INSTANTIATE_TEST_SUITE_P(Table, ImpossibleShape,
                         ::testing::Values(Shape{-1}, Shape{4, -1}, Shape{-2, -3},
                                           Shape{std::numeric_limits<int64_t>::min()}, Shape{kMax},
                                           Shape{kMax / 4 + 1},
                                           Shape{int64_t{1} << 31, int64_t{1} << 31},
                                           Shape{int64_t{1} << 32, int64_t{1} << 32},
                                           Shape{kMax, kMax, kMax}, Shape{int64_t{1} << 62, 2, 2},
                                           Shape{0, -1}));

TEST(Tensor, MoreThanTheMemoryIsBadAllocNotACrash) {
  EXPECT_THROW(Tensor::empty(DType::kUInt8, {kMax}), std::bad_alloc);
}

TEST(Tensor, WrapLooksAtTheMemoryItWasGiven) {
  std::array<float, 6> values{1, 2, 3, 4, 5, 6};
  const Tensor tensor = Tensor::wrap(DType::kFloat32, {2, 3}, {}, values.data(), nullptr);
  EXPECT_EQ(tensor.data(), values.data());
  tensor.data_as<float>()[4] = 50;
  EXPECT_EQ(values[4], 50);
}

TEST(Tensor, CopiesShareTheMemory) {
  const Tensor tensor = counting(2, 3);
  const Tensor copy = tensor;
  copy.data_as<int32_t>()[0] = 7;
  EXPECT_EQ(tensor.data_as<int32_t>()[0], 7);
}

TEST(Tensor, ReadAsAnotherDTypeIsAShapeErrorThatNamesBoth) {
  const Tensor tensor = Tensor::empty(DType::kFloat16, {2});
  const std::string report = report_of<ShapeError>([&] { tensor.data_as<float>(); });
  EXPECT_THAT(report, HasSubstr("float32"));
  EXPECT_THAT(report, HasSubstr("float16"));
  EXPECT_THROW(counting(1, 1).data_as<uint8_t>(), ShapeError);
  EXPECT_THROW(counting(1, 1).data_as<double>(), ShapeError);
  EXPECT_THROW(counting(1, 1).data_as<int64_t>(), ShapeError);
}

TEST(Tensor, DeviceMemoryIsNotReadOnTheHost) {
  int32_t value = 0;
  const Device cuda{Device::Type::kCuda, 1};
  const Tensor tensor = Tensor::wrap(DType::kInt32, {1}, cuda, &value, nullptr);
  EXPECT_EQ(tensor.device(), cuda);
  EXPECT_THAT(report_of<ShapeError>([&] { tensor.data_as<int32_t>(); }), HasSubstr("cuda:1"));
}

TEST(TensorRows, AreAViewOnTheRowsAsked) {
  const Tensor tensor = counting(4, 3);
  const Tensor rows = tensor.rows(1, 2);
  EXPECT_EQ(rows.shape(), (Shape{2, 3}));
  EXPECT_EQ(rows.data_as<int32_t>(), tensor.data_as<int32_t>() + 3);
}

TEST(TensorRows, MayBeNoneAtTheEnd) {
  EXPECT_EQ(counting(4, 3).rows(4, 0).shape(), (Shape{0, 3}));
  EXPECT_EQ(counting(0, 3).rows(0, 0).shape(), (Shape{0, 3}));
}

TEST(TensorRows, OfRowsCountFromTheView) {
  EXPECT_EQ(counting(6, 2).rows(2, 4).rows(1, 1).data_as<int32_t>()[0], 6);
}

TEST(TensorRows, OutsideAreAShapeError) {
  const Tensor tensor = counting(4, 3);
  const std::pair<int64_t, int64_t> outside[] = {
      {-1, 1}, {0, -1}, {0, 5}, {4, 1}, {5, 0}, {kMax, 1}, {1, kMax}, {kMax, kMax}, {-kMax, 2}};
  for (const auto& [first, count] : outside)
    EXPECT_THROW(tensor.rows(first, count), ShapeError) << first << " " << count;
}

TEST(TensorRows, OfAScalarOrUndefinedTensorAreAShapeError) {
  EXPECT_THROW(Tensor::empty(DType::kFloat32, {}).rows(0, 1), ShapeError);
  EXPECT_THROW(Tensor().rows(0, 0), ShapeError);
}

TEST(TensorReshaped, SharesTheMemory) {
  const Tensor tensor = counting(4, 3);
  const Tensor view = tensor.reshaped({2, 2, 3});
  EXPECT_EQ(view.shape(), (Shape{2, 2, 3}));
  EXPECT_EQ(view.data(), tensor.data());
  EXPECT_EQ(tensor.shape(), (Shape{4, 3}));
}

TEST(TensorReshaped, ToAnotherCountIsAShapeErrorThatNamesBoth) {
  const std::string report = report_of<ShapeError>([] { counting(4, 3).reshaped({5, 3}); });
  EXPECT_THAT(report, HasSubstr("[4, 3]"));
  EXPECT_THAT(report, HasSubstr("[5, 3]"));
  EXPECT_THROW(Tensor().reshaped({1}), ShapeError);
}

// An owner that notes on which thread it was released.
struct Owned {
  std::thread::id released_on;
  int releases = 0;
  float value = 0;

  Tensor wrapped() {
    return Tensor::wrap(DType::kFloat32, {1}, {}, &value,
                        std::shared_ptr<void>(
                            this,
                            [](void* self) {
                              auto* owned = static_cast<Owned*>(self);
                              owned->released_on = std::this_thread::get_id();
                              ++owned->releases;
                            }));
  }
};

TEST(TensorOwner, IsReleasedWithTheLastHandle) {
  Owned owned;
  Tensor first = owned.wrapped();
  Tensor second = first;
  first = Tensor();
  EXPECT_EQ(owned.releases, 0);
  second = Tensor();
  EXPECT_EQ(owned.releases, 1);
}

TEST(TensorOwner, IsHeldByViews) {
  Owned owned;
  {
    Tensor view;
    {
      const Tensor tensor = owned.wrapped();
      view = tensor.rows(0, 1).reshaped({1, 1});
    }
    EXPECT_EQ(owned.releases, 0);
    view.data_as<float>()[0] = 3;
  }
  EXPECT_EQ(owned.releases, 1);
  EXPECT_EQ(owned.value, 3);
}

TEST(TensorOwner, IsReleasedOnTheThreadOfTheLastHandle) {
  Owned owned;
  std::thread thread([tensor = owned.wrapped()]() mutable { tensor = Tensor(); });
  const std::thread::id other = thread.get_id();
  thread.join();
  EXPECT_EQ(owned.releases, 1);
  EXPECT_EQ(owned.released_on, other);
}

TEST(TensorOwner, IsReleasedOnceUnderContention) {
  Owned owned;
  {
    const Tensor tensor = owned.wrapped();
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([copy = tensor] {
        for (int k = 0; k < 1000; ++k) Tensor(copy).rows(0, 1);
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(owned.releases, 1);
}

}  // namespace
}  // namespace svgen
