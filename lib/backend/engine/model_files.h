// SPDX-License-Identifier: MIT
// The weight files behind a card's roles.
#pragma once

#include <memory>
#include <string>

#include "svgen/card.h"
#include "weights/state_source.h"

namespace svgen::engine {

class ModelFiles {
 public:
  explicit ModelFiles(Card card) : card_(std::move(card)) {}

  const Card& card() const { return card_; }

  /// Whether the card names this role.
  bool names(weights::Role role) const;

  /// Throws ConfigurationError that says which key the card lacks.
  void require(weights::Role role) const;

  /// The tensors of a role, headers only. ConfigurationError when the card lacks it, IoError when
  /// the file is missing.
  std::shared_ptr<weights::StateSource> open(weights::Role role) const;

  /// The same for headers that are wanted but not needed: null when the role or its file is absent.
  std::shared_ptr<weights::StateSource> open_if_there(weights::Role role) const;

  /// Checks the file of a role against the digest the card gives for it, under whatever role.
  void verify(weights::Role role) const;

 private:
  struct Entry {
    const char* key;  // in the card
    const FileReference* reference = nullptr;
    std::string prefix;
  };
  Entry entry(weights::Role role) const;

  Card card_;
};

}  // namespace svgen::engine
