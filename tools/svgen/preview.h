// SPDX-License-Identifier: MIT
// Pictures of what is being made, as files.
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <string>

#include "options.h"
#include "pipeline.h"

namespace svgen::cli {

/// Shows the previews of a pipeline that begins with svgdiffuse as --preview and --preview-interval
/// say: in one PNG file, which is written anew each time, or, where its name has a number such as
/// %02d, in a file for each, counted from 0 on. Pictures that are made together stand on one sheet.
/// Does nothing without --preview. ConfigurationError where the file is no PNG file, one of the
/// command's pictures, or there already, unless --force or --resume was given; --resume counts on
/// behind the files that are there. The options must outlive the run.
void show_previews(Pipeline& pipeline, const Options& options);

/// The two options.
std::vector<Option> preview_options();

}  // namespace svgen::cli
