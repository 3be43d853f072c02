// SPDX-License-Identifier: MIT
// svgen info: what models there are, and what a card says.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>
#include <type_traits>
#include <variant>

#include "command.h"
#include "console.h"
#include "model_parts.h"
#include "svgen/card.h"
#include "svgen/error.h"
#include "svgen/registry.h"
#include "svgen/sampling.h"
#include "svgen/text.h"

namespace svgen::cli {
namespace {

using nlohmann::json;

constexpr size_t kNameWidth = 22, kShortNameWidth = 16;  // of svgen models and svgen info

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
  found["license"] = card.license;
  found["non_commercial"] = is_non_commercial(card);
  found["memory_needed"] = memory_needed(card);
  for (const ModelFile& file : files_of(card))
    found["parts"][file.part] = {{"file", file.is_there() ? file.path : file.reference.file},
                                 {"problem", file.problem}};
  return found;
}

std::string picture_text(const Card& card) {
  return std::to_string(card.latent().picture_width()) + "x" +
         std::to_string(card.latent().picture_height());
}

std::string state_text(const Card& card) {
  const size_t missing = missing_files(card);
  if (missing == 0) return "ready";
  return std::to_string(missing) + (missing == 1 ? " file missing" : " files missing");
}

std::string memory_text(const Card& card) {
  const int64_t bytes = memory_needed(card);
  return bytes == 0 ? "unknown until the files are there"
                    : "at most " + size_text(bytes) + " for the weights";
}

void print_all(const Card& card) {
  const auto setting_text = [&card](const SamplingSetting& setting) {
    return setting.name() + " " + setting.text(card.sampling);
  };
  std::ostringstream text;
  text << card.name << ": " << card.description << "\ncard        " << card.path.string()
       << "\nlicence     " << license_text(card) << "\nmemory      " << memory_text(card)
       << "\npictures    " << picture_text(card) << ", patches of " << card.patch
       << "\nsampling    " << joined(sampling_settings(), ", ", setting_text);
  for (const ModelFile& file : files_of(card))
    text << "\n"
         << padded(file.part, 12) << (file.is_there() ? file.path : "missing: " + file.problem);
  for (size_t i = 0; i < card.classes.size(); ++i)
    text << (i == 0 ? "\nclasses     " : ", ") << i << " " << card.classes[i];
  print(text.str());
}

void print_line(const Card& card) {
  constexpr size_t kDescription = 60;
  const std::string state = state_text(card);
  print(padded(card.name, kShortNameWidth) + " " + padded(picture_text(card), 10) + " " +
        padded(state, 16) + " " + card.description.substr(0, kDescription));
}

std::string table_row(const std::string& name, const std::string& system,
                      const std::string& pictures, const std::string& files,
                      const std::string& memory, const std::string& license) {
  return padded(name, kNameWidth) + " " + padded(system, 12) + " " + padded(pictures, 8) + " " +
         padded(files, 15) + " " + padded(memory, 12) + " " + license;
}

void print_row(const Card& card) {
  print(table_row(card.name, card.system, picture_text(card), state_text(card),
                  size_text(memory_needed(card)), license_text(card)));
}

// Shows each model that could be read by `show`, the others in a line whose name is as wide as
// `name_width`; or all in one array. Returns the status of the program.
int report(const std::vector<RegisteredModel>& models, bool in_json, void (*show)(const Card&),
           size_t name_width) {
  json all = json::array();
  bool fine = true;
  for (const RegisteredModel& model : models) {
    fine = fine && model.card;
    if (in_json)
      all.push_back(model.card ? as_json(*model.card)
                               : json{{"name", model.name}, {"problem", model.problem}});
    else if (model.card)
      show(*model.card);
    else
      print(padded(model.name, name_width) + " broken: " + model.problem);
  }
  if (in_json) print(all);
  return fine && was_taken() ? 0 : 1;
}

int models(const Options& options) {
  if (!options.words().empty())
    throw ConfigurationError("svgen models takes no words: svgen info says what is in a model",
                             {.expected = "no words", .found = options.words().front()});
  const bool in_json = options.has("json");
  if (!in_json) print(table_row("name", "system", "pictures", "files", "memory", "licence"));
  return report(read_registered_models(), in_json, print_row, kNameWidth);
}

// The one that was asked for, which must be fine.
RegisteredModel read_model(const std::string& name) {
  const auto path = find_card(name);
  return {name, path, Card::load(path), ""};
}

int info(const Options& options) {
  const bool lists = options.words().empty();
  std::vector<RegisteredModel> models;
  if (lists) models = read_registered_models();
  for (const std::string& name : options.words()) models.push_back(read_model(name));
  return report(models, options.has("json"), lists ? print_line : print_all, kShortNameWidth);
}

}  // namespace

Command models_command() {
  return {"models",
          "",
          "the models there are: their files, their memory, their licences",
          {{"json", "", "for programs"}},
          models};
}

Command info_command() {
  return {"info",
          "[MODEL...]",
          "the models there are, or what is in one",
          {{"json", "", "for programs"}},
          info};
}

}  // namespace svgen::cli
