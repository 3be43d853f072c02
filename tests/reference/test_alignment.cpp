// SPDX-License-Identifier: MIT
// Parity of the distribution alignment.
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>

#include "latent/match.h"
#include "models/residual_vit/residual_vit.h"
#include "reference/parity.h"

namespace svgen::latent {
namespace {

using parity::tiny_cases;

at::Tensor raw_residual() {
  return tiny_cases()["enc.resid_raw"].transpose(1, 2);
}  // (N, T, 8)

// The row "mu_D, sigma_D, mu_R, sigma_R" of some images.
at::Tensor scalars_of(int64_t first, int64_t count) {
  const AlignmentScalars scalars =
      alignment_scalars(tiny_cases()["enc.dino_patch"].narrow(0, first, count),
                        raw_residual().narrow(0, first, count));
  return at::tensor(
      {scalars.semantic_mean, scalars.semantic_std, scalars.residual_mean, scalars.residual_std});
}

at::Tensor aligned(const at::Tensor& semantic, const at::Tensor& residual) {
  return match_distribution(residual, alignment_scalars(semantic, residual));
}

TEST(AlignmentParity, Scalars) {
  const at::Tensor found =
      at::stack({scalars_of(0, 3), scalars_of(0, 1), scalars_of(1, 1), scalars_of(2, 1)});
  parity::expect_close("enc.align_scalars", found, tiny_cases()["enc.align_scalars"],
                       parity::kFeatureTolerance);
}

TEST(AlignmentParity, Batch) {
  const at::Tensor found = aligned(tiny_cases()["enc.dino_patch"], raw_residual());
  parity::expect_close("enc.resid_aligned_b3", found.transpose(1, 2),
                       tiny_cases()["enc.resid_aligned_b3"], parity::kFeatureTolerance);
}

TEST(AlignmentParity, SingleImages) {
  const at::Tensor semantic = tiny_cases()["enc.dino_patch"], residual = raw_residual();
  std::vector<at::Tensor> found;
  for (int64_t n = 0; n < 3; ++n) found.push_back(aligned(semantic[n], residual[n]));
  parity::expect_close("enc.resid_aligned_b1", at::stack(found).transpose(1, 2),
                       tiny_cases()["enc.resid_aligned_b1"], parity::kFeatureTolerance);
}

TEST(AlignmentParity, AtFullSize) {
  const nlohmann::json& golden = parity::json_file("full/golden.json");
  models::ResidualVit vit(models::ResidualVitConfig{});
  parity::hash_fill_module(vit);
  const at::Tensor residual = vit.forward(parity::hash_fill(golden["residual_full"]["input"]));
  const nlohmann::json& wanted = golden["alignment_full"];
  const at::Tensor semantic = parity::hash_fill(wanted["dino_stand_in"]).transpose(1, 2);
  parity::expect_summary("golden.alignment.batch2", aligned(semantic, residual).transpose(1, 2),
                         wanted["batch2"], parity::kFullSizeTolerance);
  parity::expect_summary(
      "golden.alignment.batch1",
      aligned(semantic.narrow(0, 0, 1), residual.narrow(0, 0, 1)).transpose(1, 2), wanted["batch1"],
      parity::kFullSizeTolerance);
}

}  // namespace
}  // namespace svgen::latent
