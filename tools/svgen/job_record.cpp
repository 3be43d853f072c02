// SPDX-License-Identifier: MIT
// A hidden file with the job's description.
#include "job_record.h"

#include <fstream>
#include <iterator>

#include "data/atomic_file.h"
#include "svgen/error.h"
#include "svgen/text.h"

namespace svgen::cli {
namespace {

constexpr const char* kName = ".svgen-job.json";

}  // namespace

bool has_job(const std::filesystem::path& folder, const std::string& job,
             const std::string& remedy) {
  std::ifstream stream(folder / kName, std::ios::binary);
  if (!stream) return false;
  const std::string noted((std::istreambuf_iterator<char>(stream)), {});
  if (noted == job) return true;
  throw ConfigurationError(
      "the folder has files of another model or other settings: " + remedy,
      {.expected = printable(job), .found = printable(noted), .where = (folder / kName).string()});
}

void note_job(const std::filesystem::path& folder, const std::string& job) {
  AtomicFile file(folder / kName);
  file.write(job);
  file.commit();
}

}  // namespace svgen::cli
