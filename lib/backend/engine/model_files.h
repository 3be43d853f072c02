// SPDX-License-Identifier: MIT
// The weight files behind the parts of a card.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "svgen/card.h"
#include "systems/system.h"
#include "weights/state_source.h"

namespace svgen::engine {

class ModelFiles {
 public:
  explicit ModelFiles(Card card) : card_(std::move(card)), system_(systems::system_of(card_)) {}

  const Card& card() const { return card_; }
  const systems::System& system() const { return system_; }

  /// Whether the card names this part.
  bool names(ModelPart part) const;

  /// Throws ConfigurationError that says which key the card lacks.
  void require(ModelPart part) const;

  /// The tensors of a part, headers only. ConfigurationError when the card lacks it, IoError when
  /// the file is missing.
  std::shared_ptr<weights::StateSource> open(ModelPart part) const;

  /// Opens headers that are wanted but not needed: null when the part or its file is absent.
  std::shared_ptr<weights::StateSource> open_if_there(ModelPart part) const;

  /// Checks the file of a part against the digest the card gives for it, under whatever part.
  void verify(ModelPart part) const;

 private:
  struct Entry {
    const FileReference* reference = nullptr;
    std::string prefix;
  };
  Entry entry(ModelPart part) const;     // without a reference when the card lacks the part
  Entry required(ModelPart part) const;  // ConfigurationError then

  Card card_;
  const systems::System& system_;
};

}  // namespace svgen::engine
