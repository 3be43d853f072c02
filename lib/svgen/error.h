// SPDX-License-Identifier: MIT
// The one exception family of svgen: what went wrong, what was expected, what was found, where.
#pragma once

#include <stdexcept>
#include <string>

namespace svgen {

enum class ErrorKind {
  kConfiguration,  // a card, a property or an argument contradicts itself or another
  kWeights,        // tensors of a file do not fit the model
  kShape,          // the sizes of a tensor or picture do not fit the call
  kDevice,         // a device, its runtime or the backend library is missing
  kIo,             // a file cannot be found, read, understood or written
  kMemory,         // there is no memory for the work
};

/// Holds the parts of an error beside its headline; empty where they say nothing.
struct ErrorDetails {
  std::string expected = {};
  std::string found = {};
  std::string where = {};  // file, tensor, property
};

/// The headline (`what()`) is one sentence that says what is wrong and what to do. All parts are
/// kept as printable() writes them (text.h), whatever bytes a name in them has, and are cut at
/// 64 KiB.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& headline, const ErrorDetails& details = {});

  ErrorKind kind() const { return kind_; }
  const std::string& expected() const { return details_.expected; }
  const std::string& found() const { return details_.found; }
  const std::string& where() const { return details_.where; }

  /// Returns all parts in one text: "headline (expected ...; found ...; in ...)".
  std::string report() const;

 private:
  ErrorKind kind_;
  ErrorDetails details_;
};

template <ErrorKind kKind>
class ErrorOf : public Error {
 public:
  explicit ErrorOf(const std::string& headline, const ErrorDetails& details = {})
      : Error(kKind, headline, details) {}
};

using ConfigurationError = ErrorOf<ErrorKind::kConfiguration>;
using WeightsError = ErrorOf<ErrorKind::kWeights>;
using ShapeError = ErrorOf<ErrorKind::kShape>;
using DeviceError = ErrorOf<ErrorKind::kDevice>;
using IoError = ErrorOf<ErrorKind::kIo>;
using MemoryError = ErrorOf<ErrorKind::kMemory>;

}  // namespace svgen
