// SPDX-License-Identifier: MIT
// The vectors of a stream of pictures or tensors.
#include "svg/collected_set.h"

#include "harness.h"
#include "svgen/engine.h"

namespace svgen::gst::testing {
namespace {

// A network whose features are the R, G, B of the first pixel.
class FirstPixel : public PictureFeatures {
 public:
  Tensor features(const ImageView& picture) override {
    const Tensor vector = Tensor::empty(DType::kFloat32, {1, 1, 3});
    for (int c = 0; c < 3; ++c) vector.data_as<float>()[c] = picture.row(c, 0)[0];
    return vector;
  }
};

TEST(CollectedSet, GivesPicturesToTheNetworkAndRefusesTensors) {
  CollectedSet collected;
  collected.begin(FeatureSet::create(10), std::make_shared<FirstPixel>());
  const CapsPtr caps(gst_caps_from_string("video/x-raw,format=RGB,width=4,height=4,framerate=0/1"));
  collected.caps_changed(caps.get());
  const BufferPtr frame(gst_buffer_new_allocate(nullptr, 48, nullptr));
  gst_buffer_memset(frame.get(), 0, 7, 48);
  collected.collect(frame.get());
  EXPECT_EQ(collected.set().images(), 1);
  const ScratchFolder folder;
  collected.set().save(folder.path() / "set");
  EXPECT_EQ(read_tensor(folder.path() / "set", "mean").data_as<double>()[2], 7);
  const CapsPtr tensors(gst_caps_from_string(
      "other/tensors,format=static,num_tensors=1,types=float32,dimensions=4:4:1,framerate=0/1"));
  EXPECT_THROW(collected.caps_changed(tensors.get()), ShapeError);
}

}  // namespace
}  // namespace svgen::gst::testing
