// SPDX-License-Identifier: MIT
// Tests of what the trainers share: steps, ends, interruptions, resuming.
#include "data/train_log.h"
#include "support.h"
#include "svgen/engine.h"
#include "svgen/random.h"
#include "svgen/trainer.h"

namespace svgen::gst::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Phase {
  const char* name;
  const char* trainer;
  const char* diverging = "learning-rate=10";  // makes the loss infinite or NaN
};

class TrainSinkTest : public ::testing::TestWithParam<Phase> {
 protected:
  std::string source(const std::string& more = "") const {
    const std::string scenes = "svgscenesrc seed=3 " + more + " ";
    if (std::string(GetParam().name) != "diffusion") return scenes;
    return scenes + "! svgencode batch-size=3 ! svgalign labels=true ";
  }
  std::string trainer(const std::string& more = "") const {
    return std::string(GetParam().trainer) +
           " name=svgt model=mini batch-size=4 checkpoint=" + run_.string() +
           " log=" + log_.string() + " " + more;
  }
  std::string line(const std::string& more = "", const std::string& source_more = "") const {
    return source(source_more) + "! " + trainer(more);
  }
  // Returns the steps in the log that have the metric.
  std::vector<int64_t> logged(const std::string& metric = "loss") const {
    std::vector<int64_t> steps;
    const TrainLog log(log_, 1000);
    for (const auto& [step, value] : log.curve(metric)) steps.push_back(step);
    return steps;
  }
  double logged_loss(int64_t step) const {
    const TrainLog log(log_, 1000);
    for (const auto& [at, value] : log.curve("loss"))
      if (at == step) return value;
    return -1;
  }

  ScratchFolder folder_;
  const fs::path run_ = folder_.path() / "run", log_ = folder_.path() / "log.jsonl";
};

TEST_P(TrainSinkTest, EndsAnEndlessStreamAtMaxSteps) {
  for (const char* queue : {"", "! queue "}) {
    Pipeline pipeline(source() + queue + "! " + trainer("max-steps=3 checkpoint-interval=2"));
    EXPECT_TRUE(pipeline.run());
    EXPECT_THAT(logged(), ElementsAre(1, 2, 3));
    EXPECT_TRUE(fs::exists(run_ / "step-00000002" / "ema.safetensors"));
    EXPECT_TRUE(fs::exists(run_ / "step-00000003" / "card.json"));
    EXPECT_EQ(pipeline.messages_named("svg-checkpoint").size(), 2u);
    EXPECT_FALSE(pipeline.messages_named("svg-train-stats").empty());
    fs::remove_all(run_);
  }
}

TEST_P(TrainSinkTest, SavesAtTheEndOfTheStream) {
  Pipeline pipeline(line("", "num-images=10"));
  EXPECT_TRUE(pipeline.run());
  EXPECT_THAT(logged(), ElementsAre(1, 2));  // the last two images do not fill a batch
  EXPECT_TRUE(fs::exists(run_ / "step-00000002"));
}

