// SPDX-License-Identifier: MIT
// zlib over a range of a mapped file.
#include "data/inflater.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

namespace svgen {
namespace {

constexpr int kWithoutHeader = -MAX_WBITS;  // a zip archive has headers of its own
constexpr uint64_t kMostAtOnce = std::numeric_limits<uInt>::max();

}  // namespace

struct Inflater::Stream {
  z_stream z = {};
  std::string_view rest;  // not given to zlib yet
};

Inflater::Inflater(std::shared_ptr<const MappedFile> file, const ZipEntry& entry, std::string what)
    : file_(std::move(file)), what_(std::move(what)), stream_(std::make_unique<Stream>()) {
  stream_->rest = file_->slice(entry.offset, entry.packed, what_);
  if (inflateInit2(&stream_->z, kWithoutHeader) != Z_OK) throw std::bad_alloc();
}

Inflater::~Inflater() {
  inflateEnd(&stream_->z);
}

void Inflater::read(char* to, uint64_t size) {
  z_stream& z = stream_->z;
  std::string_view& rest = stream_->rest;
  for (uint64_t done = 0; done < size;) {
    if (z.avail_in == 0) {
      const size_t part = std::min<uint64_t>(rest.size(), kMostAtOnce);
      z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(rest.data()));  // only read
      z.avail_in = static_cast<uInt>(part);
      rest.remove_prefix(part);
    }
    const uint64_t room = std::min(size - done, kMostAtOnce);
    z.next_out = reinterpret_cast<Bytef*>(to + done);
    z.avail_out = static_cast<uInt>(room);
    const int status = inflate(&z, Z_NO_FLUSH);
    const uint64_t got = room - z.avail_out;
    done += got;
    if (done == size) return;
    if (status != Z_OK || (got == 0 && z.avail_in == 0 && rest.empty()))
      refuse_file(file_->path(), "the archive is damaged; fetch it again",
                  "deflated bytes of " + what_, z.msg == nullptr ? "their end" : z.msg);
  }
}

bool Inflater::is_at_end() {
  z_stream& z = stream_->z;
  char more = 0;
  z.next_out = reinterpret_cast<Bytef*>(&more);
  z.avail_out = 1;
  return stream_->rest.empty() && inflate(&z, Z_NO_FLUSH) == Z_STREAM_END && z.avail_out == 1;
}

}  // namespace svgen
