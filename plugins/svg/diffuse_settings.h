// SPDX-License-Identifier: MIT
// The settings of svgdiffuse and their property table.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/model_client.h"
#include "svg/enums.h"
#include "svgen/sampling.h"

namespace svgen::gst {

/// What is optional here comes from the card until the user sets it.
struct DiffuseSettings : ModelSettings {
  std::string classes = "random";
  uint64_t seed = 0;
  int64_t first_index = 0;
  int64_t num_images = -1;
  int64_t batch_size = 1;
  std::optional<int64_t> steps, guidance_skip;
  std::optional<double> shift, guidance_scale, guidance_start, guidance_end, guidance_reverse;
  std::optional<Solver> solver;
  std::optional<Guidance> guidance;
  std::string initial_noise;
  bool normalized = false;
  bool is_live = false;
  Fraction framerate{0, 1};

  /// The card's sampling options with what the user set.
  SamplingOptions sampling(const SamplingOptions& card) const {
    return {.steps = steps.value_or(card.steps),
            .shift = shift.value_or(card.shift),
            .solver = solver.value_or(card.solver),
            .guidance = guidance.value_or(card.guidance),
            .guidance_scale = guidance_scale.value_or(card.guidance_scale),
            .guidance_start = guidance_start.value_or(card.guidance_start),
            .guidance_end = guidance_end.value_or(card.guidance_end),
            .guidance_skip = guidance_skip.value_or(card.guidance_skip),
            .guidance_reverse = guidance_reverse.value_or(card.guidance_reverse)};
  }
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

// How the flow is solved.
template <typename Impl>
std::vector<Property<Impl>> solver_properties() {
  using S = DiffuseSettings;
  const SamplingOptions usual;
  constexpr Mutable kPlaying = Mutable::kPlaying;
  return {
      optional_field<Impl>(&S::steps, usual.steps,
                           {.name = "steps",
                            .blurb = "Steps of the solver (unset: the card's)",
                            .low = 1,
                            .high = 10000,
                            .when = kPlaying}),
      optional_field<Impl>(
          &S::shift, usual.shift,
          {.name = "shift",
           .blurb = "Time shift s of t = s u / (1 + (s - 1) u); <= 0: none (unset: the card's)",
           .low = -1,
           .high = 100,
           .when = kPlaying}),
      optional_field<Impl>(
          &S::solver, usual.solver,
          {.name = "solver", .blurb = "Solver of the flow (unset: the card's)", .when = kPlaying}),
  };
}

// How it is guided.
template <typename Impl>
std::vector<Property<Impl>> guidance_properties() {
  using S = DiffuseSettings;
  const SamplingOptions usual;
  constexpr Mutable kPlaying = Mutable::kPlaying;
  return {
      optional_field<Impl>(&S::guidance, usual.guidance,
                           {.name = "guidance",
                            .blurb = "When classifier-free guidance acts (unset: the card's)",
                            .when = kPlaying}),
      optional_field<Impl>(
          &S::guidance_scale, usual.guidance_scale,
          {.name = "guidance-scale",
           .blurb = "Scale w of the guidance; 1 skips the unconditional pass (unset: the card's)",
           .low = -1000,
           .high = 1000,
           .when = kPlaying}),
      optional_field<Impl>(&S::guidance_start, usual.guidance_start,
                           {.name = "guidance-start",
                            .blurb = "early: guided where t > this; interval: low end",
                            .low = 0,
                            .high = 1,
                            .when = kPlaying}),
      optional_field<Impl>(&S::guidance_end, usual.guidance_end,
                           {.name = "guidance-end",
                            .blurb = "interval: guided where t <= this",
                            .low = 0,
                            .high = 1,
                            .when = kPlaying}),
      optional_field<Impl>(&S::guidance_skip, usual.guidance_skip,
                           {.name = "guidance-skip",
                            .blurb = "cfg-star: first steps that leave out the class (K)",
                            .low = 0,
                            .high = 10000,
                            .when = kPlaying}),
      optional_field<Impl>(
          &S::guidance_reverse, usual.guidance_reverse,
          {.name = "guidance-reverse",
           .blurb = "cfg-star: these steps take -R times the unconditional velocity (R)",
           .low = -1000,
           .high = 1000,
           .when = kPlaying}),
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
  return joined(joined(image_properties<Impl>(), solver_properties<Impl>()),
                joined(guidance_properties<Impl>(), output_properties<Impl>()));
}

}  // namespace svgen::gst
