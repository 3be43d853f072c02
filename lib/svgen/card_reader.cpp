// SPDX-License-Identifier: MIT
// Reading a model card: every key is checked, every problem is reported at once.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <type_traits>

#include "svgen/card.h"
#include "svgen/error.h"
#include "svgen/object_reader.h"
#include "svgen/text.h"

namespace svgen {
namespace {

using nlohmann::json;

constexpr size_t kMaxCardBytes = 16 << 20;
constexpr int kMaxNesting = 16;    // a card needs three
constexpr size_t kMaxListed = 64;  // problems in a message

// The keys of one kind of network.
template <typename Config>
struct Kind {
  const char* name;
  void (*fill)(ObjectReader&, Config&);
};

// The sizes of a transformer's blocks.
template <typename Config>
void fill_blocks(ObjectReader& reader, Config& config) {
  reader.read("width", config.width);
  reader.read("depth", config.depth);
  reader.read("heads", config.heads);
  if constexpr (requires { config.ffn; })
    reader.read("ffn", config.ffn);
  else
    reader.read("mlp", config.mlp);
}

void fill_dinov3(ObjectReader& reader, EncoderConfig& encoder) {
  reader.read("preset", encoder.preset);
  fill_blocks(reader, encoder);
  reader.read("registers", encoder.registers, 0);
  reader.read_positive("rope_base", encoder.rope_base);
}

void fill_table_vit(ObjectReader& reader, EncoderConfig& encoder) {
  reader.read("preset", encoder.preset);
  fill_blocks(reader, encoder);
  reader.read("registers", encoder.registers, 0);
  reader.read("affine", encoder.affine);
}

void fill_vit_decoder(ObjectReader& reader, DecoderConfig& decoder) {
  reader.read("preset", decoder.preset);
  fill_blocks(reader, decoder);
  reader.read("pixel_scale", decoder.pixel_scale);
  const std::string& scale = decoder.pixel_scale;
  if (!scale.empty() && scale != "imagenet" && scale != "signed")
    reader.problem("pixel_scale", "imagenet or signed", scale);
}

// The keys of a convolutional encoder or decoder.
template <typename Config>
void fill_convolutions(ObjectReader& reader, Config& config) {
  reader.read("channels", config.channels);
  reader.read("multipliers", config.multipliers, 1);
  reader.read("res_blocks", config.res_blocks);
  reader.read("attention_levels", config.attention_levels, 0);
  reader.read("groups", config.groups);
}

constexpr Kind<EncoderConfig> kEncoderKinds[] = {{"dinov3", fill_dinov3},
                                                 {"dinov2", fill_table_vit},
                                                 {"mae", fill_table_vit},
                                                 {"siglip2", fill_table_vit},
                                                 {"kl", fill_convolutions<EncoderConfig>}};
constexpr Kind<DecoderConfig> kDecoderKinds[] = {{"conv", fill_convolutions<DecoderConfig>},
                                                 {"kl", fill_convolutions<DecoderConfig>},
                                                 {"vit", fill_vit_decoder}};

template <typename Config>
void fill_kind(ObjectReader& reader, Config& config, std::span<const Kind<Config>> kinds) {
  reader.read_file(config.source);
  reader.read("prefix", config.prefix);
  reader.read("kind", config.kind);
  for (const Kind<Config>& kind : kinds)
    if (config.kind == kind.name) return kind.fill(reader, config);
  reader.problem("kind", "one of " + joined(kinds, ", ", &Kind<Config>::name), config.kind);
  for (const Kind<Config>& kind : kinds) kind.fill(reader, config);  // which keys are known at all
}

void fill_encoder(ObjectReader& reader, EncoderConfig& encoder) {
  fill_kind<EncoderConfig>(reader, encoder, kEncoderKinds);
}

void fill_decoder(ObjectReader& reader, DecoderConfig& decoder) {
  fill_kind<DecoderConfig>(reader, decoder, kDecoderKinds);
}

void fill_residual(ObjectReader& reader, ResidualConfig& residual) {
  reader.read_file(residual.source);
  reader.read("prefix", residual.prefix);
  fill_blocks(reader, residual);
  reader.read("outputs", residual.outputs);
}

void fill_diffusion(ObjectReader& reader, DiffusionConfig& diffusion) {
  reader.read_file(diffusion.source);
  reader.read("prefix", diffusion.prefix);
  reader.read("preset", diffusion.preset);
  fill_blocks(reader, diffusion);
  reader.read("classes", diffusion.classes);
  reader.read("learn_sigma", diffusion.learn_sigma);
  reader.read("patch", diffusion.patch);
  reader.read("qk_norm", diffusion.qk_norm);
  reader.read("rotary", diffusion.rotary);
  reader.read("head_heads", diffusion.head_heads);
  reader.read("context_start", diffusion.context_start);
  reader.read("path", diffusion.path);
  if (!diffusion.path.empty() && diffusion.path != "linear" && diffusion.path != "gvp")
    reader.problem("path", "linear or gvp", diffusion.path);
  reader.read("prediction", diffusion.prediction);
  if (!diffusion.prediction.empty() && diffusion.prediction != "clean")
    reader.problem("prediction", "clean, or nothing", diffusion.prediction);
}

void fill_alignment(ObjectReader& reader, AlignmentScalars& scalars) {
  for (const char* key : {"semantic_mean", "semantic_std", "residual_mean", "residual_std"})
    reader.require(key, "a number");
  reader.read("semantic_mean", scalars.semantic_mean);
  reader.read_positive("semantic_std", scalars.semantic_std);
  reader.read("residual_mean", scalars.residual_mean);
  reader.read_positive("residual_std", scalars.residual_std);
}

void fill_sampling(ObjectReader& reader, SamplingOptions& sampling) {
  for (const SamplingSetting& setting : sampling_settings()) {
    const auto read = [&]<typename T>(T SamplingOptions::*member) {
      if constexpr (std::is_integral_v<T>)
        reader.read(setting.key, sampling.*member, static_cast<int64_t>(setting.range.low));
      else
        reader.read(setting.key, sampling.*member);
    };
    std::visit(read, setting.member);
  }
  try {
    validate(sampling);
  } catch (const Error& error) {
    std::string key = error.where();  // spelled as a property there
    std::replace(key.begin(), key.end(), '-', '_');
    reader.problem(key, error.expected(), error.found());
  }
}

void fill_grid(ObjectReader& reader, Grid& grid) {
  constexpr const char* kGridKind = "two integers [rows, columns]";
  std::vector<int64_t> sides;
  reader.require("grid", kGridKind);
  reader.read("grid", sides, 1);
  if (sides.size() == 2)
    grid = {sides[0], sides[1]};
  else if (const json* value = reader.find("grid"); value != nullptr && value->is_array())
    reader.problem("grid", kGridKind, value->dump());
}

// "latent", or "patch" and "grid" as SVG's cards spell it.
void fill_latent(ObjectReader& reader, Card& card) {
  std::optional<Card> latent;
  reader.read_object("latent", latent, [](ObjectReader& inner, Card& of) {
    inner.read("channels", of.latent_channels);
    fill_grid(inner, of.grid);
    inner.require("cell", "the pixels of a cell, and side");
    inner.read("cell", of.patch);
    inner.read_positive("scaling_factor", of.scaling_factor);
  });
  if (!latent) {
    reader.require("patch", "the patch size in pixels");
    reader.read("patch", card.patch);
    return fill_grid(reader, card.grid);
  }
  for (const char* key : {"patch", "grid"})
    if (const json* value = reader.find(key))
      reader.problem(key, "nothing beside \"latent\", which says it", value->dump());
  card.latent_channels = latent->latent_channels;
  card.grid = latent->grid;
  card.patch = latent->patch;
  card.scaling_factor = latent->scaling_factor;
}

// The names themselves, or a file of them, one a line.
void read_classes(ObjectReader& reader, Card& card) {
  const json* value = reader.find("classes");
  if (value == nullptr || !value->is_string()) return reader.read("classes", card.classes);
  const std::string name = value->get<std::string>();
  try {
    std::ifstream file(card.locate({.file = name}));
    for (std::string line; std::getline(file, line);) {
      if (line.ends_with('\r')) line.pop_back();
      card.classes.push_back(line);
    }
  } catch (const Error& error) {
    reader.problem("classes", "names, or a file with one on each line", error.found());
  }
}

void fill_card(ObjectReader& reader, Card& card) {
  reader.read("name", card.name);
  reader.read("system", card.system);
  reader.read("description", card.description);
  reader.read("license", card.license);
  reader.read("source", card.source);
  fill_latent(reader, card);
  reader.read_object("encoder", card.encoder, fill_encoder);
  reader.read_object("residual", card.residual, fill_residual);
  reader.read_object("decoder", card.decoder, fill_decoder);
  reader.read_object("diffusion", card.diffusion, fill_diffusion);
  reader.read_object("statistics", card.statistics,
                     [](ObjectReader& inner, FileReference& file) { inner.read_file(file); });
  reader.read_object("alignment", card.alignment, fill_alignment);
  std::optional<SamplingOptions> sampling;
  reader.read_object("sampling", sampling, [&](ObjectReader& inner, SamplingOptions& options) {
    fill_sampling(inner, options);
    inner.read("guidance_model", card.guidance_model);
  });
  card.sampling = sampling.value_or(SamplingOptions{});
  if (card.scaling_factor > 0 && card.statistics)
    reader.problem("statistics", "nothing beside \"latent.scaling_factor\"", "both");
  // "training" tells people how the weights were made; nothing here depends on it.
  if (const json* training = reader.find("training"); training && !training->is_object())
    reader.problem("training", "an object", training->dump());
  std::vector<std::string> reduced;
  reader.read("reduced_precision", reduced);
  for (const std::string& name : reduced)
    if (name == "bfloat16" || name == "float16")
      card.reduced_precision.push_back(parse_dtype(name));
    else
      reader.problem("reduced_precision", "bfloat16 or float16", name);
  read_classes(reader, card);
  for (size_t i = 0; i < card.classes.size(); ++i)
    if (card.classes[i].find_first_not_of(" \t\r\n") == std::string::npos)
      reader.problem("classes", "a name for class " + std::to_string(i), "an empty one");
  if (card.diffusion && card.diffusion->classes > 0 && !card.classes.empty() &&
      std::ssize(card.classes) != card.diffusion->classes) {
    reader.problem("classes",
                   std::to_string(card.diffusion->classes) + " names as in diffusion.classes",
                   std::to_string(card.classes.size()));
  }
}

// The JSON library keeps the last of two equal keys; a card must not mean two things.
json parse_without_duplicates(std::string_view text, const std::string& where) {
  std::vector<std::set<std::string>> keys;
  std::string duplicate;
  const auto watch = [&](int depth, json::parse_event_t event, json& value) {
    if (depth > kMaxNesting)
      throw ConfigurationError("the model card is nested too deeply to be one",
                               {.expected = "at most " + std::to_string(kMaxNesting) + " levels",
                                .found = "level " + std::to_string(depth),
                                .where = where});
    if (event == json::parse_event_t::object_start) keys.emplace_back();
    if (event == json::parse_event_t::object_end) keys.pop_back();
    if (event == json::parse_event_t::key && !keys.back().insert(value.get<std::string>()).second)
      duplicate = value.get<std::string>();
    return true;
  };
  try {
    json card = json::parse(text, watch);
    if (duplicate.empty()) return card;
  } catch (const json::exception& error) {
    throw ConfigurationError("the model card is not valid JSON",
                             {.expected = "JSON", .found = error.what(), .where = where});
  }
  throw ConfigurationError("the model card has a key twice",
                           {.expected = "every key once", .found = duplicate, .where = where});
}

}  // namespace

const char* part_key(ModelPart part) {
  constexpr const char* kKeys[] = {"encoder", "residual", "decoder", "diffusion", "statistics"};
  return kKeys[static_cast<size_t>(part)];
}

Card Card::parse(std::string_view text, const std::filesystem::path& path) {
  const json root = parse_without_duplicates(text, path.string());
  Card card;
  card.path = std::filesystem::absolute(path).lexically_normal();
  Problems problems;
  {
    ObjectReader reader(root, "", problems);
    fill_card(reader, card);
  }
  if (!problems.empty()) {
    std::string list =
        joined(std::span(problems).first(std::min(problems.size(), kMaxListed)), "; ");
    if (problems.size() > kMaxListed) list += "; and more";
    throw ConfigurationError("the model card has " + std::to_string(problems.size()) +
                                 (problems.size() == 1 ? " problem: " : " problems: ") + list,
                             {.expected = "the schema of docs/cards.md", .where = path.string()});
  }
  if (card.name.empty()) card.name = card.path.parent_path().filename().string();
  return card;
}

Card Card::load(const std::filesystem::path& card_json) {
  std::ifstream file(card_json, std::ios::binary);
  const std::string reason = file ? "a folder" : std::strerror(errno);
  std::error_code ignored;
  if (!file || std::filesystem::is_directory(card_json, ignored)) {
    throw IoError("the model card cannot be read",
                  {.expected = "a readable file", .found = reason, .where = card_json.string()});
  }
  std::string text;
  for (char block[4096];
       text.size() <= kMaxCardBytes && (file.read(block, sizeof block), file.gcount() > 0);)
    text.append(block, static_cast<size_t>(file.gcount()));
  if (text.size() > kMaxCardBytes) {
    throw IoError(
        "the model card is too large to be one",
        {.expected = "at most 16 MiB of JSON", .found = "more", .where = card_json.string()});
  }
  return parse(text, card_json);
}

}  // namespace svgen
