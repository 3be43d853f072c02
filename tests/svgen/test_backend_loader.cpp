// SPDX-License-Identifier: MIT
// Tests of opening the compute library. A process opens it once, so each test runs in its own.
#include <dlfcn.h>

#include <future>
#include <iostream>
#include <vector>

#include "support.h"
#include "svgen/backend.h"
#include "svgen/random.h"

namespace svgen {
namespace {

using ::testing::AllOf;
using ::testing::ExitedWithCode;
using ::testing::HasSubstr;
using testing::ScopedVariable;

class BackendLoaderDeathTest : public ::testing::Test {
 protected:
  BackendLoaderDeathTest() { ::testing::FLAGS_gtest_death_test_style = "threadsafe"; }
};

// The bodies of the processes. Each prints what it saw and exits with 0 when that was the outcome
// it is named after.

[[noreturn]] void fail_to_open() {
  try {
    backend();
  } catch (const DeviceError& error) {
    std::cerr << error.report() << std::endl;
    std::_Exit(0);
  }
  std::_Exit(1);
}

[[noreturn]] void open(int failed_attempts = 0) {
  const std::string device = backend().resolve_device("cpu").name();
  std::cerr << device << ", " << std::getenv("OMP_WAIT_POLICY") << ", " << failed_attempts
            << " failures" << std::endl;
  std::_Exit(0);
}

[[noreturn]] void fail_twice_then_open() {
  int failures = 0;
  for (int i = 0; i < 2; ++i) {
    const ScopedVariable named("SVGEN_BACKEND", "/no/such/file.so");
    try {
      backend();
    } catch (const DeviceError&) {
      ++failures;
    }
  }
  open(failures);
}

// The file of libsvgen.so: a library that has no backend in it.
std::string library_without_backend() {
  Dl_info info{};
  dladdr(reinterpret_cast<void*>(&philox), &info);
  return std::filesystem::absolute(info.dli_fname).string();
}

TEST_F(BackendLoaderDeathTest, AMissingFileIsADeviceErrorWithTheCause) {
  const ScopedVariable named("SVGEN_BACKEND", "/no/such/libsvgen-torch.so");
  EXPECT_EXIT(fail_to_open(), ExitedWithCode(0),
              AllOf(HasSubstr("/no/such/libsvgen-torch.so"), HasSubstr("No such file"),
                    HasSubstr("SVGEN_BACKEND")));
}

TEST_F(BackendLoaderDeathTest, ATextFileIsADeviceErrorWithTheCause) {
  const ScopedVariable named("SVGEN_BACKEND", SVGEN_MODELS "/mini/card.json");
  EXPECT_EXIT(fail_to_open(), ExitedWithCode(0),
              AllOf(HasSubstr("mini/card.json"), HasSubstr("invalid ELF header")));
}

TEST_F(BackendLoaderDeathTest, AFolderIsADeviceErrorWithTheCause) {
  const ScopedVariable named("SVGEN_BACKEND", SVGEN_MODELS);
  EXPECT_EXIT(fail_to_open(), ExitedWithCode(0),
              AllOf(HasSubstr(SVGEN_MODELS), HasSubstr("cannot")));
}

TEST_F(BackendLoaderDeathTest, AnotherLibraryIsADeviceErrorThatNamesIt) {
  const std::string file = library_without_backend();
  const ScopedVariable named("SVGEN_BACKEND", file);
  EXPECT_EXIT(fail_to_open(), ExitedWithCode(0),
              AllOf(HasSubstr("does not fit"), HasSubstr("no svgen_backend symbol"),
                    HasSubstr(std::filesystem::path(file).filename().string())));
}

TEST_F(BackendLoaderDeathTest, OpensTheLibraryOfTheBuildWithoutTheVariable) {
  const ScopedVariable unset("SVGEN_BACKEND", std::nullopt);
  EXPECT_EXIT(open(), ExitedWithCode(0), HasSubstr("cpu"));
}

TEST_F(BackendLoaderDeathTest, TakesAnEmptyVariableAsNone) {
  const ScopedVariable empty("SVGEN_BACKEND", "");
  EXPECT_EXIT(open(), ExitedWithCode(0), HasSubstr("cpu"));
}

TEST_F(BackendLoaderDeathTest, OpensAfterFailedAttempts) {
  EXPECT_EXIT(fail_twice_then_open(), ExitedWithCode(0), HasSubstr("2 failures"));
}

TEST_F(BackendLoaderDeathTest, KeepsTheUsersWaitPolicy) {
  const ScopedVariable policy("OMP_WAIT_POLICY", "active");
  EXPECT_EXIT(open(), ExitedWithCode(0), HasSubstr("active"));
}

TEST_F(BackendLoaderDeathTest, ThreadsWaitPassivelyUnlessToldOtherwise) {
  const ScopedVariable policy("OMP_WAIT_POLICY", std::nullopt);
  EXPECT_EXIT(open(), ExitedWithCode(0), HasSubstr("passive"));
}

TEST(BackendLoader, GivesAllThreadsTheSameBackend) {
  std::vector<std::future<Backend*>> found;
  for (int i = 0; i < 4; ++i)
    found.push_back(std::async(std::launch::async, [] { return &backend(); }));
  Backend* const first = found.front().get();
  for (size_t i = 1; i < found.size(); ++i) EXPECT_EQ(found[i].get(), first);
}

}  // namespace
}  // namespace svgen
