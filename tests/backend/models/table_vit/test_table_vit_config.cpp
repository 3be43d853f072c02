// SPDX-License-Identifier: MIT
// Sizes of DINOv2, MAE and SigLIP 2 from card and file.
#include <gtest/gtest.h>

#include "backend/models/module_source.h"
#include "models/table_vit/table_vit.h"

namespace svgen::models {
namespace {

Card card_of(int64_t heads) {
  Card card;
  card.patch = 16;
  card.encoder = EncoderConfig{};
  card.encoder->heads = heads;
  return card;
}

const TableVitConfig kTiny = {.width = 48, .depth = 2, .heads = 3, .mlp = 192, .table = 16};

TEST(TableVitSizes, ComeFromTheFile) {
  EXPECT_EQ(kDinoV2.from_file(card_of(3), test::ModuleSource(TableVit(kTiny)), 0), kTiny);
  TableVitConfig registers = kTiny;
  registers.registers = 4;
  registers.resampling = TableResampling::kAntialiased;
  EXPECT_EQ(kDinoV2.from_file(card_of(3), test::ModuleSource(TableVit(registers)), 0), registers);
  // timm adds the class row of the table to the class token.
  registers.table_has_class = false;
  EXPECT_EQ(kDinoV2.from_file(card_of(3), test::ModuleSource(TableVit(registers)), 0), registers);
  TableVitConfig siglip = kTiny;
  siglip.patch = 16;
  siglip.has_class = siglip.table_has_class = siglip.layer_scale = false;
  siglip.resampling = TableResampling::kBicubic;
  siglip.activation = ops::Epilogue::kGeluTanh;
  siglip.scale = kSignedScale;
  EXPECT_EQ(kSiglip2.from_file(card_of(3), test::ModuleSource(TableVit(siglip)), 0), siglip);
}

TEST(TableVitSizes, PresetsAreCheckedAgainstTheFile) {
  Card card = card_of(0);
  card.encoder->preset = "dinov2-vits14";
  card.encoder->registers = 4;
  EXPECT_EQ(
      test::rejected_keys([&] { kDinoV2.from_file(card, test::ModuleSource(TableVit(kTiny)), 0); }),
      "encoder.width; encoder.depth; encoder.ffn; encoder.registers");
  EXPECT_EQ(test::rejected_keys(
                [&] { kMae.from_file(card_of(0), test::ModuleSource(TableVit(kTiny)), 0); }),
            "encoder.heads");
}

}  // namespace
}  // namespace svgen::models
