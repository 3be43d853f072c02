// SPDX-License-Identifier: MIT
// The glue between a C++ class and GObject: an element is a class, its vfuncs are its methods.
//
// A class `Impl` derives from ElementImpl<Settings> and has
//   using Base, BaseClass          the GStreamer base class, e.g. GstBaseTransform(Class)
//   static constexpr kTypeName, kFactory, kLongName, kClassification, kDescription
//   static GType parent_type()
//   static std::vector<Property<Impl>> properties()
//   static void class_init(BaseClass*)  pad templates, and vfuncs through trampoline<&Impl::m>
//   void open() / void close()          NULL->READY and READY->NULL
//   void prepare()                      READY->PAUSED, before the base class; optional
//   void pause() / void play()          PLAYING->PAUSED and back, before the base class; optional
//
// One run of an element posts one error, the first: base classes add that they could not start or
// that the stream stopped, and refused caps come again with every sticky event.
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <vector>

#include "common/errors.h"
#include "common/handles.h"
#include "common/properties.h"
#include "common/trampoline.h"

namespace svgen::gst {

/// Adds a pad template to an element class, for class_init.
inline void add_pad_template(gpointer klass, const char* name, GstPadDirection direction,
                             const char* caps_text, GstPadPresence presence = GST_PAD_ALWAYS,
                             GType pad_type = GST_TYPE_PAD) {
  const CapsPtr caps(gst_caps_from_string(caps_text));
  gst_element_class_add_pad_template(
      GST_ELEMENT_CLASS(klass),
      gst_pad_template_new_with_gtype(name, direction, presence, caps.get(), pad_type));
}

/// Gives every element class its GstElement and its settings behind the object lock.
template <typename SettingsType>
class ElementImpl {
 public:
  using Settings = SettingsType;

  explicit ElementImpl(gpointer element) : element_(GST_ELEMENT_CAST(element)) {}
  ElementImpl(const ElementImpl&) = delete;
  ElementImpl& operator=(const ElementImpl&) = delete;

  GstElement* element() const { return element_; }

  void prepare() {}
  void pause() {}
  void play() {}

  /// Returns true from the second call of a run on.
  bool failed_before() { return failed_.exchange(true); }
  bool has_failed() const { return failed_; }
  void begin_run() { failed_ = false; }

  /// Returns a snapshot; take one per buffer.
  Settings settings() const {
    GST_OBJECT_LOCK(element_);
    Settings copy = settings_;
    GST_OBJECT_UNLOCK(element_);
    return copy;
  }

  template <typename Change>
  void change_settings(Change change) {
    GST_OBJECT_LOCK(element_);
    change(settings_);
    GST_OBJECT_UNLOCK(element_);
  }

 private:
  GstElement* element_;
  Settings settings_;
  std::atomic<bool> failed_{false};
};

template <typename Impl>
class Glue {
 public:
  static GType type() {
    static const GType registered = [] {
      GTypeInfo info{};
      info.class_size = sizeof(typename Impl::BaseClass);
      info.class_init = [](gpointer klass, gpointer) { class_init(klass); };
      info.instance_size = sizeof(Instance<Impl>);
      info.instance_init = [](GTypeInstance* instance, gpointer) {
        reinterpret_cast<Instance<Impl>*>(instance)->impl = new Impl(instance);
      };
      return g_type_register_static(Impl::parent_type(), Impl::kTypeName, &info,
                                    static_cast<GTypeFlags>(0));
    }();
    return registered;
  }

  static bool register_with(GstPlugin* plugin) {
    return gst_element_register(plugin, Impl::kFactory, GST_RANK_NONE, type()) != FALSE;
  }

  /// Returns the base class's vfuncs, for chaining up.
  static typename Impl::BaseClass* parent() {
    return static_cast<typename Impl::BaseClass*>(parent_class_);
  }

 private:
  static void class_init(gpointer klass) {
    parent_class_ = g_type_class_peek_parent(klass);
    auto* object_class = G_OBJECT_CLASS(klass);
    object_class->set_property = set_property;
    object_class->get_property = get_property;
    object_class->finalize = finalize;
    properties() = Impl::properties();
    for (size_t i = 0; i < properties().size(); ++i) {
      g_object_class_install_property(object_class, static_cast<guint>(i + 1),
                                      properties()[i].spec());
    }
    auto* element_class = GST_ELEMENT_CLASS(klass);
    element_class->change_state = change_state;
    element_class->post_message = post_message;
    gst_element_class_set_static_metadata(element_class, Impl::kLongName, Impl::kClassification,
                                          Impl::kDescription, "The svgen authors");
    Impl::class_init(static_cast<typename Impl::BaseClass*>(klass));
  }

  static std::vector<Property<Impl>>& properties() {
    static std::vector<Property<Impl>> table;
    return table;
  }

  static void set_property(GObject* object, guint id, const GValue* value, GParamSpec*) {
    properties()[id - 1].set(*impl_of<Impl>(object), value);
  }

  static void get_property(GObject* object, guint id, GValue* value, GParamSpec*) {
    properties()[id - 1].get(*impl_of<Impl>(object), value);
  }

  static void finalize(GObject* object) {
    delete impl_of<Impl>(object);
    G_OBJECT_CLASS(parent_class_)->finalize(object);
  }

  static gboolean post_message(GstElement* element, GstMessage* message) {
    const bool is_error = GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR;
    if (is_error && impl_of<Impl>(element)->failed_before()) {
      gst_message_unref(message);
      return TRUE;
    }
    return GST_ELEMENT_CLASS(parent_class_)->post_message(element, message);
  }

  static GstStateChangeReturn change_state(GstElement* element, GstStateChange transition) {
    Impl& impl = *impl_of<Impl>(element);
    const bool opens = transition == GST_STATE_CHANGE_NULL_TO_READY;
    const bool prepares = transition == GST_STATE_CHANGE_READY_TO_PAUSED;
    if (opens || prepares) impl.begin_run();
    try {
      if (opens) impl.open();
      if (prepares) impl.prepare();
    } catch (...) {
      post_current_exception(element);
      if (opens) impl.close();
      return GST_STATE_CHANGE_FAILURE;
    }
    if (transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED) impl.pause();
    if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING) impl.play();
    const GstStateChangeReturn result =
        GST_ELEMENT_CLASS(parent_class_)->change_state(element, transition);
    const bool closes = transition == GST_STATE_CHANGE_READY_TO_NULL ||
                        (opens && result == GST_STATE_CHANGE_FAILURE);
    if (closes) impl.close();
    return result;
  }

  static inline gpointer parent_class_ = nullptr;
};

}  // namespace svgen::gst
