// SPDX-License-Identifier: MIT
// svgdatasetsrc: class folders or a list of pictures, cropped for training.
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "data/image_list.h"
#include "data/picture_array.h"
#include "svgen/crop.h"
#include "svgen/error.h"
#include "svgtrain/elements.h"
#include "svgtrain/enums.h"
#include "svgtrain/image_reader.h"
#include "svgtrain/ordered_settings.h"
#include "svgtrain/picture_source.h"

namespace svgen::gst {
namespace {

struct DatasetSettings : PictureSettings, OrderedSettings {
  DatasetSettings() { size = 256; }

  std::string location;
  Crop crop = Crop::kCenter;
  ReadOptions reading;
  bool flip = false;
  bool strict = false;
};

// Holds what the worker threads share: pictures in files of their own, or all in one.
struct Dataset {
  Dataset(ImageList list, bool shuffle, uint64_t seed)
      : images(std::move(list)), order(images.size(), shuffle, seed) {}
  Dataset(PictureArray pictures, const std::string& location, bool shuffle, uint64_t seed)
      : array(std::move(pictures)), file(location), order(array->size(), shuffle, seed) {}

  int64_t size() const { return array ? array->size() : images.size(); }
  int64_t label(int64_t item) const { return array ? array->label(item) : images.label(item); }
  std::string name(int64_t item) const {
    return array ? file + ", picture " + std::to_string(item) : images.path(item).string();
  }

  ImageList images;
  std::optional<PictureArray> array;
  std::string file;  // of the array
  DataOrder order;
};

MadeFrame read_frame(const DatasetSettings& s, const Dataset& data, int64_t index,
                     const DataOrder::Place& place) {
  std::string note;
  Picture read;
  if (!data.array) read = read_image(data.images.path(place.item), s.reading, &note);
  const ImageView picture = data.array ? data.array->picture(place.item) : read.view();
  const Variation how = variation(s.seed, place.epoch, place.item);
  const ImageFacts facts{.index = index, .label = data.label(place.item), .seed = s.seed};
  BufferPtr frame = new_frame(s.size, facts, [&](MutableImageView view) {
    if (s.flip && how.flip) view = mirrored(view);
    if (s.crop == Crop::kCenter)
      center_crop(picture, view);
    else
      random_crop(picture, how, view);
  });
  return {index, std::move(frame), note};
}

class DatasetSource : public PictureSource<DatasetSource, DatasetSettings> {
 public:
  static constexpr const char* kTypeName = "GstSvgDatasetSrc";
  static constexpr const char* kFactory = "svgdatasetsrc";
  static constexpr const char* kLongName = "SVG dataset source";
  static constexpr const char* kClassification = "Source/Video";
  static constexpr const char* kDescription =
      "Reads labelled pictures from class folders or a list, cropped, in a seeded order";

  using PictureSource::PictureSource;

  static std::vector<Property<DatasetSource>> properties() {
    using S = DatasetSettings;
    return joined(
        joined(picture_properties<DatasetSource>(), ordered_properties<DatasetSource>()),
        {field<DatasetSource>(
             &S::location,
             {.name = "location",
              .blurb = "Folder whose subfolders, in order of their names, are the classes; or a "
                       "list file, a line \"path label\" for each picture; or an .npz archive of "
                       "pictures, as evaluations publish them"}),
         field<DatasetSource>(&S::crop,
                              {.name = "crop", .blurb = "Which square of a picture is taken"}),
         option_field<DatasetSource>(
             &S::reading, &ReadOptions::orientation,
             {.name = "orientation", .blurb = "What becomes of EXIF orientation tags"}),
         option_field<DatasetSource>(&S::reading, &ReadOptions::alpha,
                                     {.name = "alpha", .blurb = "What becomes of transparency"}),
         option_field<DatasetSource>(
             &S::reading, &ReadOptions::max_pixels,
             {.name = "max-pixels",
              .blurb = "Pictures of more pixels are not read (three bytes of memory each)",
              .low = 1}),
         field<DatasetSource>(&S::flip, {.name = "flip", .blurb = "Mirror half of the pictures"}),
         field<DatasetSource>(&S::strict,
                              {.name = "strict",
                               .blurb = "A picture that cannot be read is an error; else it is "
                                        "reported once and left out"})});
  }

  static void class_init(GstPushSrcClass* klass) { install_source(klass, kSourceCaps); }

  int64_t available() {
    const DatasetSettings s = settings();
    if (s.location.empty()) {
      throw ConfigurationError("svgdatasetsrc has nothing to read: set location",
                               {.expected = "a folder of class folders or a list file",
                                .found = "nothing",
                                .where = "property location"});
    }
    if (is_picture_array(s.location)) {
      data_ = std::make_shared<Dataset>(PictureArray(s.location), s.location, s.shuffle, s.seed);
    } else {
      ImageList images = ImageList::read(s.location);
      report_left_out(images);
      data_ = std::make_shared<Dataset>(std::move(images), s.shuffle, s.seed);
    }
    reported_.clear();
    noted_ = false;
    last_skipped_ = -1;
    in_a_row_ = 0;
    return s.OrderedSettings::available(data_->size());
  }

  std::vector<std::string> class_names() const {
    return data_ ? data_->images.classes() : std::vector<std::string>();
  }

  std::function<MadeFrame(int64_t)> maker() {
    return [s = settings(), data = data_](int64_t index) {
      const DataOrder::Place place = data->order.at(index);
      try {
        return read_frame(s, *data, index, place);
      } catch (const Error& error) {
        // No picture can be read without the decoder: that is no matter of this one.
        if (s.strict || error.kind() == ErrorKind::kDevice) throw;
        return MadeFrame{index, nullptr, error.report()};
      }
    };
  }

  // Reports a picture once, however many epochs there are; ends a stream that is nothing else.
  void skipped(const MadeFrame& frame) {
    const int64_t item = data_->order.at(frame.index).item;
    if (reported_.insert(item).second) {
      warn(element(), GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ,
           "A picture is left out because it cannot be read: " + data_->name(item), frame.problem);
    }
    in_a_row_ = last_skipped_ + numbers().step() == frame.index ? in_a_row_ + 1 : 1;
    last_skipped_ = frame.index;
    if (in_a_row_ >= data_->size()) {
      throw IoError("no picture of the dataset can be read",
                    {.expected = "pictures", .found = frame.problem, .where = settings().location});
    }
  }

  // Says once for all of them what was chosen.
  void noted(const MadeFrame& frame) {
    if (std::exchange(noted_, true)) return;
    const std::string file = data_->name(data_->order.at(frame.index).item);
    warn(element(), GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT,
         "A file is " + frame.problem + " (said once): " + file, frame.problem);
  }

 private:
  void report_left_out(const ImageList& images) {
    const std::string left_out = images.left_out();
    if (left_out.empty()) return;
    warn(element(), GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ,
         "Pictures of kinds that are not read are left out, convert them to PNG or JPEG: " +
             left_out,
         settings().location);
  }

  std::shared_ptr<const Dataset> data_;
  std::set<int64_t> reported_;
  bool noted_ = false;
  int64_t last_skipped_ = -1, in_a_row_ = 0;
};

}  // namespace

bool register_dataset_source(GstPlugin* plugin) {
  return Glue<DatasetSource>::register_with(plugin);
}

}  // namespace svgen::gst
