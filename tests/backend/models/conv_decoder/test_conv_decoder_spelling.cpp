// SPDX-License-Identifier: MIT
// The names of the convolutional decoder.
#include "models/conv_decoder/conv_decoder.h"

#include "backend/models/known_names.h"

namespace svgen {
namespace {

TEST(ConvDecoderSpelling, KnowsTheNamesOfThePublishedFile) {
  test::expect_known_names("autoencoder_tiny.safetensors", models::kConvDecoderSpelling.families[0],
                           "decoder.");
}

}  // namespace
}  // namespace svgen
