// SPDX-License-Identifier: MIT
// Eight pipelines at once in one process, each started and stopped over and over.
#include <atomic>
#include <cstdio>
#include <thread>

#include "harness.h"
#include "process_memory.h"

namespace svgen::gst::testing {
namespace {

using Clock = std::chrono::steady_clock;

std::string generated(const std::string& settings) {
  return "svgdiffuse" + kTinyModel + "steps=2 " + settings;
}

std::string encoded(const std::string& source, const std::string& settings) {
  return "videotestsrc " + source + " ! video/x-raw,format=RGB,width=64,height=64,framerate=30/1" +
         " ! svgencode" + kTinyModel + settings;
}

enum class Ending { kEndOfStream, kStopped, kError };

struct Member {
  std::string line;
  Ending ending = Ending::kEndOfStream;
};

const std::vector<Member>& members() {
  static const std::vector<Member> all = {
      {generated("num-images=12 batch-size=4 ! svgdecode ! fakesink")},
      {generated("num-images=3 is-live=true framerate=30/1 ! queue ! svgdecode ! fakesink")},
      {generated("batch-size=2 ! svgdecode ! fakesink sync=false"), Ending::kStopped},
      {generated("classes=99 ! svgdecode ! fakesink"), Ending::kError},
      {encoded("num-buffers=9", "batch-size=4 ! svgalign ! svgdecode ! fakesink")},
      {encoded("num-buffers=5 is-live=true",
               "batch-size=4 batch-timeout=50000000 ! svgalign ! queue ! svgdecode ! fakesink")},
      {encoded("", "batch-size=2 features=semantic ! fakesink"), Ending::kStopped},
      {encoded("num-buffers=4", "! svgdecode ! fakesink"), Ending::kError}};
  return all;
}

// Plays a member once; false when it ends in another way than it should.
bool played(const Member& member, unsigned run) {
  Pipeline pipeline(member.line);
  if (member.ending != Ending::kStopped)
    return pipeline.run() == (member.ending == Ending::kEndOfStream);
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  g_usleep(7919 * run % 200'000);  // each run is stopped at another moment
  pipeline.stop();
  return pipeline.errors().empty();
}

std::chrono::seconds duration() {
  return duration_of("SVGEN_CROWD_SECONDS", 5);
}

TEST(Crowd, EightPipelinesLiveSideBySide) {
  const Clock::time_point start = Clock::now(), end = start + duration();
  std::vector<std::atomic<unsigned>> runs(members().size()), surprises(members().size());
  std::vector<std::thread> threads;
  for (size_t i = 0; i < members().size(); ++i) {
    threads.emplace_back([&, i] {
      while (Clock::now() < end) surprises[i] += !played(members()[i], ++runs[i]);
    });
  }
  std::this_thread::sleep_until(start + duration() / 4);
  const long settled = process_kibibytes("VmRSS:");
  for (std::thread& thread : threads) thread.join();
  const long last = process_kibibytes("VmRSS:");
  for (size_t i = 0; i < members().size(); ++i) {
    std::printf("%u runs of %s\n", runs[i].load(), members()[i].line.c_str());
    EXPECT_GT(runs[i], 0u);
    EXPECT_EQ(surprises[i], 0u) << members()[i].line;
  }
  std::printf("resident memory after a quarter and at the end: %ld, %ld KiB\n", settled, last);
  // The two moments differ by some megabytes: each pipeline is at another point of its run.
  EXPECT_TRUE(!kResidentCounts || last - settled < 32 * 1024) << last - settled;
}

}  // namespace
}  // namespace svgen::gst::testing
