// SPDX-License-Identifier: MIT
// Shows the progress of a training: messages on the bus, the log, the loss curve and sample
// pictures.
#pragma once

#include <gst/gst.h>

#include <chrono>
#include <cstdint>
#include <filesystem>

#include "data/train_log.h"
#include "svgen/trainer.h"

namespace svgen::gst {

class TrainProgress {
 public:
  struct Places {
    std::filesystem::path log;       // empty: none
    std::filesystem::path pictures;  // folder; empty: none
    int64_t sample_interval = 0;
    int64_t max_steps = -1;
  };

  /// A process that does not write (`quiet`) only posts messages. `element` must outlive this.
  /// DeviceError when pictures are wanted and the module that encodes them cannot be opened.
  TrainProgress(GstElement* element, const Places& places, int64_t first_step, bool quiet);

  /// The time until now was spent waiting for data.
  void data_arrived();
  /// A micro-batch is done. Sample pictures come from `trainer`.
  void batch_done(const TrainReport& report, Trainer& trainer);
  /// Posts "svg-checkpoint"; nothing for an empty folder.
  void saved(const std::filesystem::path& folder, int64_t step);
  /// Posts the last numbers and draws the curve.
  void ended(const TrainReport& report);

 private:
  using Clock = std::chrono::steady_clock;

  double images_per_second(const TrainReport& report) const;
  double seconds_left(const TrainReport& report) const;
  void post(const TrainReport& report);
  bool draws() const;
  void draw(const TrainReport& report, Trainer* trainer);

  GstElement* element_;
  Places places_;
  int64_t first_step_;
  bool quiet_;
  TrainLog log_;
  Clock::time_point start_ = Clock::now(), idle_since_ = start_, last_post_ = start_;
  std::chrono::duration<double> waited_{0};
};

}  // namespace svgen::gst
