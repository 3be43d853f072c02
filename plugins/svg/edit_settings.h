// SPDX-License-Identifier: MIT
// The settings of svgedit and their property table.
#pragma once

#include <string>
#include <vector>

#include "common/model_client.h"
#include "svg/sampling_choice.h"

namespace svgen::gst {

inline constexpr int64_t kUseClasses = -1;

struct EditSettings : ModelSettings {
  double strength = 0.5;
  EditNoise noise = EditNoise::kPerImage;
  double blend = 0;
  std::string classes;
  int64_t label = kUseClasses;
  uint64_t seed = 0;
  double mask_blur = 0.5;
  SamplingChoice sampling;
  std::string guidance_model;
  bool normalized = false;
};

// Lists the properties of what is edited, and how much.
template <typename Impl>
std::vector<Property<Impl>> strength_properties() {
  using S = EditSettings;
  constexpr Mutable kPlaying = Mutable::kPlaying;
  return {
      controllable(field<Impl>(
          &S::strength, {.name = "strength",
                         .blurb = "How far back to noise the latents go before they are denoised: "
                                  "0 (less than 0.0001) passes them untouched, 1 is noise alone",
                         .low = 0,
                         .high = 1,
                         .when = kPlaying})),
      field<Impl>(&S::noise, {.name = "noise", .blurb = "Which noise is added", .when = kPlaying}),
      field<Impl>(&S::blend,
                  {.name = "blend",
                   .blurb = "Share of the latest edited latent in each one, against "
                            "flicker; it lags behind motion, and an image then depends "
                            "on those before it; it starts anew after a flush, a gap, new caps or "
                            "a jump in time",
                   .low = 0,
                   .high = 0.99,
                   .when = kPlaying}),
      field<Impl>(&S::mask_blur,
                  {.name = "mask-blur",
                   .blurb = "Deviation of the Gaussian that softens the mask's border, in cells of "
                            "the latent",
                   .low = 0,
                   .high = 64,
                   .when = kPlaying}),
      field<Impl>(&S::normalized,
                  {.name = "normalized",
                   .blurb = "The latents are normalised, as svgalign normalize=true emits them, "
                            "and stay so"}),
  };
}

// Lists the properties of the noise and of the classes.
template <typename Impl>
std::vector<Property<Impl>> class_properties() {
  using S = EditSettings;
  constexpr Mutable kPlaying = Mutable::kPlaying;
  return {
      field<Impl>(&S::classes,
                  {.name = "classes",
                   .blurb = "Classes of the images, in turn, as svgdiffuse takes them; unset: the "
                            "label that an image brings, else none (the null class)"}),
      controllable(field<Impl>(
          &S::label, {.name = "class",
                      .blurb = "Class of all images from now on (-1: what \"classes\" says)",
                      .low = kUseClasses,
                      .high = 1'000'000,
                      .when = kPlaying})),
      field<Impl>(
          &S::seed,
          {.name = "seed", .blurb = "Seed of the noise and of random classes", .when = kPlaying}),
      field<Impl>(&S::guidance_model,
                  {.name = "guidance-model",
                   .blurb = "Card of a weaker model of the same latent, which guides in place of "
                            "the null class (autoguidance; unset: the card's)"}),
  };
}

// Lists the sampler's properties; the guidance scale may be driven.
template <typename Impl>
std::vector<Property<Impl>> driven_sampling_properties() {
  std::vector<Property<Impl>> all = sampling_properties<Impl>();
  for (size_t row = 0; row < all.size(); ++row)
    if (sampling_settings()[row].name() == "guidance-scale") all[row] = controllable(all[row]);
  return all;
}

template <typename Impl>
std::vector<Property<Impl>> edit_properties() {
  return joined(joined(strength_properties<Impl>(), class_properties<Impl>()),
                driven_sampling_properties<Impl>());
}

}  // namespace svgen::gst
