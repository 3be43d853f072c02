// SPDX-License-Identifier: MIT
// A text file that names pictures and their labels.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

namespace svgen {

/// Calls `add` for each line of the file: a path, white space or a comma, a label from -1 (unknown)
/// on. A path in double quotes may hold anything, a quote as two ("a ""b"", c.jpg",3), as in CSV
/// (RFC 4180). A byte-order mark, empty lines, lines that start with # and a first line with a
/// column's name for the label ("path,label") count for nothing. Lines end in LF, CR LF or CR.
/// IoError when the file cannot be read, ConfigurationError naming the line that is wrong, or the
/// encoding when it is not UTF-8's family.
void read_list_file(const std::filesystem::path& file,
                    const std::function<void(std::string_view path, int64_t label)>& add);

}  // namespace svgen
