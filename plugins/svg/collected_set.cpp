// SPDX-License-Identifier: MIT
// Collects feature vectors out of buffers.
#include "svg/collected_set.h"

#include <utility>

#include "common/tensor_memory.h"
#include "svgen/error.h"

namespace svgen::gst {

void CollectedSet::begin(std::unique_ptr<FeatureSet> set, std::shared_ptr<PictureFeatures> network,
                         const char* factory) {
  set_ = std::move(set);
  network_ = std::move(network);
  sharing_ = factory;
}

void CollectedSet::caps_changed(const GstCaps* caps) {
  is_video_ = gst_structure_has_name(gst_caps_get_structure(caps, 0), "video/x-raw") != FALSE;
  if (is_video_) {
    info_ = video_info_of(caps);
    return;
  }
  stream_ = TensorStream::parse(caps);
  if (network_)
    throw ShapeError("Inception takes pictures: leave svgencode out, or leave inception unset",
                     {.expected = "video/x-raw", .found = stream_.text(), .where = "caps"});
  if (stream_.entries.front().is_label ||
      (stream_.entries.size() == 2 && !stream_.entries[1].is_label))
    throw ShapeError(
        "features are one tensor: set features=semantic or features=residual of svgencode, or "
        "insert svgalign",
        {.expected = "one tensor, and perhaps labels", .found = stream_.text(), .where = "caps"});
}

void CollectedSet::collect(GstBuffer* buffer) {
  if (is_video_)
    collect_pixels(buffer);
  else
    collect_tensors(buffer);
}

void CollectedSet::collect_tensors(GstBuffer* buffer) {
  const std::vector<Tensor> tensors = tensors_of(buffer, stream_);
  const int64_t images = real_images(buffer, stream_.batch);
  std::vector<ImageFacts> facts = image_facts(buffer, static_cast<size_t>(images));
  if (tensors.size() == 2)
    for (int64_t i = 0; i < images; ++i)
      facts[static_cast<size_t>(i)].label = tensors[1].data_as<int64_t>()[i];
  add(tensors[0].rows(0, images), facts);
}

void CollectedSet::collect_pixels(GstBuffer* buffer) {
  const MappedFrame frame(buffer, info_, GST_MAP_READ);
  const ImageView view = frame.view();
  const std::vector<ImageFacts> facts = image_facts(buffer, 1);
  if (network_) return add(network_->features(view), facts);
  const Tensor pixels =
      Tensor::empty(DType::kFloat32, {1, 1, 3 * int64_t{view.width} * int64_t{view.height}});
  float* next = pixels.data_as<float>();
  for (int c = 0; c < 3; ++c)
    for (int64_t y = 0; y < view.height; ++y)
      for (int64_t x = 0; x < view.width; ++x)
        *next++ = static_cast<float>(view.row(c, y)[x * view.pixel_stride]) / 255;
  add(pixels, facts);
}

void CollectedSet::add(const Tensor& features, const std::vector<ImageFacts>& facts) {
  std::vector<int64_t> labels, indices;
  for (const ImageFacts& fact : facts) {
    labels.push_back(fact.label);
    if (fact.index >= 0) indices.push_back(fact.index);
  }
  // Streams that do not number their images are counted.
  if (indices.size() != labels.size()) indices.clear();
  if (sharing_ != nullptr && indices.empty()) throw unnumbered_images(sharing_);
  set_->add(features, labels, indices);
  length_ = features.shape().back();
}

}  // namespace svgen::gst
