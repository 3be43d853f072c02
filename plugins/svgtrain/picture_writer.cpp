// SPDX-License-Identifier: MIT
// Writing PNG files.
#include "svgtrain/picture_writer.h"

#include <string_view>
#include <vector>

#include "data/atomic_file.h"
#include "svgen/error.h"
#include "svgtrain/imageio.h"
#include "svgtrain/imageio_loader.h"

namespace svgen::gst {

void write_png(const std::filesystem::path& file, const Picture& picture) {
  static const auto encode = reinterpret_cast<EncodeFunction>(imageio_symbol(kEncodeSymbol));
  std::vector<uint8_t> bytes;
  std::string problem;
  if (!encode(picture, bytes, problem)) {
    throw IoError("a picture cannot be encoded",
                  {.expected = "a picture", .found = problem, .where = file.string()});
  }
  AtomicFile writer(file);
  writer.write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  writer.commit();
}

Picture draw_plot(const Curve& curve, const std::string& title) {
  static const auto draw = reinterpret_cast<PlotFunction>(imageio_symbol(kPlotSymbol));
  Picture chart;
  std::string problem;
  if (draw(curve, title, chart, problem)) return chart;
  throw IoError("a chart cannot be drawn",
                {.expected = "a curve", .found = problem, .where = title});
}

}  // namespace svgen::gst
