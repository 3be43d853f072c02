// SPDX-License-Identifier: MIT
// Tables as Markdown, numbers as JSON, the plot as SVG.
#include "evaluation_tables.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

namespace svgen::cli {
namespace {

using Row = std::vector<std::string>;

std::string fixed(double value, int places) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", places, value);
  return text;
}

std::string number(std::optional<double> value, int places) {
  return value && std::isfinite(*value) ? fixed(*value, places) : "–";
}

std::string share(std::optional<double> value) {
  return value && std::isfinite(*value) ? fixed(100 * *value, 1) + " %" : "–";
}

nlohmann::json finite(std::optional<double> value) {
  return value && std::isfinite(*value) ? nlohmann::json(*value) : nlohmann::json();
}

std::string table(const Row& head, const std::vector<Row>& rows) {
  const auto line = [](const Row& cells) {
    std::string text = "|";
    for (const std::string& cell : cells) text += " " + cell + " |";
    return text + "\n";
  };
  std::string text = line(head) + "|";
  for (size_t i = 0; i < head.size(); ++i) text += i == 0 ? "---|" : "---:|";
  text += "\n";
  for (const Row& row : rows) text += line(row);
  return text;
}

// "mini" or "mini, guidance 1.5".
std::string title(const Cell& cell) {
  return cell.card + (cell.guidance == "1" ? "" : ", guidance " + cell.guidance);
}

template <typename Get>
std::vector<std::string> distinct(const std::vector<Result>& results, Get get) {
  std::vector<std::string> values;
  for (const Result& result : results)
    if (std::find(values.begin(), values.end(), get(result)) == values.end())
      values.push_back(get(result));
  return values;
}

std::string by_steps(const std::vector<Result>& results) {
  const auto steps = distinct(results, [](const Result& r) { return r.cell.steps; });
  Row head = {"Fréchet distance, steps"};
  head.insert(head.end(), steps.begin(), steps.end());
  std::vector<Row> rows;
  for (const std::string& name : distinct(results, [](const Result& r) { return title(r.cell); })) {
    Row row = {name};
    for (const std::string& step : steps)
      for (const Result& result : results)
        if (title(result.cell) == name && result.cell.steps == step)
          row.push_back(number(result.distance.frechet, 2));
    rows.push_back(row);
  }
  return table(head, rows);
}

std::string of_generators(const std::vector<Result>& results) {
  std::vector<Row> rows;
  for (const Result& r : results)
    rows.push_back({r.cell.card, r.cell.steps, r.cell.guidance, number(r.distance.frechet, 3),
                    number(r.distance.kernel, 5), number(r.distance.precision, 3),
                    number(r.distance.recall, 3), share(r.accuracy)});
  return table(
      {"model", "steps", "guidance", "Fréchet", "kernel", "precision", "recall", "class accuracy"},
      rows);
}

std::string of_tokenizers(const std::vector<Result>& results) {
  std::vector<Row> rows;
  for (const Result& r : results)
    rows.push_back({r.cell.card, number(r.distance.frechet, 3), number(r.psnr, 2),
                    number(r.lpips, 3), number(r.ssim, 3)});
  return table({"tokenizer", "rFID", "PSNR", "LPIPS", "SSIM"}, rows);
}

// Places of the plot.
constexpr double kWidth = 640, kHeight = 400, kLeft = 60, kRight = 160, kTop = 30, kBottom = 50;
constexpr std::array<const char*, 6> kColours = {"#1b6ca8", "#c0392b", "#1e8449",
                                                 "#8e44ad", "#b9770e", "#34495e"};

struct Scale {
  double low, high, from, to;
  double operator()(double value) const {
    const double all = std::log(high / low);
    return from + (all > 0 ? std::log(value / low) / all : 0.5) * (to - from);
  }
};

std::string label(double x, double y, const std::string& text, const char* anchor) {
  return "<text x=\"" + fixed(x, 1) + "\" y=\"" + fixed(y, 1) + "\" text-anchor=\"" + anchor +
         "\">" + text + "</text>\n";
}

std::string rule(double x1, double y1, double x2, double y2) {
  return "<line x1=\"" + fixed(x1, 1) + "\" y1=\"" + fixed(y1, 1) + "\" x2=\"" + fixed(x2, 1) +
         "\" y2=\"" + fixed(y2, 1) + "\" stroke=\"#ddd\"/>\n";
}

// Letters that mean something in XML.
std::string plain(const std::string& text) {
  std::string result;
  for (const char letter : text)
    if (letter == '<' || letter == '&')
      result += letter == '<' ? "&lt;" : "&amp;";
    else
      result += letter;
  return result;
}

}  // namespace

