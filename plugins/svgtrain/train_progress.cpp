// SPDX-License-Identifier: MIT
// Shows the progress of a training.
#include "svgtrain/train_progress.h"

#include <algorithm>
#include <cstdio>

#include "common/errors.h"
#include "svgtrain/imageio.h"
#include "svgtrain/imageio_loader.h"
#include "svgtrain/picture_writer.h"

namespace svgen::gst {
namespace {

constexpr auto kBetweenMessages = std::chrono::milliseconds(250);

std::string sample_name(int64_t step) {
  char name[48];
  std::snprintf(name, sizeof name, "samples-%08lld.png", static_cast<long long>(step));
  return name;
}

}  // namespace

TrainProgress::TrainProgress(GstElement* element, const Places& places, int64_t first_step,
                             bool quiet)
    : element_(element),
      places_(places),
      first_step_(first_step),
      quiet_(quiet),
      log_(quiet ? std::filesystem::path() : places.log, first_step) {
  // A missing module stops a training at its start, not hours later at its first sheet.
  if (draws()) imageio_symbol(kEncodeSymbol);
}

bool TrainProgress::draws() const {
  return places_.sample_interval > 0 && !quiet_ && !places_.pictures.empty();
}

void TrainProgress::data_arrived() {
  waited_ += Clock::now() - idle_since_;
}

double TrainProgress::images_per_second(const TrainReport& report) const {
  const std::chrono::duration<double> passed = Clock::now() - start_;
  return static_cast<double>(report.images) / std::max(1e-9, passed.count());
}

double TrainProgress::seconds_left(const TrainReport& report) const {
  const int64_t done = report.step - first_step_;
  if (places_.max_steps < 0 || done <= 0) return -1;
  const std::chrono::duration<double> passed = Clock::now() - start_;
  return passed.count() / static_cast<double>(done) *
         static_cast<double>(places_.max_steps - report.step);
}

void TrainProgress::batch_done(const TrainReport& report, Trainer& trainer) {
  if (report.stepped) {
    log_.add({report.step, report.next_index, images_per_second(report), seconds_left(report),
              report.metrics});
    if (Clock::now() - last_post_ >= kBetweenMessages || report.finished) post(report);
    saved(report.saved, report.step);
    if (draws() && report.step % places_.sample_interval == 0) draw(report, &trainer);
  }
  idle_since_ = Clock::now();
}

void TrainProgress::post(const TrainReport& report) {
  last_post_ = Clock::now();
  const std::chrono::duration<double> passed = Clock::now() - start_;
  GstStructure* facts = gst_structure_new(
      "svg-train-stats", "step", G_TYPE_INT64, report.step, "max-steps", G_TYPE_INT64,
      places_.max_steps, "next-index", G_TYPE_INT64, report.next_index, "images-per-second",
      G_TYPE_DOUBLE, images_per_second(report), "seconds-left", G_TYPE_DOUBLE, seconds_left(report),
      "wait-share", G_TYPE_DOUBLE, waited_.count() / std::max(1e-9, passed.count()), nullptr);
  for (const auto& [name, value] : report.metrics)
    gst_structure_set(facts, name.c_str(), G_TYPE_DOUBLE, value, nullptr);
  gst_element_post_message(element_, gst_message_new_element(GST_OBJECT_CAST(element_), facts));
}

void TrainProgress::saved(const std::filesystem::path& folder, int64_t step) {
  if (folder.empty()) return;
  GstStructure* facts = gst_structure_new("svg-checkpoint", "step", G_TYPE_INT64, step, nullptr);
  set_text(facts, "location", folder.string());
  gst_element_post_message(element_, gst_message_new_element(GST_OBJECT_CAST(element_), facts));
}

void TrainProgress::draw(const TrainReport& report, Trainer* trainer) {
  write_png(places_.pictures / "loss.png", draw_plot(log_.curve("loss"), "loss"));
  if (trainer == nullptr) return;
  const Picture sheet = trainer->sample_sheet();
  if (!sheet.pixels.empty()) write_png(places_.pictures / sample_name(report.step), sheet);
}

void TrainProgress::ended(const TrainReport& report) {
  post(report);
  if (draws() && report.step > first_step_) draw(report, nullptr);
}

}  // namespace svgen::gst
