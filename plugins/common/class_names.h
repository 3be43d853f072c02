// SPDX-License-Identifier: MIT
// The names of a dataset's classes on their way from the source to a trainer or a store.
#pragma once

#include <gst/gst.h>

#include <string>
#include <vector>

namespace svgen::gst {

/// Returns the class names that the element which makes the images knows, in order of the labels;
/// empty when nobody upstream of the sink pad knows any.
std::vector<std::string> classes_upstream(GstPad* sink);

/// Answers that query when `query` is one and there are names.
bool answer_classes_query(GstQuery* query, const std::vector<std::string>& names);

}  // namespace svgen::gst
