// SPDX-License-Identifier: MIT
// Tests of memories that own tensors.
#include "common/tensor_memory.h"

#include <cstring>
#include <numeric>

#include "harness.h"
#include "svgen/error.h"

namespace svgen::gst::testing {
namespace {

using svgen::testing::report_of;
using ::testing::HasSubstr;

Tensor counting(const Shape& shape) {
  Tensor tensor = Tensor::empty(DType::kFloat32, shape);
  std::iota(tensor.data_as<float>(), tensor.data_as<float>() + tensor.element_count(), 0.0f);
  return tensor;
}

TensorStream stream_of(std::vector<TensorStream::Entry> entries, int64_t batch) {
  TensorStream stream;
  stream.entries = std::move(entries);
  stream.batch = batch;
  stream.grid = {2, 2};
  return stream;
}

std::string contents(GstMemory* memory) {
  GstMapInfo info;
  EXPECT_TRUE(gst_memory_map(memory, &info, GST_MAP_READ));
  std::string bytes(reinterpret_cast<const char*>(info.data), info.size);
  gst_memory_unmap(memory, &info);
  return bytes;
}

std::string contents(const Tensor& tensor) {
  return {static_cast<const char*>(tensor.data()), tensor.byte_count()};
}

TEST(TensorMemory, MapsToTheTensorsBytes) {
  const Tensor tensor = counting({2, 4, 3});
  const MemoryPtr memory(tensor_memory_new(tensor));
  GstMapInfo info;
  ASSERT_TRUE(gst_memory_map(memory.get(), &info, GST_MAP_READ));
  EXPECT_EQ(static_cast<void*>(info.data), tensor.data());
  EXPECT_EQ(info.size, tensor.byte_count());
  gst_memory_unmap(memory.get(), &info);
}

TEST(TensorMemory, HandsItsTensorOverWithoutACopy) {
  const Tensor tensor = counting({2, 4, 3});
  const BufferPtr buffer(gst_buffer_new());
  gst_buffer_append_memory(buffer.get(), tensor_memory_new(tensor));
  const std::vector<Tensor> tensors = tensors_of(buffer.get(), stream_of({{3}}, 2));
  ASSERT_EQ(tensors.size(), 1u);
  EXPECT_EQ(tensors[0].data(), tensor.data());
  EXPECT_EQ(tensors[0].shape(), (Shape{2, 4, 3}));
}

TEST(TensorMemory, TheTensorOutlivesItsBuffer) {
  BufferPtr buffer(gst_buffer_new());
  gst_buffer_append_memory(buffer.get(), tensor_memory_new(counting({1, 4, 3})));
  const std::vector<Tensor> tensors = tensors_of(buffer.get(), stream_of({{3}}, 1));
  buffer.reset();
  EXPECT_EQ(tensors[0].data_as<float>()[11], 11.0f);
}

TEST(TensorMemory, SystemMemoryIsUsedInPlace) {
  BufferPtr buffer(gst_buffer_new_allocate(nullptr, 4 * 3 * 4, nullptr));
  GstMapInfo info;
  gst_buffer_map(buffer.get(), &info, GST_MAP_WRITE);
  void* const where = info.data;
  std::memset(info.data, 0, info.size);
  gst_buffer_unmap(buffer.get(), &info);
  const std::vector<Tensor> tensors = tensors_of(buffer.get(), stream_of({{3}}, 1));
  buffer.reset();  // the tensor keeps the mapping
  EXPECT_EQ(tensors[0].data(), where);
  EXPECT_EQ(tensors[0].data_as<float>()[0], 0.0f);
}

TEST(TensorMemory, ASharedPieceIsAViewOfItsRows) {
  const Tensor tensor = counting({3, 4, 3});
  const BufferPtr whole(gst_buffer_new());
  gst_buffer_append_memory(whole.get(), tensor_memory_new(tensor));
  const gsize row = 4 * 3 * 4;
  const BufferPtr second(gst_buffer_copy_region(whole.get(), GST_BUFFER_COPY_MEMORY, row, row));
  const std::vector<Tensor> tensors = tensors_of(second.get(), stream_of({{3}}, 1));
  EXPECT_EQ(tensors[0].data(), tensor.rows(1, 1).data());
  EXPECT_EQ(contents(gst_buffer_peek_memory(second.get(), 0)), contents(tensor.rows(1, 1)));
}

TEST(TensorMemory, APieceOfAPieceCountsFromTheStart) {
  const Tensor tensor = counting({4, 4, 3});
  const MemoryPtr memory(tensor_memory_new(tensor));
  const gssize row = 4 * 3 * 4;
  const MemoryPtr half(gst_memory_share(memory.get(), row, 3 * row));
  const MemoryPtr quarter(gst_memory_share(half.get(), row, -1));
  EXPECT_EQ(contents(quarter.get()), contents(tensor.rows(2, 2)));
}

TEST(TensorMemory, ADeepCopyHasBytesOfItsOwn) {
  const Tensor tensor = counting({1, 4, 3});
  const MemoryPtr memory(tensor_memory_new(tensor));
  const MemoryPtr copy(gst_memory_copy(memory.get(), 0, -1));
  tensor.data_as<float>()[0] = 77;
  EXPECT_NE(contents(copy.get()), contents(memory.get()));
}

TEST(TensorMemory, TwoTensorsInOneMemoryAreSplit) {
  const TensorStream stream = stream_of({{3}, {2}}, 1);
  BufferPtr buffer(gst_buffer_new_allocate(nullptr, 4 * 5 * 4, nullptr));
  const Tensor values = counting({20});
  gst_buffer_fill(buffer.get(), 0, values.data(), values.byte_count());
  const std::vector<Tensor> tensors = tensors_of(buffer.get(), stream);
  ASSERT_EQ(tensors.size(), 2u);
  EXPECT_EQ(tensors[0].shape(), (Shape{1, 4, 3}));
  EXPECT_EQ(tensors[1].data_as<float>()[0], 12.0f);
}

TEST(TensorMemory, OneTensorInTwoMemoriesIsMerged) {
  const Tensor values = counting({2, 4, 3});
  const BufferPtr buffer(gst_buffer_new());
  gst_buffer_append_memory(buffer.get(), tensor_memory_new(values.rows(0, 1)));
  gst_buffer_append_memory(buffer.get(), tensor_memory_new(values.rows(1, 1)));
  const std::vector<Tensor> tensors = tensors_of(buffer.get(), stream_of({{3}}, 2));
  EXPECT_EQ(contents(tensors[0]), contents(values));
}

TEST(TensorMemory, AnotherSizeIsAnErrorThatNamesTheBlocksize) {
  const BufferPtr buffer(gst_buffer_new_allocate(nullptr, 100, nullptr));
  const std::string report =
      report_of<ShapeError>([&] { tensors_of(buffer.get(), stream_of({{3}}, 2)); });
  EXPECT_THAT(report, HasSubstr("blocksize=96"));
  EXPECT_THAT(report, HasSubstr("100 bytes in 1 memories"));
}

TEST(TensorMemory, AnEmptyBufferIsAnError) {
  const BufferPtr buffer(gst_buffer_new());
  EXPECT_THROW(tensors_of(buffer.get(), stream_of({{3}}, 1)), ShapeError);
}

TEST(TensorMemory, TheTensorIsReleasedWithTheLastMemory) {
  auto owner = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = owner;
  static float value[3];
  MemoryPtr memory(tensor_memory_new(
      Tensor::wrap(DType::kFloat32, {1, 1, 3}, Device{}, value, std::move(owner))));
  MemoryPtr piece(gst_memory_share(memory.get(), 4, 4));
  memory.reset();
  EXPECT_FALSE(watch.expired());
  piece.reset();
  EXPECT_TRUE(watch.expired());
}

}  // namespace
}  // namespace svgen::gst::testing
