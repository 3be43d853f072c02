// SPDX-License-Identifier: MIT
// The digest against the standard's examples, and the check of files.
#include "data/sha256.h"

#include <string_view>

#include "svgen/support.h"

namespace svgen {
namespace {

std::string digest_of(std::string_view text) {
  Sha256 hash;
  hash.update(std::as_bytes(std::span(text)));
  return hash.digest();
}

TEST(Sha256, MatchesTheStandardsExamples) {
  EXPECT_EQ(digest_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(digest_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digest_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(digest_of(std::string(1000000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, DoesNotDependOnHowTheMessageIsCut) {
  const std::string text(300, 'x');
  for (const size_t cut : {1, 63, 64, 65, 200}) {
    Sha256 hash;
    hash.update(std::as_bytes(std::span(text).first(cut)));
    hash.update(std::as_bytes(std::span(text).subspan(cut)));
    EXPECT_EQ(hash.digest(), digest_of(text)) << cut;
  }
}

TEST(CheckSha256, AcceptsTheFileAndRefusesAnother) {
  const testing::ScratchFolder folder;
  const auto file = folder.write("digest.bin", "abc");
  EXPECT_NO_THROW(check_sha256(file, digest_of("abc")));
  const std::string report =
      testing::report_of<WeightsError>([&] { check_sha256(file, digest_of("abd")); });
  EXPECT_NE(report.find(digest_of("abc")), std::string::npos) << report;
}

TEST(CheckSha256, SeesThatAFileWasReplaced) {
  const testing::ScratchFolder folder;
  const auto file = folder.write("replaced.bin", "abc");
  EXPECT_THROW(check_sha256(file, digest_of("abcd")), WeightsError);
  folder.write("replaced.bin", "abcd");
  EXPECT_NO_THROW(check_sha256(file, digest_of("abcd")));
}

TEST(Sha256OfFile, ReportsAMissingFile) {
  const testing::ScratchFolder folder;
  EXPECT_THROW(sha256_of_file(folder.path() / "absent.bin"), IoError);
}

}  // namespace
}  // namespace svgen
