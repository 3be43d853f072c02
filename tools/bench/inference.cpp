// SPDX-License-Identifier: MIT
// Runs the parts of a model on request, for tools/bench/inference: reads lines "PART KEY=VALUE ..."
// from the standard input, and answers each with "SECONDS PEAK ANONYMOUS" (memory in MiB) or
// "error TEXT".
//
//   svgen-bench CARD DTYPE THREADS DEVICE
//
// Keys: inputs (a safetensors file with "noise", "latents-SIDE", "pictures-SIDE", SIDE in tokens),
// batch, side, repeats, steps, guidance, output (a file for the bytes of the last result).
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "process_memory.h"
#include "svgen/engine.h"
#include "svgen/error.h"

namespace {

using namespace svgen;

class Request {
 public:
  explicit Request(std::istream& words) {
    for (std::string word; words >> word;) {
      const size_t sign = word.find('=');
      if (sign == std::string::npos)
        throw ConfigurationError("svgen-bench: expected KEY=VALUE, found " + word);
      values_[word.substr(0, sign)] = word.substr(sign + 1);
    }
  }

  std::string text(const std::string& key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? "" : found->second;
  }
  double number(const std::string& key, double otherwise) const {
    const std::string value = text(key);
    return value.empty() ? otherwise : std::strtod(value.c_str(), nullptr);
  }
  int64_t count(const std::string& key) const { return static_cast<int64_t>(number(key, 1)); }

  /// Returns the first `batch` rows of an input.
  Tensor input(const std::string& name) const {
    return read_tensor(text("inputs"), name).rows(0, count("batch"));
  }

 private:
  std::map<std::string, std::string> values_;
};

using Run = std::function<Tensor()>;

SampleRequest sample_request(Engine& engine, const Request& request) {
  SampleRequest sample;
  sample.noise = request.input("noise");
  for (int64_t i = 0; i < request.count("batch"); ++i) {
    sample.indices.push_back(i);
    sample.classes.push_back(i % engine.info().classes);
  }
  sample.options = {.steps = request.count("steps"),
                    .shift = engine.card().sampling.shift,
                    .guidance_scale = request.number("guidance", 1)};
  return sample;
}

// Takes noise to noise + velocity(t = 0): one evaluation of the transformer.
Run velocity(Engine& engine, const Request& request) {
  SampleRequest sample = sample_request(engine, request);
  sample.options.steps = 1;
  sample.normalized = true;
  return [&engine, sample] { return engine.sampler().sample(sample); };
}

Run decode(Engine& engine, const Request& request) {
  const int64_t side = request.count("side");
  const Tensor latents = request.input("latents-" + request.text("side"));
  return [&engine, latents, side] {
    return engine.decoder().decode(latents, {side, side}, /*normalized=*/false);
  };
}

/// Returns views on pictures (N, H, W, 3), which must stay alive.
template <typename Byte>
std::vector<BasicImageView<Byte>> views(const Tensor& pictures) {
  std::vector<BasicImageView<Byte>> all;
  for (int64_t i = 0; i < pictures.size(0); ++i) {
    Byte* first = pictures.rows(i, 1).data_as<uint8_t>();
    all.push_back(packed_rgb(first, pictures.size(2), pictures.size(1)));
  }
  return all;
}

Tensor encoded(Engine& engine, const Tensor& pictures) {
  const Features features =
      engine.encoder().encode(views<const uint8_t>(pictures), FeatureKind::kBoth);
  return engine.aligner().align(features.semantic, features.residual, AlignmentMode::kFrame, false);
}

Run encode(Engine& engine, const Request& request) {
  const Tensor pictures = request.input("pictures-" + request.text("side"));
  return [&engine, pictures] { return encoded(engine, pictures); };
}

Tensor decoded_levels(Engine& engine, const Tensor& latents, Grid grid) {
  const int64_t patch = engine.latent().cell;
  const Tensor pictures =
      Tensor::empty(DType::kUInt8, {latents.size(0), grid.height * patch, grid.width * patch, 3});
  engine.decoder().decode_into(latents, grid, /*normalized=*/false, views<uint8_t>(pictures));
  return pictures;
}

// Takes noise to 8-bit pictures.
Run image(Engine& engine, const Request& request) {
  const SampleRequest sample = sample_request(engine, request);
  return [&engine, sample] {
    return decoded_levels(engine, engine.sampler().sample(sample), engine.latent().grid());
  };
}

// Takes pictures to latents and back.
Run frame(Engine& engine, const Request& request) {
  const Tensor pictures = request.input("pictures-" + request.text("side"));
  const int64_t side = request.count("side");
  return [&engine, pictures, side] {
    return decoded_levels(engine, encoded(engine, pictures), {side, side});
  };
}

const std::map<std::string, Run (*)(Engine&, const Request&)> kParts = {
    {"dit", velocity}, {"decode", decode}, {"encode", encode}, {"image", image}, {"frame", frame}};

void answer(Engine& engine, const std::string& line) {
  std::istringstream words(line);
  std::string part;
  words >> part;
  const auto found = kParts.find(part);
  if (found == kParts.end()) throw ConfigurationError("svgen-bench: there is no part " + part);
  const Request request(words);
  const Run run = found->second(engine, request);
  Tensor result;
  const auto start = std::chrono::steady_clock::now();
  for (int64_t i = 0; i < request.count("repeats"); ++i) result = to_host(run());
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
  if (const std::string path = request.text("output"); !path.empty())
    std::ofstream(path, std::ios::binary)
        .write(static_cast<const char*>(result.data()),
               static_cast<std::streamsize>(result.byte_count()));
  std::cout << spent.count() << ' ' << process_mebibytes("VmHWM:") << ' '
            << process_mebibytes("RssAnon:") << '\n'
            << std::flush;
}

void serve(const EngineOptions& options) {
  const std::shared_ptr<Engine> engine = Engine::open(options);
  for (std::string line; std::getline(std::cin, line);) {
    try {
      answer(*engine, line);
    } catch (const Error& error) {
      std::cout << "error " << error.what() << '\n' << std::flush;
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: svgen-bench CARD DTYPE THREADS DEVICE\n";
    return 2;
  }
  try {
    svgen::set_num_threads(static_cast<int>(std::strtol(argv[3], nullptr, 10)));
    serve({.model = argv[1], .device = argv[4], .dtype = argv[2]});
  } catch (const svgen::Error& error) {
    std::cerr << error.report() << '\n';
    return 1;
  }
  return 0;
}
