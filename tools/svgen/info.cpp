// SPDX-License-Identifier: MIT
// svgen info: what models there are, and what a card says.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>
#include <type_traits>
#include <variant>

#include "command.h"
#include "console.h"
#include "svgen/card.h"
#include "svgen/error.h"
#include "svgen/registry.h"
#include "svgen/sampling.h"
#include "svgen/text.h"

namespace svgen::cli {
namespace {

using nlohmann::json;

struct Part {
  std::string role, file, problem;  // no problem: the file is there
};

template <typename Config>
void add_part(std::vector<Part>& parts, const Card& card, const char* role,
              const std::optional<Config>& config) {
  if (!config) return;
  const FileReference* source = nullptr;
  if constexpr (std::is_same_v<Config, FileReference>)
    source = &*config;
  else
    source = &config->source;
  try {
    parts.push_back({role, card.locate(*source).string(), ""});
  } catch (const Error& error) {
    parts.push_back({role, source->file, error.report()});
  }
}

std::vector<Part> parts_of(const Card& card) {
  std::vector<Part> parts;
  add_part(parts, card, "encoder", card.encoder);
  add_part(parts, card, "residual", card.residual);
  add_part(parts, card, "decoder", card.decoder);
  add_part(parts, card, "diffusion", card.diffusion);
  add_part(parts, card, "statistics", card.statistics);
  return parts;
}

std::string padded(std::string text, size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text;
}

json value_of(const SamplingSetting& setting, const SamplingOptions& options) {
  const auto value = [&]<typename T>(T SamplingOptions::*member) -> json {
    if constexpr (std::is_enum_v<T>)
      return name_of(options.*member);
    else
      return options.*member;
  };
  return std::visit(value, setting.member);
}

json as_json(const Card& card) {
  json found = {{"name", card.name},
                {"card", card.path.string()},
                {"description", card.description},
                {"width", card.latent().picture_width()},
                {"height", card.latent().picture_height()},
                {"classes", card.classes}};
  for (const SamplingSetting& setting : sampling_settings())
    found[setting.name()] = value_of(setting, card.sampling);
  for (const Part& part : parts_of(card))
    found["parts"][part.role] = {{"file", part.file}, {"problem", part.problem}};
  return found;
}

std::string size_text(const Card& card) {
  return std::to_string(card.latent().picture_width()) + "x" +
         std::to_string(card.latent().picture_height());
}

void print_all(const Card& card) {
  const auto setting_text = [&card](const SamplingSetting& setting) {
    return setting.name() + " " + setting.text(card.sampling);
  };
  std::ostringstream text;
  text << card.name << ": " << card.description << "\ncard        " << card.path.string()
       << "\npictures    " << size_text(card) << ", patches of " << card.patch << "\nsampling    "
       << joined(sampling_settings(), ", ", setting_text);
  for (const Part& part : parts_of(card))
    text << "\n"
         << padded(part.role, 12)
         << (part.problem.empty() ? part.file : "missing: " + part.problem);
  for (size_t i = 0; i < card.classes.size(); ++i)
    text << (i == 0 ? "\nclasses     " : ", ") << i << " " << card.classes[i];
  print(text.str());
}

void print_line(const Card& card) {
  constexpr size_t kDescription = 60;
  size_t missing = 0;
  for (const Part& part : parts_of(card)) missing += part.problem.empty() ? 0 : 1;
  const std::string state = missing == 0 ? "ready" : std::to_string(missing) + " files missing";
  print(padded(card.name, 16) + " " + padded(size_text(card), 10) + " " + padded(state, 16) + " " +
        card.description.substr(0, kDescription));
}

// The one that was asked for, which must be fine.
RegisteredModel read_model(const std::string& name) {
  const auto path = find_card(name);
  return {name, path, Card::load(path), ""};
}

int info(const Options& options) {
  const bool lists = options.words().empty(), as_lines = !options.has("json");
  std::vector<RegisteredModel> models;
  if (lists) models = read_registered_models();
  for (const std::string& name : options.words()) models.push_back(read_model(name));
  json all = json::array();
  bool fine = true;
  for (const RegisteredModel& model : models) {
    fine = fine && model.card;
    if (!as_lines) {
      all.push_back(model.card ? as_json(*model.card)
                               : json{{"name", model.name}, {"problem", model.problem}});
    } else if (!model.card) {
      print(padded(model.name, 16) + " broken: " + model.problem);
    } else if (lists) {
      print_line(*model.card);
    } else {
      print_all(*model.card);
    }
  }
  if (!as_lines) print(all);
  return fine && was_taken() ? 0 : 1;
}

}  // namespace

Command info_command() {
  return {"info",
          "[MODEL...]",
          "the models there are, or what is in one",
          {{"json", "", "for programs"}},
          info};
}

}  // namespace svgen::cli
