// SPDX-License-Identifier: MIT
// What a training minimises: the process says what the network predicts, this says at which times
// and what is added to the squared error.
#pragma once

#include <cstdint>

namespace svgen::diffusion {

struct Objective {
  bool logit_normal = false;  // times: 1 / (1 + exp(-z)) of a normal z, else uniform
  double shift = 0;           // t' = s t / (1 + (s - 1) t) of what was drawn; 0: none
  /// Weight of 1 - cosine, over the channels of a cell, between velocity and target (Yao et al.,
  /// 2025, section 4.1).
  double cosine_weight = 0;
  /// Weight of -cosine between projected tokens and the features of a frozen encoder (Yu et al.,
  /// 2025, equation 8).
  double alignment_weight = 0;
};

}  // namespace svgen::diffusion
