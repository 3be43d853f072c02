// SPDX-License-Identifier: MIT
// Files with pictures at the beginning of a pipeline, and what makes them fit.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "options.h"
#include "pipeline.h"

namespace svgen::cli {

/// Whether a file begins as a still picture of a kind that datasets have.
bool is_still(const std::filesystem::path& file);

/// Adds a picture, read as datasets are, or a video. IoError where there is no such file.
void add_input(Pipeline& pipeline, const std::filesystem::path& file, bool json);

/// The value of --fit: "crop", "letterbox" or "stretch".
std::string fit_of(const Options& options);

/// Adds what turns pictures of another shape into those of a size, with a note where little is left
/// of them.
void add_fitting(Pipeline& pipeline, const std::string& fit, const PictureSize& size);
/// The same without a note.
void add_silent_fitting(Pipeline& pipeline, const std::string& fit, const PictureSize& size);

/// Adds what gives pictures this size, whatever becomes of their shape.
void add_stretching(Pipeline& pipeline, const PictureSize& size);

/// Caps of pictures of a size.
std::string size_caps(const PictureSize& size);

/// Options of all commands that read pictures, and those of `own`.
std::vector<Option> with_input_options(std::vector<Option> own);

}  // namespace svgen::cli
