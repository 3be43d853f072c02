// SPDX-License-Identifier: MIT
// svgen info: what models there are, and what a card says.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "command.h"
#include "svgen/card.h"
#include "svgen/error.h"
#include "svgen/registry.h"

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
  if constexpr (std::is_same_v<Config, FileReference>) {
    source = &*config;
  } else {
    source = &config->source;
  }
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

json as_json(const Card& card) {
  json found = {{"name", card.name},
                {"card", card.path.string()},
                {"description", card.description},
                {"width", card.grid.width * card.patch},
                {"height", card.grid.height * card.patch},
                {"classes", card.classes},
                {"steps", card.sampling.steps},
                {"guidance-scale", card.sampling.guidance_scale}};
  for (const Part& part : parts_of(card))
    found["parts"][part.role] = {{"file", part.file}, {"problem", part.problem}};
  return found;
}

void print(const Card& card) {
  std::printf("%s: %s\n", card.name.c_str(), card.description.c_str());
  std::printf("card        %s\n", card.path.c_str());
  std::printf("pictures    %ldx%ld, patches of %ld\n",
              static_cast<long>(card.grid.width * card.patch),
              static_cast<long>(card.grid.height * card.patch), static_cast<long>(card.patch));
  std::printf("sampling    %ld steps, %s, shift %g, guidance %s %g\n",
              static_cast<long>(card.sampling.steps), solver_name(card.sampling.solver),
              card.sampling.shift, guidance_name(card.sampling.guidance),
              card.sampling.guidance_scale);
  for (const Part& part : parts_of(card))
    std::printf("%-12s%s\n", part.role.c_str(),
                part.problem.empty() ? part.file.c_str() : ("missing: " + part.problem).c_str());
  for (size_t i = 0; i < card.classes.size(); ++i)
    std::printf("%s%zu %s%s", i == 0 ? "classes     " : "", i, card.classes[i].c_str(),
                i + 1 < card.classes.size() ? ", " : "\n");
}

void print_line(const Card& card) {
  size_t missing = 0;
  for (const Part& part : parts_of(card)) missing += part.problem.empty() ? 0 : 1;
  const std::string state = missing == 0 ? "ready" : std::to_string(missing) + " files missing";
  std::printf("%-16s %4ldx%-4ld  %-16s %s\n", card.name.c_str(),
              static_cast<long>(card.grid.width * card.patch),
              static_cast<long>(card.grid.height * card.patch), state.c_str(),
              card.description.substr(0, 60).c_str());
}

int info(const Options& options) {
  std::vector<std::string> models = options.words();
  const bool lists = models.empty();
  if (lists) models = registered_models();
  json all = json::array();
  for (const std::string& model : models) {
    const Card card = Card::load(find_card(model));
    if (options.has("json")) {
      all.push_back(as_json(card));
    } else if (lists) {
      print_line(card);
    } else {
      print(card);
    }
  }
  if (options.has("json")) std::printf("%s\n", all.dump(1).c_str());
  return 0;
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
