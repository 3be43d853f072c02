// SPDX-License-Identifier: MIT
// Tests of opening the module of picture formats.
#include "svgtrain/imageio_loader.h"

#include "support.h"
#include "svgen/error.h"
#include "svgtrain/imageio.h"

namespace svgen::gst::testing {
namespace {

using svgen::testing::ScopedVariable;

TEST(ImageIoLoader, FindsTheFunctions) {
  for (const char* name : {kDecodeSymbol, kEncodeSymbol, kPlotSymbol})
    EXPECT_NE(imageio_symbol(name), nullptr);
}

TEST(ImageIoLoader, SaysWhatIsMissing) {
  EXPECT_THROW(imageio_symbol("svgen_nothing"), DeviceError);
  const ScopedVariable elsewhere("SVGEN_IMAGEIO", "/nowhere/libsvgen-imageio.so.0");
  EXPECT_THROW(imageio_symbol(kDecodeSymbol), DeviceError);
}

}  // namespace
}  // namespace svgen::gst::testing
