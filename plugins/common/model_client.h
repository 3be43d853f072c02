// SPDX-License-Identifier: MIT
// Connects an element with its model: the properties model, device, dtype and model-stats, and the
// question to the elements upstream.
#pragma once

#include <gst/gst.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/properties.h"
#include "svgen/engine.h"
#include "svgen/trainer.h"

namespace svgen::gst {

/// Holds the settings that every element with a model has.
struct ModelSettings {
  std::string model;
  std::string device = "auto";
  std::string dtype = "auto";
  bool follow_training = false;  // a property of svgdiffuse and svgdecode
};

/// Is owned by an element. Safe to ask for statistics() from any thread; the rest belongs to state
/// changes and the streaming thread.
class ModelClient {
 public:
  /// Finds the card and opens its engine: the card named in `settings`, else the one the svg
  /// element upstream of `sink` (may be null) uses, else the embedded model. Opening again is cheap
  /// and picks up what has been linked since. Throws ConfigurationError when upstream uses another
  /// card than the one named here.
  void open(GstElement* element, GstPad* sink, const ModelSettings& settings);
  void close();

  /// Returns the open engine. Throws ConfigurationError before open().
  Engine& engine() const;
  bool is_open() const { return shared() != nullptr; }

  /// Takes over the newest weights of a training where the settings ask to follow one. False when
  /// `progress` cancelled. Throws what TrainingFollower throws.
  bool follow(ModelPart part, const ProgressFunction& progress);

  /// Returns the value of `model-stats`.
  StructurePtr statistics() const;

 private:
  std::shared_ptr<Engine> shared() const;

  mutable std::mutex mutex_;
  std::shared_ptr<Engine> engine_;
  EngineOptions opened_;                        // of engine_
  std::unique_ptr<TrainingFollower> follower_;  // of engine_, of the streaming thread
};

/// The path of the card that the svg element upstream of the sink pad uses; empty where there is
/// none.
std::string card_upstream(GstPad* sink);

/// Answers an upstream query for the card ("svg-model") when `query` is one and this element knows:
/// it names a card itself or, as the first of its chain (`is_source`), uses the embedded model.
/// Otherwise the caller passes the query on upstream.
bool answer_model_query(GstQuery* query, const ModelSettings& settings, bool is_source);

/// Throws ConfigurationError where the model of a card cannot generate.
void require_sampler(const Engine& engine);

/// Lists the four common properties.
template <typename Impl>
std::vector<Property<Impl>> model_properties() {
  return {
      field<Impl>(
          &ModelSettings::model,
          {.name = "model",
           .blurb = "Model card (card.json), a folder holding one, or a registered name; "
                    "unset: the card of the svg element upstream, else the embedded model"}),
      field<Impl>(&ModelSettings::device,
                  {.name = "device", .blurb = "Where to compute: auto, cpu, cuda or cuda:N"}),
      field<Impl>(&ModelSettings::dtype,
                  {.name = "dtype",
                   .blurb = "Precision of the computation: auto, float32, bfloat16 or float16"}),
      {[] {
         return g_param_spec_boxed(
             "model-stats", "model-stats",
             "Device, precision, shared handle, bytes loaded and copied, timings",
             GST_TYPE_STRUCTURE,
             static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
       },
       {},
       [](Impl& impl, GValue* value) {
         g_value_take_boxed(value, impl.model_statistics().release());
       }},
  };
}

/// Lists the property of elements whose network a training can make.
template <typename Impl>
std::vector<Property<Impl>> follow_property() {
  return {field<Impl>(
      &ModelSettings::follow_training,
      {.name = "follow-training",
       .blurb = "Before each batch take over the newest weights of a training of the same card in "
                "this process"})};
}

}  // namespace svgen::gst
