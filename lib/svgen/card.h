// SPDX-License-Identifier: MIT
// The model card: which files make a model, its sizes and its sampling defaults.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "svgen/sampling.h"
#include "svgen/tensor.h"

namespace svgen {

struct Grid {
  int64_t height = 0;  // cells of the latent
  int64_t width = 0;

  int64_t cells() const { return height * width; }
  bool operator==(const Grid&) const = default;
};

/// Describes the latent of a picture of the model's own size: a grid of cells, each of which stands
/// for a square of pixels.
struct LatentSpec {
  int64_t channels = 0;           // 0: unknown
  int64_t height = 0, width = 0;  // cells
  int64_t cell = 0;               // pixels per side of a cell

  Grid grid() const { return {height, width}; }
  int64_t picture_height() const { return height * cell; }
  int64_t picture_width() const { return width * cell; }
  bool operator==(const LatentSpec&) const = default;
};

/// The parts that a model is made of, each with its key in the card.
enum class ModelPart { kEncoder, kResidual, kDecoder, kDiffusion, kStatistics };
/// Returns "encoder", "residual", "decoder", "diffusion" or "statistics".
const char* part_key(ModelPart part);

/// Names a weights file as the card does; Card::locate() finds it.
struct FileReference {
  std::string file;
  std::string sha256;  // lower-case hex, or empty
  std::string url;     // where it is published, or empty
  int64_t bytes = 0;   // its size; 0: left out
};

// A size of 0 in the configurations below was left out of the card: a preset or the file determines
// it.

/// Holds the sizes of an encoder. `kind` says which network it is, and which of them it has: the
/// vision transformer of DINOv3 (Siméoni et al., 2025), those of DINOv2, MAE and SigLIP 2, or the
/// convolutions of a KL autoencoder (Rombach et al., 2022).
struct EncoderConfig {
  FileReference source;
  std::string prefix;
  std::string kind = "dinov3";
  std::string preset;
  int64_t width = 0, depth = 0, heads = 0, ffn = 0;
  int64_t registers = -1;  // -1: left out
  double rope_base = 0;
  std::optional<bool> affine;  // false: features without the weight and bias of the last norm
  int64_t channels = 0;
  std::vector<int64_t> multipliers;
  int64_t res_blocks = 0;
  std::vector<int64_t> attention_levels;
  int64_t groups = 32;
};

/// The sizes of the residual ViT.
struct ResidualConfig {
  FileReference source;
  std::string prefix;
  int64_t width = 0, depth = 0, heads = 0, mlp = 0, outputs = 0;
};

/// Holds the sizes of a decoder: SVG's convolutions ("conv"), those of a KL autoencoder ("kl"), or
/// the vision transformer of RAE ("vit").
struct DecoderConfig {
  FileReference source;
  std::string prefix;
  std::string kind = "conv";
  int64_t channels = 0;
  std::vector<int64_t> multipliers;
  int64_t res_blocks = 0;  // as published; the decoder has one more per level
  std::vector<int64_t> attention_levels;
  int64_t groups = 32;
  std::string preset;
  int64_t width = 0, depth = 0, heads = 0, mlp = 0;
  std::string pixel_scale;  // of the pixels that it gives: "imagenet" (empty) or "signed"
};

/// The sizes of the diffusion transformer.
struct DiffusionConfig {
  FileReference source;
  std::string prefix;
  std::string preset;
  int64_t width = 0, depth = 0, heads = 0, mlp = 0, classes = 0;
  int64_t patch = 0;  // cells of the latent in a token, and side; 0: left out, 1
  std::optional<bool> learn_sigma, qk_norm, rotary;
  int64_t head_heads = 0;     // of DiT-DH's wide head
  int64_t context_start = 0;  // the block of RiT that sees the label's tokens first
  std::string path;           // from noise to data: "linear" or "gvp"; empty: the system's
  std::string prediction;     // what the network gives: "clean", the data; empty: the system's
};

/// The four scalars of the distribution alignment, measured once by svgstats.
struct AlignmentScalars {
  double semantic_mean = 0, semantic_std = 0, residual_mean = 0, residual_std = 0;
};

struct Card {
  std::filesystem::path path;  // of the card.json itself, absolute
  std::string name, description, license, source;
  std::string system = "svg";  // the published system it belongs to (lib/backend/systems)
  int64_t patch = 0;           // pixels of a cell of the latent, and side
  Grid grid;
  int64_t latent_channels = 0;  // 0: left out
  double scaling_factor = 0;    // what latents are multiplied by to normalise them; 0: left out
  std::optional<EncoderConfig> encoder;
  std::optional<ResidualConfig> residual;
  std::optional<DecoderConfig> decoder;
  std::optional<DiffusionConfig> diffusion;
  std::optional<FileReference> statistics;
  std::optional<AlignmentScalars> alignment;
  SamplingOptions sampling;
  std::string guidance_model;  // the card of a weak model that guides in place of the null class
  // The dtypes below float32 in which the model passed its accuracy gate: what "auto" may choose.
  std::vector<DType> reduced_precision;
  std::vector<std::string> classes;

  /// Returns what the card alone says of the latent: all but the channels.
  LatentSpec latent() const {
    return {.channels = latent_channels, .height = grid.height, .width = grid.width, .cell = patch};
  }

  /// Reads and checks a card. Throws one ConfigurationError for all its problems (unknown keys,
  /// wrong types, contradictions), each with key, expected and found; IoError when it cannot be
  /// read.
  static Card load(const std::filesystem::path& card_json);

  /// Does the same from text; `path` is used in errors and to find files beside the card.
  static Card parse(std::string_view text, const std::filesystem::path& path);

  /// Returns the file of a reference: absolute, beside the card, or in a folder of the search path
  /// (registry.h). Throws IoError naming the file, the places looked at and where it is published.
  std::filesystem::path locate(const FileReference& reference) const;
};

}  // namespace svgen
