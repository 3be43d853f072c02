// SPDX-License-Identifier: MIT
// Deflated bytes of an archive, unpacked piece by piece.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "data/mapped_file.h"
#include "data/zip_directory.h"

namespace svgen {

class Inflater {
 public:
  /// The content of a deflated entry; `what` names it in errors.
  Inflater(std::shared_ptr<const MappedFile> file, const ZipEntry& entry, std::string what);
  ~Inflater();

  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// Unpacks the next `size` bytes. IoError when there are fewer or the bytes are damaged.
  void read(char* to, uint64_t size);
  /// Whether everything was unpacked.
  bool is_at_end();

 private:
  struct Stream;
  std::shared_ptr<const MappedFile> file_;
  std::string what_;
  std::unique_ptr<Stream> stream_;
};

}  // namespace svgen
