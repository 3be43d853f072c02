// SPDX-License-Identifier: MIT
// Tensors as torch pickles them, and views that do not fit their storage.
#include "weights/torch_objects.h"

#include "support.h"

namespace svgen::weights {
namespace {

using namespace testing;
using pickle::call;
using pickle::global;
using pickle::integer;
using pickle::integers;
using pickle::storage;
using pickle::tensor;
using pickle::text;

class TorchObjectsTest : public ::testing::Test {
 protected:
  PickleValue run(const std::string& value) {
    bytes_ = pickle::whole(value);
    std::string_view rest = bytes_;
    return machine_.run(rest);
  }
  /// Places a pickled tensor on a storage of `size` bytes at byte 100 of the file.
  StoredTensor place(const std::string& value, uint64_t size) {
    return objects_.place(
        run(value), "t",
        [&](std::string_view key) {
          return key == "0" ? std::optional(StorageRange{100, size}) : std::nullopt;
        });
  }

  std::string bytes_;
  TorchObjects objects_;
  PickleMachine machine_{objects_.hooks()};
};

TEST_F(TorchObjectsTest, PlacesAViewByOffsetShapeAndStrides) {
  const StoredTensor placed =
      place(tensor(storage("FloatStorage", "0", 10), 3, {2, 2}, {1, 4}), 40);
  EXPECT_EQ(placed.info.dtype, at::kFloat);
  EXPECT_EQ(placed.info.shape, (std::vector<int64_t>{2, 2}));
  EXPECT_EQ(placed.strides, (std::vector<int64_t>{1, 4}));
  EXPECT_EQ(placed.offset, 112u);
}

TEST_F(TorchObjectsTest, KnowsTheTypedStorages) {
  const std::pair<const char*, at::ScalarType> rows[] = {
      {"FloatStorage", at::kFloat}, {"DoubleStorage", at::kDouble},
      {"HalfStorage", at::kHalf},   {"BFloat16Storage", at::kBFloat16},
      {"LongStorage", at::kLong},   {"IntStorage", at::kInt},
      {"ByteStorage", at::kByte},   {"BoolStorage", at::kBool}};
  for (const auto& [name, dtype] : rows)
    EXPECT_EQ(place(tensor(storage(name, "0", 1), 0, {1}, {1}), 8).info.dtype, dtype) << name;
}

TEST_F(TorchObjectsTest, TakesTheDtypeOfAnUntypedStorageFromTheCall) {
  const std::string bytes =
      pickle::tuple({text("storage"), global("torch.storage", "UntypedStorage"), text("0"),
                     text("cpu"), integer(8)}) +
      "Q";
  const StoredTensor placed = place(call(global("torch._utils", "_rebuild_tensor_v3"),
                                         {bytes, integer(1), integers({3}), integers({1}), "\x89",
                                          "N", global("torch", "uint16")}),
                                    8);
  EXPECT_EQ(placed.info.dtype, at::kUInt16);
  EXPECT_EQ(placed.offset, 102u);
}

TEST_F(TorchObjectsTest, LooksThroughParametersAndDerivedClasses) {
  const std::string plain = tensor(storage("FloatStorage", "0", 1), 0, {1}, {1});
  EXPECT_EQ(run(call(global("torch._utils", "_rebuild_parameter"), {plain, "\x88", "N"})).kind,
            PickleKind::kTensor);
  const std::string arguments = pickle::tuple(
      {storage("FloatStorage", "0", 1), integer(0), integers({1}), integers({1}), "\x89", "N"});
  EXPECT_EQ(
      run(call(global("torch._tensor", "_rebuild_from_type_v2"),
               {global("torch._utils", "_rebuild_tensor_v2"), global("a", "B"), arguments, "N"}))
          .kind,
      PickleKind::kTensor);
}

TEST_F(TorchObjectsTest, PlacesAPartOfAStorageInOldFiles) {
  const std::string part =
      pickle::tuple({text("storage"), global("torch", "FloatStorage"), text("0"), text("cpu"),
                     integer(10), pickle::tuple({text("1"), integer(4), integer(3)})});
  EXPECT_EQ(place(tensor(part + "Q", 1, {2}, {1}), 40).offset, 120u);
  EXPECT_THROW(place(tensor(part + "Q", 2, {2}, {1}), 40), PickleError);
}

TEST_F(TorchObjectsTest, ATensorThatCannotBeReadSaysWhatItIs) {
  const std::string plain = tensor(storage("FloatStorage", "0", 1), 0, {1}, {1});
  const std::string layout =
      call(global("torch.serialization", "_get_layout"), {text("torch.sparse_coo")});
  const auto rebuilt = [](const char* name, const std::vector<std::string>& arguments) {
    return call(global("torch._utils", name), arguments);
  };
  const std::string untyped =
      pickle::tuple({text("storage"), global("torch.storage", "UntypedStorage"), text("0"),
                     text("cpu"), integer(8)}) +
      "Q";
  const std::string numbers = integers({1});
  const std::string negated =
      rebuilt("_rebuild_tensor_v2", {storage("FloatStorage", "0", 1), integer(0), numbers, numbers,
                                     "\x89", "N", pickle::dict({{"neg", "\x88"}})});
  const std::pair<std::string, const char*> cases[] = {
      {tensor(storage("QInt8Storage", "0", 1), 0, {1}, {1}), "unknown here (torch.QInt8Storage)"},
      {rebuilt("_rebuild_qtensor", {storage("QInt8Storage", "0", 1), integer(0), numbers}),
       "a quantized tensor (torch.QInt8Storage): save it with .dequantize()"},
      {rebuilt("_rebuild_sparse_tensor", {layout, pickle::tuple({plain, plain})}),
       "a sparse tensor (torch.sparse_coo): save it with .to_dense()"},
      {rebuilt("_rebuild_parameter",
               {rebuilt("_rebuild_sparse_tensor", {layout, pickle::tuple({})}), "\x88", "N"}),
       "a sparse tensor"},
      {rebuilt("_rebuild_meta_tensor_no_storage", {global("torch", "float32"), numbers}),
       "without data (device meta)"},
      {rebuilt("_rebuild_nested_tensor", {plain}), "a nested tensor"},
      {rebuilt("_rebuild_of_next_year", {plain}), "of a form unknown here"},
      {rebuilt("_rebuild_tensor_v3", {untyped, integer(0), numbers, numbers, "\x89", "N",
                                      global("torch", "float8_e8m0fnu")}),
       "torch.float8_e8m0fnu"},
      {negated, ".resolve_neg()"},
      {call(global("numpy._core.multiarray", "_reconstruct"), {global("numpy", "ndarray")}),
       "a NumPy array"},
      {call(global("torch._tensor", "_rebuild_from_type_v2"),
            {global("torch._utils", "_rebuild_wrapper_subclass"), global("a", "B"),
             pickle::tuple({global("torch.distributed.tensor", "DTensor")}), "N"}),
       "(torch.distributed.tensor.DTensor)"},
  };
  for (const auto& [value, words] : cases) {
    TorchObjects objects;
    PickleMachine machine{objects.hooks()};
    const std::string bytes = pickle::whole(value);
    std::string_view rest = bytes;
    const PickleValue result = machine.run(rest);
    ASSERT_EQ(result.kind, PickleKind::kUnread) << words;
    EXPECT_THAT(objects.place(result, "t", {}).info.unreadable, ::testing::HasSubstr(words));
  }
}

TEST_F(TorchObjectsTest, RefusesViewsOutsideTheirStorage) {
  struct View {
    int64_t offset;
    std::vector<int64_t> shape, strides;
  };
  constexpr int64_t kHuge = int64_t{1} << 62;
  const View views[] = {
      {0, {11}, {1}},          {1, {10}, {1}},
      {0, {2, 5}, {6, 1}},     {11, {0}, {1}},
      {0, {5}, {kHuge}},       {kHuge, {1}, {1}},
      {0, {kHuge, 8}, {0, 1}}, {0, {1000000}, {0}},
      {0, {2, 2}, {1}},        {0, {kHuge, kHuge}, {0, 0}},
  };
  for (const View& view : views)
    EXPECT_THROW(
        place(tensor(storage("FloatStorage", "0", 10), view.offset, view.shape, view.strides), 40),
        PickleError)
        << ::testing::PrintToString(view.shape);
}

TEST_F(TorchObjectsTest, RefusesNegativeNumbers) {
  EXPECT_THROW(run(tensor(storage("FloatStorage", "0", 10), -1, {1}, {1})), PickleError);
  EXPECT_THROW(run(tensor(storage("FloatStorage", "0", 10), 0, {-1}, {1})), PickleError);
  EXPECT_THROW(run(tensor(storage("FloatStorage", "0", 10), 0, {1}, {-1})), PickleError);
  EXPECT_THROW(run(storage("FloatStorage", "0", -1)), PickleError);
}

TEST_F(TorchObjectsTest, RefusesAStorageShorterThanItSays) {
  const std::string value = tensor(storage("FloatStorage", "0", 10), 0, {1}, {1});
  EXPECT_THROW(place(value, 39), PickleError);
  const int64_t huge = int64_t{1} << 62;
  EXPECT_THROW(place(tensor(storage("FloatStorage", "0", huge), 0, {1}, {1}), 40), PickleError);
  EXPECT_THROW(place(tensor(storage("FloatStorage", "other", 1), 0, {1}, {1}), 40), PickleError);
}

TEST_F(TorchObjectsTest, RefusesCallsWithTooFewOrWrongArguments) {
  const std::string rebuild = global("torch._utils", "_rebuild_tensor_v2");
  const std::string from = storage("FloatStorage", "0", 10);
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{},
        {from},
        {from, text("0"), integers({1}), integers({1})},
        {from, integer(0), integer(1), integers({1})},
        {from, integer(0), integers(std::vector<int64_t>(17, 1)), integers({1})}})
    EXPECT_THROW(run(call(rebuild, arguments)), PickleError);
}

TEST_F(TorchObjectsTest, DerivedClassesCannotNest) {
  constexpr size_t kDepth = 20000;
  const std::string rebuild = global("torch._tensor", "_rebuild_from_type_v2");
  std::string nested;
  for (size_t i = 0; i < kDepth; ++i) nested += rebuild + "N";
  nested += "N" + std::string(kDepth, '\x87');
  EXPECT_EQ(run(rebuild + nested + "R").kind, PickleKind::kObject);
}

}  // namespace
}  // namespace svgen::weights
