// SPDX-License-Identifier: MIT
// The tables of names of a KL autoencoder: each knows what its module has.
#include <gmock/gmock.h>

#include "backend/models/module_source.h"
#include "models/kl_autoencoder/kl_autoencoder.h"

namespace svgen::models {
namespace {

template <typename Module>
std::vector<std::string> names_of(const Module& module) {
  std::vector<std::string> names;
  const test::ModuleSource source(module);
  for (const weights::TensorInfo& info : source.tensors()) names.push_back(info.name);
  return names;
}

TEST(KlSpelling, KnowsTheModulesNames) {
  const std::vector<std::string> encoder = names_of(KlEncoder({})),
                                 decoder = names_of(KlDecoder({}));
  EXPECT_EQ(encoder.size(), 108u);
  EXPECT_EQ(decoder.size(), 140u);
  const weights::KeyFamily &of_encoder = kKlEncoderSpelling.families[0],
                           &of_decoder = kKlDecoderSpelling.families[0];
  EXPECT_EQ(count_known(of_encoder, encoder), encoder.size());
  EXPECT_EQ(count_known(of_decoder, decoder), decoder.size());
  EXPECT_THAT(missing_keys(of_encoder, encoder), ::testing::IsEmpty());
  EXPECT_THAT(missing_keys(of_decoder, decoder), ::testing::IsEmpty());
  // Each half knows the other's, as surplus.
  EXPECT_EQ(count_known(of_encoder, decoder), decoder.size());
  EXPECT_EQ(count_known(of_decoder, encoder), encoder.size());
}

}  // namespace
}  // namespace svgen::models
