// SPDX-License-Identifier: MIT
// What a model can be asked for.
#include "engine/sample_request.h"

#include <algorithm>
#include <span>
#include <string>

#include "engine/shapes.h"
#include "svgen/error.h"

namespace svgen::engine {
namespace {

void check_images(const models::Denoiser& model, const SampleRequest& request) {
  if (request.indices.empty() || request.indices.size() != request.classes.size()) {
    throw ShapeError("a request for samples needs one class for each image, and an image at least",
                     {.expected = std::to_string(request.indices.size()) + " classes",
                      .found = std::to_string(request.classes.size()),
                      .where = "classes"});
  }
  for (const int64_t index : request.indices) {
    if (index >= 0) continue;
    throw ConfigurationError(
        "image indices start at 0",
        {.expected = "0 or more", .found = std::to_string(index), .where = "indices"});
  }
  for (const int64_t label : request.classes) {
    if (label == kNoClass || (label >= 0 && label < model.classes())) continue;
    throw ConfigurationError("the model does not know this class: choose one it was trained with",
                             {.expected = "0 to " + std::to_string(model.classes() - 1),
                              .found = std::to_string(label),
                              .where = "classes"});
  }
}

void check_mask(const Tensor& mask, const Shape& wanted) {
  check_shape("the mask", mask, wanted);
  const std::span values(mask.data_as<float>(), static_cast<size_t>(mask.element_count()));
  const auto wrong = std::find_if(values.begin(), values.end(),
                                  [](float value) { return !(value >= 0 && value <= 1); });
  if (wrong == values.end()) return;
  throw ConfigurationError(
      "the mask says how much of each cell is edited",
      {.expected = "0 (stays) to 1 (is edited)", .found = std::to_string(*wrong), .where = "mask"});
}

void check_source(const models::Denoiser& model, const SampleRequest& request) {
  const EditSource& source = request.source;
  const auto images = static_cast<int64_t>(request.indices.size());
  if (!(source.strength >= 0 && source.strength <= 1))
    throw ConfigurationError("the strength is a share of the way back to the noise",
                             {.expected = "0 (untouched) to 1 (noise alone)",
                              .found = std::to_string(source.strength),
                              .where = "strength"});
  if (!source.latents.defined()) {
    if (source.mask.defined() || source.strength < 1)
      throw ConfigurationError(
          "there is nothing to edit",
          {.expected = "latents", .found = "a mask or a strength alone", .where = "source"});
    return;
  }
  check_shape("the latents to edit", source.latents, {images, model.cells(), model.channels()});
  check_floating("the latents to edit", source.latents);
  if (source.mask.defined()) check_mask(source.mask, {images, model.cells()});
  if (!model.starts_from_latents() && !is_noise_alone(request))
    throw ConfigurationError(
        "this network carries a class vector along that latents lack, so it cannot start from "
        "them: take another model, or strength 1 without a mask",
        {.expected = "a network whose state is the latent",
         .found = "one that carries more along",
         .where = "model"});
}

}  // namespace

bool is_noise_alone(const SampleRequest& request) {
  const EditSource& source = request.source;
  return !source.latents.defined() || (source.strength == 1 && !source.mask.defined());
}

void check(const models::Denoiser& model, const SampleRequest& request) {
  validate(request.options);
  check_images(model, request);
  if (request.options.guidance_channels > model.channels())
    throw ConfigurationError(
        "the latent has fewer channels than are to be guided: correct "
        "guidance-channels, or take the model that they belong to",
        {.expected = "0 (all) to " + std::to_string(model.channels()),
         .found = std::to_string(request.options.guidance_channels),
         .where = "guidance-channels"});
  check_source(model, request);
  if (!request.noise.defined()) return;
  check_shape("the initial noise", request.noise,
              {static_cast<int64_t>(request.indices.size()), model.cells(), model.channels()});
  check_floating("the initial noise", request.noise);
}

}  // namespace svgen::engine
