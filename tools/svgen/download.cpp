// SPDX-License-Identifier: MIT
// Downloads by libcurl.
#include "download.h"

#include "svgen/error.h"

#ifdef SVGEN_CURL
#include <curl/curl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <thread>

#include "data/sha256.h"

namespace svgen::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kTries = 5;
constexpr long kConnectSeconds = 30, kStallSeconds = 60, kRedirects = 10;
constexpr long kNoSuchRange = 416, kUnauthorized = 401, kForbidden = 403;

struct CloseEasy {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};
using Easy = std::unique_ptr<CURL, CloseEasy>;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

// Tests have a server of this machine.
bool is_of_this_machine(const std::string& url) {
  return url.starts_with("http://127.0.0.1:") || url.starts_with("http://localhost:");
}

Easy request(const std::string& url) {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  Easy curl(started == CURLE_OK ? curl_easy_init() : nullptr);
  if (!curl) throw IoError("the HTTP library does not start", {.where = url});
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR,
                   is_of_this_machine(url) ? "http,https" : "https");
  curl_easy_setopt(curl.get(), CURLOPT_REDIR_PROTOCOLS_STR, "https");
  curl_easy_setopt(curl.get(), CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_MAXREDIRS, kRedirects);
  curl_easy_setopt(curl.get(), CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(curl.get(), CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_LOW_SPEED_TIME, kStallSeconds);
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  return curl;
}

// Where the bytes go, and what is known of them.
struct Sink {
  std::FILE* file;
  int64_t written;  // with what was there before
  int64_t limit;    // 0: none
  bool is_full = false, is_too_long = false;
};

size_t write(const char* data, size_t, size_t count, void* user) {
  auto& sink = *static_cast<Sink*>(user);
  sink.written += static_cast<int64_t>(count);
  sink.is_too_long = sink.limit > 0 && sink.written > sink.limit;
  if (sink.is_too_long) return 0;
  const size_t done = std::fwrite(data, 1, count, sink.file);
  sink.is_full = done != count;
  return done;
}

struct Shown {
  Progress& progress;
  const Sink& sink;
  int64_t total;
};

int show(void* user, curl_off_t announced, curl_off_t, curl_off_t, curl_off_t) {
  const auto& shown = *static_cast<Shown*>(user);
  const int64_t total = shown.total > 0 ? shown.total : static_cast<int64_t>(announced);
  constexpr double kMega = 1e6;
  shown.progress.show(static_cast<double>(shown.sink.written) / kMega,
                      static_cast<double>(total) / kMega, "MB");
  return 0;
}

int64_t size_of(const fs::path& file) {
  std::error_code none;
  const auto size = fs::file_size(file, none);
  return none ? 0 : static_cast<int64_t>(size);
}

bool may_be_tried_again(CURLcode code) {
  return code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR ||
         code == CURLE_OPERATION_TIMEDOUT || code == CURLE_COULDNT_CONNECT ||
         code == CURLE_GOT_NOTHING;
}

std::string advice(long status) {
  if (status == kUnauthorized || status == kForbidden)
    return "the server wants a login, or its licence accepted: fetch the file by hand";
  return "the server does not give the file";
}

// One try: true when the server has sent all it had.
bool fetch_once(const Download& wanted, const fs::path& part, Progress& progress) {
  const int64_t there = size_of(part);
  if (wanted.bytes > 0 && there == wanted.bytes) return true;
  const File file(std::fopen(part.c_str(), "ab"));
  if (!file)
    throw IoError("a file cannot be written", {.expected = "a folder that one may write",
                                               .found = std::strerror(errno),
                                               .where = part.string()});
  Sink sink{file.get(), there, wanted.bytes};
  Shown shown{progress, sink, wanted.bytes};
  const Easy curl = request(wanted.url);
  curl_easy_setopt(curl.get(), CURLOPT_RESUME_FROM_LARGE, static_cast<curl_off_t>(there));
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, write);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &sink);
  curl_easy_setopt(curl.get(), CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl.get(), CURLOPT_XFERINFOFUNCTION, show);
  curl_easy_setopt(curl.get(), CURLOPT_XFERINFODATA, &shown);
  const CURLcode code = curl_easy_perform(curl.get());
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  const bool is_flushed = std::fflush(file.get()) == 0 && fsync(fileno(file.get())) == 0;
  if (sink.is_full || !is_flushed)
    throw IoError("the disk takes no more: make room, and go on with the same command",
                  {.found = std::strerror(errno), .where = part.string()});
  if (sink.is_too_long) {
    fs::remove(part);
    throw IoError("the server sends more than the file has: it is another file",
                  {.expected = std::to_string(wanted.bytes) + " bytes",
                   .found = "more",
                   .where = wanted.url});
  }
  if (code == CURLE_OK) return true;
  // A server that cannot go on in the middle, or has less than is here: from the start.
  if (there > 0 && (code == CURLE_RANGE_ERROR || status == kNoSuchRange)) {
    fs::remove(part);
    return false;
  }
  if (may_be_tried_again(code)) return false;
  throw IoError(advice(status), {.expected = "the file",
                                 .found = status >= 400 ? "HTTP status " + std::to_string(status)
                                                        : curl_easy_strerror(code),
                                 .where = wanted.url});
}

void check(const Download& wanted, const fs::path& part) {
  const int64_t size = size_of(part);
  if (wanted.bytes > 0 && size != wanted.bytes)
    throw IoError("the server sent less than the file has: try again later",
                  {.expected = std::to_string(wanted.bytes) + " bytes",
                   .found = std::to_string(size),
                   .where = wanted.url});
  if (wanted.sha256.empty()) return;
  const std::string digest = sha256_of_file(part);
  if (digest == wanted.sha256) return;
  fs::remove(part);
  throw IoError("the server sent other bytes than the card expects: they were thrown away",
                {.expected = "sha256 " + wanted.sha256, .found = digest, .where = wanted.url});
}

}  // namespace

bool can_download() {
  return true;
}

int64_t announced_bytes(const std::string& url) {
  const Easy curl = request(url);
  curl_easy_setopt(curl.get(), CURLOPT_NOBODY, 1L);
  if (curl_easy_perform(curl.get()) != CURLE_OK) return 0;
  curl_off_t size = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &size);
  return size > 0 ? static_cast<int64_t>(size) : 0;
}

void download(const Download& file, Progress& progress) {
  const fs::path part = file.target.string() + ".part";
  fs::create_directories(file.target.parent_path());
  for (int tries = 1; !fetch_once(file, part, progress); ++tries) {
    if (tries == kTries)
      throw IoError("the connection breaks again and again: go on later with the same command",
                    {.expected = "the whole file",
                     .found = std::to_string(size_of(part)) + " bytes so far",
                     .where = file.url});
    std::this_thread::sleep_for(std::chrono::milliseconds(200 * tries));
  }
  progress.finish();
  check(file, part);
  fs::rename(part, file.target);
}

}  // namespace svgen::cli

#else
namespace svgen::cli {

bool can_download() {
  return false;
}

int64_t announced_bytes(const std::string&) {
  return 0;
}

void download(const Download& file, Progress&) {
  throw ConfigurationError("this svgen was built without libcurl: fetch the file by hand",
                           {.expected = file.target.string(), .where = file.url});
}

}  // namespace svgen::cli
#endif
