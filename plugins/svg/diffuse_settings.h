// SPDX-License-Identifier: MIT
// The settings of svgdiffuse and their property table.
#pragma once

#include <string>
#include <vector>

#include "common/model_client.h"
#include "common/numbered_source.h"
#include "svg/sampling_choice.h"

namespace svgen::gst {

struct DiffuseSettings : ModelSettings, NumberedSettings {
  std::string classes = "random";
  uint64_t seed = 0;
  int64_t batch_size = 1;
  SamplingChoice sampling;
  std::string initial_noise;
  std::string guidance_model;
  bool normalized = false;
  bool is_live = false;
  int64_t preview_interval = 0;
  NoiseWalk walk = NoiseWalk::kNone;
  int64_t walk_frames = 30;
};

// Lists the properties that choose the images.
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
      field<Impl>(&S::batch_size, {.name = "batch-size",
                                   .blurb = "Images in one buffer; does not change the images",
                                   .low = 1,
                                   .high = 1024}),
  };
}

// Lists the properties of videos that travel between images.
template <typename Impl>
std::vector<Property<Impl>> walk_properties() {
  using S = DiffuseSettings;
  return {
      field<Impl>(&S::walk, {.name = "walk",
                             .blurb = "How the noise travels from each image to the next; every "
                                      "image is a frame, and a class belongs to the frames from "
                                      "one turning point to the next, as does the noise of the "
                                      "steps of stochastic solvers"}),
      field<Impl>(&S::walk_frames,
                  {.name = "walk-frames",
                   .blurb = "Frames of a walk between the noises of successive images: image i of "
                            "svgdiffuse without a walk is frame i times walk-frames",
                   .low = 1,
                   .high = 1'000'000}),
  };
}

// Lists the properties of the initial noise and of the output.
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
      field<Impl>(&S::guidance_model,
                  {.name = "guidance-model",
                   .blurb = "Card of a weaker model of the same latent, which guides in place of "
                            "the null class (autoguidance; unset: the card's)"}),
      field<Impl>(&S::is_live,
                  {.name = "is-live", .blurb = "Act as a live source: follow the clock"}),
      field<Impl>(&S::preview_interval,
                  {.name = "preview-interval",
                   .blurb = "Post what the images may become every so many steps, as element "
                            "message svg-preview with a sample of latents for svgdecode (0: never)",
                   .low = 0,
                   .high = 1'000'000,
                   .when = Mutable::kPlaying}),
  };
}

template <typename Impl>
std::vector<Property<Impl>> diffuse_properties() {
  const NumberedBlurbs blurbs{
      .first_index = "Index of the first image",
      .num_images = "Images to make (-1: no end); num-buffers counts batches",
      .framerate = "Images a second; 0/1: no timestamps, svgdecode and what follows choose",
      .shard =
          "What a process of a distributed launch makes: an equal part of num-images, one "
          "behind the other, or all (always all without an end, live, or following a "
          "training)"};
  return joined(joined(image_properties<Impl>(), numbered_properties<Impl>(blurbs)),
                joined(joined(sampling_properties<Impl>(), walk_properties<Impl>()),
                       output_properties<Impl>()));
}

}  // namespace svgen::gst