nlohmann::json json_of(const Result& result) {
  nlohmann::json line = {{"card", result.cell.card},
                         {"images", result.images},
                         {"frechet", finite(result.distance.frechet)},
                         {"kernel", finite(result.distance.kernel)},
                         {"precision", finite(result.distance.precision)},
                         {"recall", finite(result.distance.recall)}};
  if (result.cell.generates()) {
    line["steps"] = std::stod(result.cell.steps);
    line["guidance"] = std::stod(result.cell.guidance);
    line["class_accuracy"] = finite(result.accuracy);
  } else {
    line["psnr"] = finite(result.psnr);
    line["ssim"] = finite(result.ssim);
    line["lpips"] = finite(result.lpips);
  }
  return line;
}

std::string as_json(const std::vector<Result>& results, const nlohmann::json& protocol) {
  nlohmann::json all = {{"protocol", protocol}, {"results", nlohmann::json::array()}};
  for (const Result& result : results) all["results"].push_back(json_of(result));
  return all.dump(1) + "\n";
}

std::string as_markdown(const std::vector<Result>& results, const nlohmann::json& protocol) {
  const bool generates = results.front().cell.generates();
  const std::string of = std::to_string(results.front().images) + " images" +
                         (generates ? ", labels " + protocol["labels"].get<std::string>() +
                                          ", seed " + protocol["seed"].dump()
                                    : "") +
                         ", features of " + protocol["features"].get<std::string>() + ", against " +
                         protocol["reference"].get<std::string>() + ".\n\n";
  return of +
         (generates ? by_steps(results) + "\n" + of_generators(results) : of_tokenizers(results));
}

std::string as_plot(const std::vector<Result>& results) {
  std::map<std::string, std::map<double, double>> lines;  // steps to distance
  for (const Result& r : results)
    if (r.distance.frechet > 0 && std::isfinite(r.distance.frechet))
      lines[title(r.cell)][std::stod(r.cell.steps)] = r.distance.frechet;
  Scale x{1e300, 0, kLeft, kWidth - kRight}, y{1e300, 0, kHeight - kBottom, kTop};
  for (const auto& [name, points] : lines)
    for (const auto& [steps, distance] : points) {
      x.low = std::min(x.low, steps), x.high = std::max(x.high, steps);
      y.low = std::min(y.low, distance), y.high = std::max(y.high, distance);
    }
  std::string text =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 640 400\" "
      "font-family=\"sans-serif\" font-size=\"12\">\n"
      "<rect width=\"640\" height=\"400\" fill=\"white\"/>\n";
  if (lines.empty()) return text + label(kWidth / 2, kHeight / 2, "nothing", "middle") + "</svg>\n";
  constexpr int kTicks = 4;
  for (int i = 0; i <= kTicks; ++i) {
    const double value = y.low * std::pow(y.high / y.low, static_cast<double>(i) / kTicks);
    text += rule(kLeft, y(value), kWidth - kRight, y(value));
    text += label(kLeft - 6, y(value) + 4, fixed(value, value < 10 ? 2 : 1), "end");
  }
  for (const std::string& steps : distinct(results, [](const Result& r) { return r.cell.steps; })) {
    text += rule(x(std::stod(steps)), kTop, x(std::stod(steps)), kHeight - kBottom);
    text += label(x(std::stod(steps)), kHeight - kBottom + 18, plain(steps), "middle");
  }
  text += label((kLeft + kWidth - kRight) / 2, kHeight - 12, "steps", "middle");
  text += label(kLeft, kTop - 10, "Fréchet distance (both axes logarithmic)", "start");
  size_t colour = 0;
  for (const auto& [name, points] : lines) {
    const std::string ink = kColours[colour++ % kColours.size()];
    std::string path, dots;
    for (const auto& [steps, distance] : points) {
      const std::string px = fixed(x(steps), 1), py = fixed(y(distance), 1);
      path += (path.empty() ? "M" : " L") + px + " " + py;
      dots += "<circle cx=\"" + px + "\" cy=\"" + py + "\" r=\"3\" fill=\"" + ink + "\"/>\n";
    }
    text += "<path d=\"" + path + "\" fill=\"none\" stroke=\"" + ink + "\" stroke-width=\"2\"/>\n" +
            dots;
    const double row = kTop + 18 * static_cast<double>(colour);
    text += "<rect x=\"" + fixed(kWidth - kRight + 12, 1) + "\" y=\"" + fixed(row - 9, 1) +
            "\" width=\"10\" height=\"10\" fill=\"" + ink + "\"/>\n";
    text += label(kWidth - kRight + 28, row, plain(name), "start");
  }
  return text + "</svg>\n";
}

}  // namespace svgen::cli
