// SPDX-License-Identifier: MIT
// The containers of torch.save equal their safetensors twins; damaged and hostile ones are refused.
#include "weights/torch_archive.h"

#include <ATen/ops/tensor.h>

#include "support.h"

namespace svgen::weights {
namespace {

using ::testing::HasSubstr;
using namespace testing;
using pickle::call;
using pickle::dict;
using pickle::global;
using pickle::storage;
using pickle::tensor;
using pickle::text;

constexpr char kLegacyStart[] =
    "\x80\x02\x8a\nl\xfc\x9c"
    "F\xf9 j\xa8P\x19.";

class TorchArchive : public ::testing::Test {
 protected:
  std::shared_ptr<StateSource> open(const std::string& bytes) {
    return open_torch_archive(MappedFile::open(folder_.write("file.pt", bytes)));
  }
  std::string refusal(const std::string& bytes) {
    const std::string report = report_of<IoError>([&] { open(bytes); });
    EXPECT_THAT(report, HasSubstr("file.pt"));
    return report;
  }
  /// Opens a file and reads everything; returns whether that went well. Only svgen's errors may
  /// come.
  bool survives(const std::string& bytes) {
    try {
      const auto source = open_weights(folder_.write("file.pt", bytes));
      for (const TensorInfo& info : source->tensors()) source->read(info.name);
      return true;
    } catch (const Error&) {
      return false;
    }
  }

