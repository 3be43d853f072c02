// SPDX-License-Identifier: MIT
// The listing of weights files.
#include "weights/describe.h"

#include <ATen/ops/ones.h>

#include "support.h"
#include "systems/files.h"
#include "systems/system.h"
#include "weights/safetensors.h"

namespace svgen::weights {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace testing;

std::string described(const std::filesystem::path& file) {
  return describe_weights(file, systems::file_layouts());
}

TEST(DescribeWeights, ListsTensorsTotalsAndKind) {
  const std::string text = described(tiny("dit_tiny.pt"));
  EXPECT_THAT(text, ContainsRegex("ln1\\.weight +float32 +\\[64, 56\\]\n"));
  EXPECT_THAT(text, HasSubstr("40 tensors, "));
  EXPECT_THAT(text, HasSubstr("recognised as: diffusion transformer"));
  EXPECT_THAT(text, HasSubstr("complete"));
}

TEST(DescribeWeights, NamesThePartsOfACheckpointAndWhySomeAreSurplus) {
  const std::string text = described(tiny("svg_autoencoder_tiny.ckpt"));
  for (const char* part : {"SVG autoencoder checkpoint", "encoder: 42 tensors",
                           "residual ViT: 34 tensors", "decoder: 144 tensors", "complete",
                           "loss.*: networks of the training losses (56)", "norm_vit.*: "})
    EXPECT_THAT(text, HasSubstr(part));
}

TEST(DescribeWeights, SaysWhatIsNotRead) {
  const ScratchFolder folder;
  const std::string sparse = pickle::call(pickle::global("torch._utils", "_rebuild_sparse_tensor"),
                                          {pickle::text("torch.sparse_coo")});
  const std::string text =
      described(folder.write("a.pt", torch_zip(pickle::dict({{"w", sparse}}), {})));
  EXPECT_THAT(text, HasSubstr("w  not read: a sparse tensor (torch.sparse_coo): save it"));
}

class DescribeChanged : public ::testing::Test {
 protected:
  std::string describe(const std::string& removed, const std::string& added) {
    std::vector<std::pair<std::string, at::Tensor>> tensors;
    const auto source = open_weights(tiny("dino_tiny_hf.safetensors"));
    for (const TensorInfo& info : source->tensors())
      if (info.name != removed) tensors.emplace_back(info.name, source->read(info.name));
    if (!added.empty()) tensors.emplace_back(added, at::ones({1}));
    write_safetensors(folder_.path() / "file", tensors);
    return described(folder_.path() / "file");
  }
  ScratchFolder folder_;
};

TEST_F(DescribeChanged, NamesWhatIsMissingInTheFilesOwnSpelling) {
  const std::string text = describe("layer.1.attention.k_proj.weight", "");
  EXPECT_THAT(text, HasSubstr("missing (1):\n  layer.1.attention.k_proj.weight\n"));
  EXPECT_THAT(text, Not(HasSubstr("complete")));
}

TEST_F(DescribeChanged, NamesWhatIsUnknown) {
  EXPECT_THAT(describe("", "layer.0.surprise"), HasSubstr("unknown (1):\n  layer.0.surprise\n"));
}

TEST(DescribeWeights, SaysWhenItKnowsNothingOfTheKind) {
  EXPECT_THAT(described(tiny("cases.safetensors")), HasSubstr("no kind of file known"));
}

TEST(DescribeWeights, RefusesWhatCannotBeRead) {
  EXPECT_THROW(described(tiny("absent.pt")), IoError);
}

}  // namespace
}  // namespace svgen::weights
