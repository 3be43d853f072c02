// SPDX-License-Identifier: MIT
// The published Inception network's features of 8-bit pictures.
#pragma once

#include <filesystem>
#include <memory>

#include "models/inception/inception.h"
#include "svgen/evaluation.h"

namespace svgen::eval {

class InceptionFeatures : public PictureFeatures {
 public:
  explicit InceptionFeatures(const std::filesystem::path& weights);
  Tensor features(const ImageView& picture) override;

 private:
  std::shared_ptr<const models::Inception> network_;
};

}  // namespace svgen::eval
