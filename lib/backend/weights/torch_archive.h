// SPDX-License-Identifier: MIT
// Files of torch.save, zip or legacy, read without Python and without running what is in them.
#pragma once

#include "data/mapped_file.h"
#include "weights/state_source.h"

namespace svgen::weights {

/// Whether the file starts as one of the two containers does.
bool is_torch_archive(const MappedFile& file);

/// The tensors of the pickled value. Dicts and lists become dotted names; of a dict that holds
/// "ema", "model", "state_dict" or their kin (the first of these with tensors in it) only that part
/// is listed. Objects of unknown classes are skipped, tensors of other forms are unreadable.
/// IoError when the file is damaged, hostile, big-endian or holds no tensors.
std::shared_ptr<StateSource> open_torch_archive(const std::shared_ptr<const MappedFile>& file);

}  // namespace svgen::weights
