// SPDX-License-Identifier: MIT
// svggenerate: svgdiffuse ! svgdecode in one element, and images by URI for players.
#include <exception>

#include "common/element.h"
#include "common/model_client.h"
#include "common/video_frames.h"
#include "svg/diffuse_settings.h"
#include "svg/elements.h"
#include "svg/generate_uri.h"
#include "svgen/error.h"

namespace svgen::gst {
namespace {

struct GenerateSettings : DiffuseSettings {
  int64_t grid_columns = 0;
  std::string uri;  // as it was set last
};

class Generate : public ElementImpl<GenerateSettings> {
 public:
  using Base = GstBin;
  using BaseClass = GstBinClass;

  static constexpr const char* kTypeName = "GstSvgGenerate";
  static constexpr const char* kFactory = "svggenerate";
  static constexpr const char* kLongName = "SVG image generator";
  static constexpr const char* kClassification = "Source/Video";
  static constexpr const char* kDescription =
      "Generates class-conditional images: svgdiffuse and svgdecode in one, also for "
      "svg://MODEL?classes=1,2&n=16";

  explicit Generate(gpointer instance)
      : ElementImpl(instance),
        diffuse_(gst_element_factory_make("svgdiffuse", "diffuse")),
        decode_(gst_element_factory_make("svgdecode", "decode")) {
    gst_bin_add_many(GST_BIN_CAST(element()), diffuse_, decode_, nullptr);
    gst_element_link(diffuse_, decode_);
    const PadPtr last(gst_element_get_static_pad(decode_, "src"));
    GstPadTemplate* pads =
        gst_element_class_get_pad_template(GST_ELEMENT_GET_CLASS(element()), "src");
    gst_element_add_pad(element(), gst_ghost_pad_new_from_template("src", last.get(), pads));
    GST_OBJECT_FLAG_SET(element(), GST_ELEMENT_FLAG_SOURCE);
  }

  static GType parent_type() { return GST_TYPE_BIN; }

  // Lists the properties of the two children, which keep them; the table gives their descriptions.
  static std::vector<Property<Generate>> properties() {
    std::vector<Property<Generate>> all =
        joined(joined(model_properties<Generate>(), diffuse_properties<Generate>()),
               {field<Generate>(&GenerateSettings::grid_columns,
                                {.name = "grid-columns",
                                 .blurb = "Pictures in a row of a contact sheet of each batch; 0: "
                                          "one frame per image",
                                 .low = 0,
                                 .high = 256})});
    for (Property<Generate>& property : all) {
      const std::string name = name_of(property);
      if (property.set)
        property.set = [name](Generate& self, const GValue* value) { self.forward(name, value); };
      property.get = [name](Generate& self, GValue* value) { self.ask(name, value); };
    }
    all.push_back({[] {
                     return g_param_spec_string(
                         "uri", "uri",
                         "svg://MODEL?KEY=VALUE&...; keys are properties, n, cfg, batch", nullptr,
                         property_flags(Mutable::kReady));
                   },
                   [](Generate& self, const GValue* value) {
                     self.set_uri_later(text_or_empty(g_value_get_string(value)));
                   },
                   [](Generate& self, GValue* value) {
                     ValueTraits<std::string>::set(value, self.settings().uri);
                   }});
    return all;
  }

  static void class_init(GstBinClass* klass) {
    add_pad_template(klass, "src", GST_PAD_SRC, kModelVideoCaps, GST_PAD_ALWAYS,
                     GST_TYPE_GHOST_PAD);
  }

  void open() {
    if (refused_) std::rethrow_exception(refused_);
  }
  void close() {}
  StructurePtr model_statistics() const { return {}; }  // the children answer

  /// ConfigurationError when it is none, or while images are made.
  void set_uri(const std::string& uri) {
    if (GST_STATE(element()) > GST_STATE_READY)
      throw ConfigurationError("the URI changes between runs: stop the element first",
                               {.expected = "NULL or READY",
                                .found = gst_element_state_get_name(GST_STATE(element())),
                                .where = "uri"});
    for (const auto& [property, text] : parse_uri(uri))
      set_from_text(G_OBJECT(element()), property, text);
    change_settings([&](GenerateSettings& s) { s.uri = uri; });
    refused_ = nullptr;
  }

 private:
  static std::string name_of(const Property<Generate>& property) {
    GParamSpec* spec = g_param_spec_ref_sink(property.spec());
    const std::string name = spec->name;
    g_param_spec_unref(spec);
    return name;
  }

  // A property cannot refuse its value: the start does, with words.
  void set_uri_later(const std::string& uri) {
    refused_ = nullptr;
    try {
      if (!uri.empty()) set_uri(uri);
    } catch (...) {
      refused_ = std::current_exception();
    }
  }

  static bool has(GstElement* child, const std::string& name) {
    return g_object_class_find_property(G_OBJECT_GET_CLASS(child), name.c_str()) != nullptr;
  }

  // Values that both have (the model, where it runs, whether latents are normalised) must be one.
  void forward(const std::string& name, const GValue* value) {
    for (GstElement* child : {diffuse_, decode_})
      if (has(child, name)) g_object_set_property(G_OBJECT(child), name.c_str(), value);
  }

  void ask(const std::string& name, GValue* value) {
    GstElement* child = has(diffuse_, name) ? diffuse_ : decode_;
    g_object_get_property(G_OBJECT(child), name.c_str(), value);
  }

  GstElement *diffuse_, *decode_;  // the bin's
  std::exception_ptr refused_;     // why the last URI was not taken
};

void init_uri_handler(gpointer interface, gpointer) {
  auto* handler = static_cast<GstURIHandlerInterface*>(interface);
  handler->get_type = [](GType) { return GST_URI_SRC; };
  handler->get_protocols = [](GType) -> const gchar* const* {
    static const gchar* const protocols[] = {kUriScheme, nullptr};
    return protocols;
  };
  handler->get_uri = [](GstURIHandler* self) -> gchar* {
    const std::string uri = impl_of<Generate>(self)->settings().uri;
    return uri.empty() ? nullptr : g_strdup(uri.c_str());
  };
  handler->set_uri = [](GstURIHandler* self, const gchar* uri, GError** error) -> gboolean {
    try {
      impl_of<Generate>(self)->set_uri(uri);
      return TRUE;
    } catch (const Error& failure) {
      g_set_error_literal(error, GST_URI_ERROR, GST_URI_ERROR_BAD_URI, failure.report().c_str());
    } catch (const std::exception& failure) {
      g_set_error_literal(error, GST_URI_ERROR, GST_URI_ERROR_BAD_URI, failure.what());
    }
    return FALSE;
  };
}

}  // namespace

bool register_generate(GstPlugin* plugin) {
  static const GInterfaceInfo handler = {init_uri_handler, nullptr, nullptr};
  if (!g_type_is_a(Glue<Generate>::type(), GST_TYPE_URI_HANDLER))
    g_type_add_interface_static(Glue<Generate>::type(), GST_TYPE_URI_HANDLER, &handler);
  return Glue<Generate>::register_with(plugin);
}

}  // namespace svgen::gst
