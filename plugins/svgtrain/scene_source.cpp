// SPDX-License-Identifier: MIT
// svgscenesrc: the procedural labelled dataset.
#include "scenes/scene.h"
#include "svgen/class_list.h"
#include "svgtrain/elements.h"
#include "svgtrain/enums.h"
#include "svgtrain/picture_source.h"

namespace svgen::gst {
namespace {

struct SceneSettings : PictureSettings {
  SceneSettings() { size = 64; }

  std::string classes = "random";
  Backgrounds backgrounds = Backgrounds::kVaried;
  double textures = 0, pieces = 0;
  uint64_t seed = 0;
};

class SceneSource : public PictureSource<SceneSource, SceneSettings> {
 public:
  static constexpr const char* kTypeName = "GstSvgSceneSrc";
  static constexpr const char* kFactory = "svgscenesrc";
  static constexpr const char* kLongName = "SVG scene source";
  static constexpr const char* kClassification = "Source/Video";
  static constexpr const char* kDescription =
      "Draws a labelled dataset of shaded objects; an image depends on its seed and index alone";

  using PictureSource::PictureSource;

  static std::vector<Property<SceneSource>> properties() {
    using S = SceneSettings;
    return joined(
        picture_properties<SceneSource>(),
        {field<SceneSource>(
             &S::classes,
             {.name = "classes",
              .blurb = "Classes of the images, in turn: numbers, ranges or names such as "
                       "\"0,3\", \"0-9\", \"ball,car\"; \"all\"; \"random\" (by seed and index)"}),
         field<SceneSource>(&S::backgrounds,
                            {.name = "backgrounds", .blurb = "What lies behind the objects"}),
         field<SceneSource>(&S::textures,
                            {.name = "textures",
                             .blurb = "Share of images that are textures without an object (label "
                                      "-1)",
                             .low = 0,
                             .high = 1}),
         field<SceneSource>(&S::pieces,
                            {.name = "pieces",
                             .blurb = "Share of images whose object lies in pieces, in disorder "
                                      "(label 16, a class of its own)",
                             .low = 0,
                             .high = 1}),
         field<SceneSource>(&S::seed, {.name = "seed", .blurb = "Seed of the scenes"})});
  }

  static void class_init(GstPushSrcClass* klass) { install_source(klass, kSourceCaps); }

  int64_t available() {
    const std::vector<std::string>& names = scene_class_names();
    classes_ = ClassList::parse(settings().classes, static_cast<int64_t>(names.size()), names);
    return -1;
  }

  std::function<MadeFrame(int64_t)> maker() const {
    return [s = settings(), classes = classes_](int64_t index) {
      const auto image = static_cast<uint64_t>(index);
      const int64_t label =
          is_texture_scene(s.seed, image, s.textures) ? kTextureLabel : classes.at(s.seed, index);
      const bool in_pieces = label != kTextureLabel && is_scene_in_pieces(s.seed, image, s.pieces);
      const auto pieces_label = static_cast<int64_t>(scene_class_names().size());
      const ImageFacts facts{
          .index = index, .label = in_pieces ? pieces_label : label, .seed = s.seed};
      const auto render = in_pieces ? render_pieces : render_scene;
      return MadeFrame{index, new_frame(
                                  s.size, facts,
                                  [&](const MutableImageView& view) {
                                    render(s.seed, image, label, s.backgrounds, view);
                                  })};
    };
  }

  void skipped(const MadeFrame&) {}
  std::vector<std::string> class_names() const {
    std::vector<std::string> names = scene_class_names();
    if (settings().pieces > 0) names.emplace_back(kPiecesName);
    return names;
  }

 private:
  ClassList classes_;
};

}  // namespace

bool register_scene_source(GstPlugin* plugin) {
  return Glue<SceneSource>::register_with(plugin);
}

}  // namespace svgen::gst
