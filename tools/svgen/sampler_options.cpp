// SPDX-License-Identifier: MIT
// The sampler's settings as options.
#include "sampler_options.h"

#include "svgen/class_list.h"
#include "svgen/sampling.h"
#include "svgen/text.h"

namespace svgen::cli {

void append_sampling_options(std::vector<Option>& options, const std::string& element) {
  for (const SamplingSetting& setting : sampling_settings()) {
    const std::vector<std::string> choices = setting.choices();
    std::string words = setting.words;
    words[0] = ascii_lower(words)[0];  // as the other options'
    if (!choices.empty()) words += ": " + joined(choices);
    options.push_back({setting.name(), choices.empty() ? "N" : "NAME", words + " (the model's)",
                       setting.name(), element});
  }
}

void check_classes(const Card& card, const std::string& text) {
  const int64_t named = static_cast<int64_t>(card.classes.size());
  const int64_t count =
      card.diffusion && card.diffusion->classes > 0 ? card.diffusion->classes : named;
  if (count > 0) ClassList::parse(text, count, card.classes, "--classes");
}

}  // namespace svgen::cli