TEST_P(TrainSinkTest, AResumedTrainingTakesTheNextImages) {
  ASSERT_TRUE(Pipeline(line("max-steps=4")).run());
  const double expected = logged_loss(4);
  fs::remove_all(run_);
  ASSERT_TRUE(Pipeline(line("max-steps=2")).run());
  Pipeline resumed(line("max-steps=4 resume=true"));
  EXPECT_TRUE(resumed.run());
  EXPECT_THAT(logged(), ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(logged_loss(4), expected);
}

// Calls `probe` for every seek event that leaves the trainer upstream.
void on_seek(const Pipeline& pipeline, GstPadProbeReturn (*probe)()) {
  GstPad* pad = gst_element_get_static_pad(pipeline.element("svgt"), "sink");
  GstPad* peer = gst_pad_get_peer(pad);
  gst_pad_add_probe(
      peer, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM,
      [](GstPad*, GstPadProbeInfo* info, gpointer data) {
        const bool seeks = GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_SEEK;
        return seeks ? reinterpret_cast<GstPadProbeReturn (*)()>(data)() : GST_PAD_PROBE_OK;
      },
      reinterpret_cast<gpointer>(probe), nullptr);
  gst_object_unref(peer);
  gst_object_unref(pad);
}

TEST_P(TrainSinkTest, ResumesFromASourceThatSeeksNotOrLate) {
  ASSERT_TRUE(Pipeline(line("max-steps=5")).run());
  const double expected = logged_loss(5);
  for (const auto probe : {+[] { return GST_PAD_PROBE_DROP; },
                           +[] {
                             g_usleep(150000);  // steps are taken meanwhile
                             return GST_PAD_PROBE_OK;
                           }}) {
    fs::remove_all(run_);
    ASSERT_TRUE(Pipeline(line("max-steps=2")).run());
    Pipeline pipeline(line("max-steps=5 resume=true"));
    on_seek(pipeline, probe);
    EXPECT_TRUE(pipeline.run());
    EXPECT_THAT(logged(), ElementsAre(1, 2, 3, 4, 5));
    EXPECT_EQ(logged_loss(5), expected);
  }
}

class VideoTrainSinkTest : public TrainSinkTest {};

TEST_P(VideoTrainSinkTest, CountsOnBehindItsOwnSeekWhereImagesHaveNoNumber) {
  // videotestsrc seeks by frame but does not number its images.
  const std::string frames = "videotestsrc pattern=ball ! video/x-raw,width=64,height=64 ! ";
  ASSERT_TRUE(Pipeline(frames + trainer("max-steps=3")).run());
  const double expected = logged_loss(3);
  fs::remove_all(run_);
  ASSERT_TRUE(Pipeline(frames + trainer("max-steps=2")).run());
  ASSERT_TRUE(Pipeline(frames + trainer("max-steps=3 resume=true")).run());
  EXPECT_EQ(logged_loss(3), expected);
}

TEST_P(TrainSinkTest, AFinishedTrainingEndsAtOnce) {
  ASSERT_TRUE(Pipeline(line("max-steps=2")).run());
  Pipeline again(line("max-steps=2 resume=true"));
  EXPECT_TRUE(again.run());
  EXPECT_THAT(logged(), ElementsAre(1, 2));
}

TEST_P(TrainSinkTest, StoppingSavesWhatWasTrained) {
  for (int round = 0; round < 4; ++round) {
    fs::remove_all(run_);
    Pipeline pipeline(line("checkpoint-interval=1000"));
    gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
    ASSERT_TRUE(pipeline.wait_for_message("svg-train-stats"));
    g_usleep(static_cast<gulong>(round) * 60000);
    pipeline.stop();
    for (const PostedError& error : pipeline.errors())
      ADD_FAILURE() << error.source << ": " << error.text << "\n" << error.debug;
    EXPECT_TRUE(fs::exists(run_ / "lock"));
    EXPECT_NE(fs::directory_iterator(run_), fs::directory_iterator());
    const auto steps = logged();
    ASSERT_FALSE(steps.empty());
    char name[32];
    std::snprintf(name, sizeof name, "step-%08lld", static_cast<long long>(steps.back()));
    EXPECT_TRUE(fs::exists(run_ / name)) << name;
  }
}

TEST_P(TrainSinkTest, RefusesAFolderInUse) {
  Pipeline first(line());
  gst_element_set_state(first.get(), GST_STATE_PLAYING);
  ASSERT_TRUE(first.wait_for_message("svg-train-stats"));
  EXPECT_THAT(first_error(line()), HasSubstr("another trainer uses this checkpoint folder"));
  first.stop();
}

TEST_P(TrainSinkTest, DrawsPicturesAtIntervals) {
  EXPECT_TRUE(Pipeline(line("max-steps=2 sample-interval=2")).run());
  EXPECT_TRUE(fs::exists(run_ / "loss.png"));
  EXPECT_TRUE(fs::exists(run_ / "samples-00000002.png"));
}

TEST_P(TrainSinkTest, ANumberThatIsNotFiniteIsAnErrorWithTheImages) {
  const std::string error = first_error(
      line(std::string("initialize=model ema-decay=0 max-steps=400 ") + GetParam().diverging));
  EXPECT_THAT(error, HasSubstr("not finite"));
  EXPECT_THAT(error, HasSubstr("images "));
}

// Returns latents from the sampler of `engine`, or its decoder's picture of an arbitrary latent.
Tensor made_by(Engine& engine, bool sampler) {
  const Grid grid = engine.card().grid;
  if (sampler) {
    SampleRequest request;
    request.seed = 1;
    request.indices = request.classes = {0, 1};
    request.options.steps = 2;
    return engine.sampler().sample(request);
  }
  Tensor latent = Tensor::empty(DType::kFloat32, {1, grid.cells(), kLatent});
  normal_noise(1, 0, 0, {latent.data_as<float>(), static_cast<size_t>(latent.element_count())});
  return engine.decoder().decode(latent, grid, true);
}

class FollowTest : public TrainSinkTest {};

TEST_P(FollowTest, WhoFollowsHasTheWeightsThatAreSaved) {
  const bool sampler = GetParam().name == std::string("diffusion");
  const auto engine = Engine::open({.model = "mini", .follow_training = true});
  const auto follower =
      TrainingFollower::create(engine, sampler ? ModelPart::kDiffusion : ModelPart::kDecoder);
  EXPECT_TRUE(follower->update());
  const Tensor before = made_by(*engine, sampler);
  EXPECT_TRUE(Pipeline(line("max-steps=2 ema-decay=0.5")).run());
  EXPECT_TRUE(follower->update());
  const Tensor after = made_by(*engine, sampler);
  const auto saved = Engine::open({.model = (run_ / "step-00000002").string()});
  EXPECT_EQ(largest_difference(after, made_by(*saved, sampler)), 0);
  EXPECT_GT(largest_difference(after, before), 0);
}

TEST_P(TrainSinkTest, AWrongCheckpointIsAnError) {
  ASSERT_TRUE(Pipeline(line("max-steps=1")).run());
  EXPECT_THAT(first_error(line("max-steps=2 resume=true seed=5")), HasSubstr("another training"));
  EXPECT_THAT(first_error(line("checkpoint=/proc/none")), HasSubstr("checkpoint folder"));
}

constexpr Phase kEncoder{"encoder",
                         "svgtrainencoder prototypes=16 head-width=16 head-bottleneck=8 "
                         "local-views=1 clip-norm=0",
                         "learning-rate=10 weight-decay=1e15"};
constexpr Phase kAutoencoder{"autoencoder", "svgtrainautoencoder discriminator-weight=0"};
constexpr Phase kDiffusion{"diffusion", "svgtraindiffusion"};
const auto kNameOf = [](const auto& tested) { return std::string(tested.param.name); };

INSTANTIATE_TEST_SUITE_P(Phases, TrainSinkTest,
                         ::testing::Values(kEncoder, kAutoencoder, kDiffusion), kNameOf);
INSTANTIATE_TEST_SUITE_P(Phases, VideoTrainSinkTest, ::testing::Values(kEncoder, kAutoencoder),
                         kNameOf);
INSTANTIATE_TEST_SUITE_P(Phases, FollowTest, ::testing::Values(kAutoencoder, kDiffusion), kNameOf);

}  // namespace
}  // namespace svgen::gst::testing