  ScratchFolder folder_;
};

std::string four(int64_t count = 4) {
  return storage("FloatStorage", "0", count);
}
std::string vector_of_four() {
  return tensor(four(), 0, {4}, {1});
}
const std::string kFour = floats({1, 2, 3, 4});

struct Twins {
  const char *archive, *safetensors;
};
class TorchArchiveTwins : public ::testing::TestWithParam<Twins> {};

TEST_P(TorchArchiveTwins, HoldTheSameTensors) {
  expect_same(*open_weights(tiny(GetParam().archive)), *open_weights(tiny(GetParam().safetensors)));
}

INSTANTIATE_TEST_SUITE_P(
    Files, TorchArchiveTwins,
    ::testing::Values(Twins{"dit_tiny.pt", "dit_tiny.safetensors"},
                      Twins{"dit_tiny_views.pt", "dit_tiny.safetensors"},
                      Twins{"svg_autoencoder_tiny.ckpt", "autoencoder_tiny.safetensors"},
                      Twins{"stats_tiny_legacy.pt", "stats_tiny.pt"}),
    [](const auto& file) { return std::filesystem::path(file.param.archive).stem().string(); });

TEST(TorchArchiveFiles, Bfloat16HoldsTheRoundedTensors) {
  const auto exact = open_weights(tiny("dit_tiny.safetensors"));
  const auto rounded = open_weights(tiny("dit_tiny_bf16.pt"));
  ASSERT_EQ(names(*rounded), names(*exact));
  for (const TensorInfo& info : rounded->tensors()) {
    EXPECT_EQ(info.dtype, at::kBFloat16);
    EXPECT_TRUE(at::equal(rounded->read(info.name), exact->read(info.name).to(at::kBFloat16)));
  }
}

TEST(TorchArchiveFiles, ALongerPositionTableIsTheOnlyDifference) {
  const auto small = open_weights(tiny("dit_tiny.safetensors"));
  const auto large = open_weights(tiny("dit_tiny_256.pt"));
  ASSERT_EQ(names(*large), names(*small));
  for (const TensorInfo& info : small->tensors()) {
    if (info.name == "pos_embed") continue;
    EXPECT_TRUE(at::equal(large->read(info.name), small->read(info.name))) << info.name;
  }
  EXPECT_EQ(large->find("pos_embed")->shape, (std::vector<int64_t>{1, 256, 64}));
}

TEST(TorchArchiveFiles, AMetaStateDictEqualsTheEncoderPartOfTheCheckpoint) {
  const auto meta = open_weights(tiny("dino_tiny_meta.pth"));
  const auto checkpoint = open_weights(tiny("autoencoder_tiny.safetensors"));
  EXPECT_EQ(meta->tensors().size(), 42u);
  for (const TensorInfo& info : meta->tensors())
    EXPECT_TRUE(at::equal(meta->read(info.name), checkpoint->read("encoder." + info.name)));
}

TEST_F(TorchArchive, FlattensNestedDictsAndLists) {
  const std::string inner = dict({{"c", vector_of_four()}, {"d", "N"}});
  const auto source = open(torch_zip(dict({{"a", inner},
                                           {"b", "](" + vector_of_four() + "e"},
                                           {"e", "}K\x07" + vector_of_four() + "s"}}),
                                     {{"0", kFour}}));
  EXPECT_EQ(names(*source), (std::set<std::string>{"a.c", "b.0", "e.7"}));
}

TEST_F(TorchArchive, PrefersEmaThenModelThenStateDict) {
  const std::pair<std::string, std::string> ema = {"ema", dict({{"e", vector_of_four()}})},
                                            model = {"model", dict({{"m", vector_of_four()}})},
                                            state = {"state_dict", dict({{"s", vector_of_four()}})},
                                            step = {"model", text("svg-xl")};
  const auto listed = [&](const std::vector<std::pair<std::string, std::string>>& items) {
    return names(*open(torch_zip(dict(items), {{"0", kFour}})));
  };
  EXPECT_EQ(listed({state, model, ema}), std::set<std::string>{"e"});
  EXPECT_EQ(listed({state, model}), std::set<std::string>{"m"});
  EXPECT_EQ(listed({step, state}), std::set<std::string>{"s"});
  EXPECT_EQ(listed({{"ema", dict({})}, state}), std::set<std::string>{"s"});
  EXPECT_EQ(listed({{"other", state.second}}), std::set<std::string>{"other.s"});
}

TEST_F(TorchArchive, ReadsAliasedAndTransposedViews) {
  const auto source = open(torch_zip(dict({{"all", tensor(four(), 0, {2, 2}, {2, 1})},
                                           {"turned", tensor(four(), 0, {2, 2}, {1, 2})},
                                           {"last", tensor(four(), 3, {}, {})}}),
                                     {{"0", kFour}}));
  EXPECT_TRUE(at::equal(source->read("turned"), source->read("all").t()));
  EXPECT_EQ(source->read("last").item<float>(), 4);
}

TEST_F(TorchArchive, SkipsForeignObjectsAndRunsNothing) {
  const auto mark = folder_.path() / "executed";
  const std::string attack = call(global("os", "system"), {text("touch " + mark.string())});
  const std::string build = call(global("a", "B"), {}) + dict({{"x", attack}}) + "b";
  const auto source = open(torch_zip(
      dict({{"attack", attack}, {"object", build}, {"t", vector_of_four()}}), {{"0", kFour}}));
  EXPECT_EQ(names(*source), std::set<std::string>{"t"});
  EXPECT_FALSE(std::filesystem::exists(mark));
}

TEST_F(TorchArchive, ListsWhatCannotBeReadAndReadsTheRest) {
  const std::string sparse =
      call(global("torch._utils", "_rebuild_sparse_tensor"), {text("torch.sparse_csr")});
  const auto source = open(
      torch_zip(dict({{"ema", dict({{"s", sparse}, {"t", vector_of_four()}})}}), {{"0", kFour}}));
  EXPECT_EQ(names(*source), (std::set<std::string>{"s", "t"}));
  EXPECT_EQ(source->read("t").numel(), 4);
  const std::string report = report_of<WeightsError>([&] { source->read("s"); });
  EXPECT_THAT(report, HasSubstr("the tensor s of the weights file is a sparse tensor"));
  EXPECT_THAT(report, HasSubstr("file.pt"));
}

TEST_F(TorchArchive, KnowsWhereOtherTrainingsKeepTheirAverages) {
  const std::string weights = dict({{"a", vector_of_four()}}),
                    other = dict({{"b", vector_of_four()}});
  for (const char* key :
       {"model_ema", "model_ema1", "state_dict_ema", "ema_state_dict", "params_ema"})
    EXPECT_EQ(names(*open(torch_zip(dict({{"model", other}, {"state_dict", other}, {key, weights}}),
                                    {{"0", kFour}}))),
              std::set<std::string>{"a"});
  for (const char* key : {"module", "model_state_dict", "params"})
    EXPECT_EQ(names(*open(torch_zip(dict({{"optimizer", other}, {key, weights}}), {{"0", kFour}}))),
              std::set<std::string>{"a"});
}

TEST_F(TorchArchive, NamesTheClassOfAModelThatWasSavedWhole) {
  const std::string model = call(global("torch.nn.modules.linear", "Linear"), {});
  EXPECT_THAT(refusal(torch_zip(model, {})),
              HasSubstr("an object of torch.nn.modules.linear.Linear"));
  EXPECT_THAT(refusal(torch_zip(dict({{"epoch", "K\x01"}, {"model", model}}), {})),
              HasSubstr("a dict whose model is an object of torch.nn.modules.linear.Linear"));
  EXPECT_THAT(refusal(torch_zip(model, {})), HasSubstr("save model.state_dict()"));
  const std::string legacy =
      pickle::tuple({text("module"), global("a", "Net"), text("a.py"), text("")}) + "Q";
  EXPECT_THAT(refusal(torch_zip(call(legacy, {}), {})), HasSubstr("an object of a.Net"));
  EXPECT_THAT(refusal(torch_zip(legacy, {})), HasSubstr("an object of a.Net"));
}

TEST_F(TorchArchive, RefusesAFileWhoseWholeValueIsAForeignObject) {
  EXPECT_THAT(refusal(torch_zip(call(global("os", "system"), {text("true")}), {})),
              HasSubstr("os.system"));
}

TEST_F(TorchArchive, RefusesViewsOutsideTheirStorage) {
  for (const std::string& view :
       {tensor(four(), 1, {4}, {1}), tensor(four(), 0, {4}, {2}), tensor(four(5), 0, {1}, {1}),
        tensor(four(), 0, {int64_t{1} << 60}, {0})})
    EXPECT_THAT(refusal(torch_zip(dict({{"t", view}}), {{"0", kFour}})), HasSubstr("for t"));
}

TEST_F(TorchArchive, RefusesAStorageThatIsNotThere) {
  EXPECT_THAT(refusal(torch_zip(dict({{"t", vector_of_four()}}), {})), HasSubstr("storage 0"));
}

TEST_F(TorchArchive, RefusesTwoTensorsThatFlattenToOneName) {
  const std::string inner = dict({{"b", vector_of_four()}});
  EXPECT_THAT(refusal(torch_zip(dict({{"a", inner}, {"a.b", vector_of_four()}}), {{"0", kFour}})),
              HasSubstr("a.b"));
}

TEST_F(TorchArchive, RefusesValuesThatContainThemselvesOrMultiply) {
  EXPECT_THAT(refusal(torch_zip("}q\x01" + text("a") + "h\x01s", {})), HasSubstr("deeper"));
  std::string doubling = "]";  // 40 lists, each of which holds the one before six times
  for (int i = 0; i < 40; ++i)
    doubling +=
        "q\x01"
        "0](" +
        std::string("h\x01h\x01h\x01h\x01h\x01h\x01") + "e";
  EXPECT_THAT(refusal(torch_zip(doubling, {})), HasSubstr("more values"));
}

TEST_F(TorchArchive, NamesMayBeAnyBytesOfReasonableLength) {
  const auto source = open(torch_zip(
      dict({{"caf\xe9\n", vector_of_four()}, {"日本", vector_of_four()}}), {{"0", kFour}}));
  EXPECT_EQ(names(*source), (std::set<std::string>{"caf\\xe9\\x0a", "日本"}));
  EXPECT_THAT(refusal(torch_zip(dict({{std::string(10 << 20, '\1'), vector_of_four()}}), {})),
              HasSubstr("names longer"));
}

TEST_F(TorchArchive, RefusesDeepNesting) {
  refusal(torch_zip(std::string(100000, ']') + std::string(99999, 'a'), {}));
}

TEST_F(TorchArchive, RefusesBigEndianFiles) {
  const std::string value = pickle::whole(dict({{"t", vector_of_four()}}));
  EXPECT_THAT(refusal(zip({{"a/data.pkl", value}, {"a/byteorder", "big"}, {"a/data/0", kFour}})),
              HasSubstr("big-endian"));
}

TEST_F(TorchArchive, RefusesArchivesThatAreNotOfTorch) {
  EXPECT_THAT(refusal(zip({{"readme", "hello"}})), HasSubstr("data.pkl"));
  const std::string value = pickle::whole("}");
  EXPECT_THAT(refusal(zip({{"a/data.pkl", value}, {"b/data.pkl", value}})), HasSubstr("two"));
  EXPECT_THAT(refusal(pickle::whole("}")), HasSubstr("not of torch.save"));
}

TEST_F(TorchArchive, RefusesLegacyFilesThatContradictThemselves) {
  const std::string start = kLegacyStart + pickle::whole("M\xe9\x03");
  const std::string system = pickle::whole(dict({{"little_endian", "\x88"}}));
  const std::string value = pickle::whole(dict({{"t", vector_of_four()}}));
  const std::string keys = pickle::whole("]" + text("0") + "a");
  const std::string sound = start + system + value + keys;
  EXPECT_TRUE(
      at::equal(open(sound + number(4, 8) + kFour)->read("t"), at::tensor({1.f, 2.f, 3.f, 4.f})));
  refusal(sound + number(5, 8) + kFour);                 // more than the file holds
  refusal(sound + number(3, 8) + kFour);                 // fewer than the pickle says
  refusal(sound + number(uint64_t{1} << 60, 8));         // absurdly many
  refusal(start + system + value + pickle::whole("]"));  // no storages at all
  refusal(start + system + value + pickle::whole("]" + text("1") + "a") + number(4, 8) + kFour);
  refusal(kLegacyStart + pickle::whole("M\xea\x03") + system + value + keys);
  refusal(start + pickle::whole(dict({{"little_endian", "\x89"}})) + value + keys);
}

TEST_F(TorchArchive, NoTruncationIsReadAsAWholeFile) {
  for (const char* name : {"stats_tiny.pt", "stats_tiny_legacy.pt"}) {
    const std::string bytes = read_text(tiny(name));
    for (size_t size = 1; size < bytes.size(); size += size + 100 < bytes.size() ? 5 : 1)
      EXPECT_FALSE(survives(bytes.substr(0, size))) << name << " cut to " << size;
  }
}

TEST_F(TorchArchive, AnyByteMayBeWrongWithoutACrash) {
  for (const char* name : {"stats_tiny.pt", "stats_tiny_legacy.pt"}) {
    const std::string bytes = read_text(tiny(name));
    for (size_t i = 0; i < bytes.size(); ++i) {
      std::string bad = bytes;
      bad[i] = static_cast<char>(bad[i] ^ "\x01\x80\xff"[i % 3]);
      survives(bad);
    }
  }
}

}  // namespace
}  // namespace svgen::weights
