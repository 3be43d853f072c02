// SPDX-License-Identifier: MIT
// The settings of svgdiffuse and their property table.
#pragma once

#include <string>
#include <vector>

#include "common/model_client.h"
#include "svg/sampling_choice.h"

namespace svgen::gst {

struct DiffuseSettings : ModelSettings {
  std::string classes = "random";
  uint64_t seed = 0;
  int64_t first_index = 0;
  int64_t num_images = -1;
  int64_t batch_size = 1;
  SamplingChoice sampling;
  std::string initial_noise;
  bool normalized = false;
  bool is_live = false;
  Fraction framerate{0, 1};
};

// Which images are made.
template <typename Impl>
std::vector<Property<Impl>> image_properties() {
  using S = DiffuseSettings;
  constexpr Mutable kPlaying = Mutable::kPlaying;
  return {
      field<Impl>(
          &S::classes,
          {.name = "classes",
           .blurb = "Classes of the images, in turn: numbers, ranges or names such as "
                    "\"207,360\", \"0-9\", \"ball,car\"; \"all\"; \"random\" (by seed and index)"}),
      field<Impl>(
          &S::seed,
          {.name = "seed", .blurb = "Seed of the noise and of random classes", .when = kPlaying}),
      field<Impl>(&S::first_index,
                  {.name = "first-index", .blurb = "Index of the first image", .low = 0}),
      field<Impl>(&S::num_images,
                  {.name = "num-images",
                   .blurb = "Images to make (-1: no end); num-buffers counts batches",
                   .low = -1}),
      field<Impl>(&S::batch_size, {.name = "batch-size",
                                   .blurb = "Images in one buffer; does not change the images",
                                   .low = 1,
                                   .high = 1024}),
  };
}

// Where it starts from and how it goes out.
template <typename Impl>
std::vector<Property<Impl>> output_properties() {
  using S = DiffuseSettings;
  return {
      field<Impl>(&S::initial_noise,
                  {.name = "initial-noise",
                   .blurb = "safetensors file whose tensor \"noise\" [n, tokens, channels] is used "
                            "instead of the seed; row 0 is image first-index"}),
      field<Impl>(&S::normalized,
                  {.name = "normalized", .blurb = "Emit latents before * std + mean"}),
      field<Impl>(&S::is_live,
                  {.name = "is-live", .blurb = "Act as a live source: follow the clock"}),
      field<Impl>(
          &S::framerate,
          {.name = "framerate",
           .blurb = "Images a second; 0/1: no timestamps, svgdecode and what follows choose"}),
  };
}

template <typename Impl>
std::vector<Property<Impl>> diffuse_properties() {
  return joined(image_properties<Impl>(),
                joined(sampling_properties<Impl>(), output_properties<Impl>()));
}

}  // namespace svgen::gst
