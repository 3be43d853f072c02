// SPDX-License-Identifier: MIT
// Archives of numpy.savez and numpy.savez_compressed.
#include "weights/npz_archive.h"

#include <ATen/ops/tensor.h>

#include "support.h"
#include "svgen/error.h"

namespace svgen::weights {
namespace {

using ::testing::HasSubstr;
using namespace testing;
using svgen::testing::deflated_file;
using svgen::testing::npy;
using svgen::testing::npy_literal;

const std::string kSix = floats({0, 1, 2, 3, 4, 5});

class NpzArchive : public ::testing::Test {
 protected:
  std::shared_ptr<StateSource> open(const std::vector<ZipFile>& files) {
    return open_weights(folder_.write("file.npz", zip(files)));
  }
  std::string refusal(const std::vector<ZipFile>& files) {
    return report_of<IoError>([&] { open(files); });
  }
  /// What reading the only array, "a", says.
  std::string unreadable(const std::string& content) {
    const auto source = open({{"a.npy", content}});
    return report_of<WeightsError>([&] { source->read("a"); });
  }

  ScratchFolder folder_;
};

TEST_F(NpzArchive, HoldsArraysByName) {
  const std::string rows = npy(npy_literal("<f4", "(2, 3)"), kSix);
  for (const bool is_deflated : {false, true}) {
    const auto file = [&](const std::string& name, const std::string& content) {
      return is_deflated ? deflated_file(name, content) : ZipFile{name, content};
    };
    const auto source = open({file("blocks.0.weight.npy", rows),
                              file("columns.npy", npy(npy_literal("<f4", "(2, 3)", "True"), kSix)),
                              file("one.npy", npy(npy_literal("<i8", "()"), number(7, 8))),
                              file("none.npy", npy(npy_literal("<f8", "(0, 4)"), ""))});
    EXPECT_EQ(names(*source), (std::set<std::string>{"blocks.0.weight", "columns", "one", "none"}));
    EXPECT_TRUE(at::equal(source->read("blocks.0.weight"),
                          at::tensor({0.f, 1.f, 2.f, 3.f, 4.f, 5.f}).view({2, 3})));
    EXPECT_TRUE(at::equal(source->read("columns"),
                          at::tensor({0.f, 2.f, 4.f, 1.f, 3.f, 5.f}).view({2, 3})));
    EXPECT_TRUE(source->read("columns").is_contiguous());
    EXPECT_EQ(source->read("one").item<int64_t>(), 7);
    EXPECT_EQ(source->read("none").numel(), 0);
    EXPECT_THROW(source->read("other"), WeightsError);
  }
}

TEST_F(NpzArchive, NamesArraysThatItDoesNotRead) {
  EXPECT_THAT(unreadable(npy(npy_literal("|O", "(1,)"), "\x80\x04N.")), HasSubstr("(|O)"));
  EXPECT_THAT(unreadable(npy(npy_literal(">f4", "(6,)"), kSix)), HasSubstr("astype(\"<f4\")"));
  EXPECT_THAT(
      unreadable(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,), }", kSix)),
      HasSubstr("a structure"));
}

TEST_F(NpzArchive, RefusesSizesThatDoNotFit) {
  const std::string literal = npy_literal("<f4", "(2, 3)");
  EXPECT_THAT(refusal({{"a.npy", npy(literal, kSix + "x")}}), HasSubstr("24 bytes"));
  EXPECT_THAT(refusal({{"a.npy", npy(literal, kSix.substr(4))}}), HasSubstr("24 bytes"));
  EXPECT_THAT(refusal({{"a.npy", npy(npy_literal("<f4", "(9223372036854775807, 9)"), kSix)}}),
              HasSubstr("memory"));
  EXPECT_THAT(refusal({{"a.npy", "\x93NUMPY"}}), HasSubstr("numpy.save"));
  EXPECT_THAT(refusal({{"a.npy", npy("{}", kSix)}}), HasSubstr("descr"));
  const std::string bytes = npy(literal, kSix);
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_THROW(open({{"a.npy", bytes.substr(0, size)}}), IoError) << size;
}

TEST_F(NpzArchive, RefusesDamagedDeflation) {
  ZipFile file = deflated_file("a.npy", npy(npy_literal("<f4", "(2, 3)"), kSix));
  ZipFile longer = file;
  longer.size = 1024;
  EXPECT_THAT(refusal({longer}), HasSubstr("24 bytes"));
  // A few bytes that claim to become very many.
  ZipFile bomb = deflated_file("a.npy", npy(npy_literal("<f4", "(1099511627776,)"), ""));
  bomb.size = (uint64_t{1} << 42) + 128;
  EXPECT_THAT(report_of<IoError>([&] {
                open_weights(folder_.write("file.npz", zip({bomb}, /*long_form=*/true)));
              }),
              HasSubstr("at most"));
  ZipFile cut = file;
  cut.content.resize(cut.content.size() - 8);
  EXPECT_THROW(open({cut})->read("a"), IoError);
  ZipFile more = deflated_file("a.npy", npy(npy_literal("<f4", "(2, 3)"), kSix + "more"));
  more.size -= 4;
  EXPECT_THROW(open({more})->read("a"), IoError);
}

TEST_F(NpzArchive, IsNoArchiveOfOtherFiles) {
  EXPECT_THAT(refusal({{"a.npy", npy(npy_literal("<f4", "(6,)"), kSix)}, {"readme", "x"}}),
              HasSubstr("and other files"));
}

}  // namespace
}  // namespace svgen::weights
