/* SPDX-License-Identifier: MIT
 * Edits a video more and more, towards one class after the other, by control sources, which
 * gst-launch-1.0 cannot attach; writes its frames.
 *
 *   cc edit_over_time.c $(pkg-config --cflags --libs gstreamer-controller-1.0) -o edit_over_time
 *   ./edit_over_time --video FILE --seconds 4 --strength 0.8 FOLDER 6 12
 *
 * Classes are numbers. Without a video a ball moves over a test pattern.
 */
#include <errno.h>
#include <gst/controller/controller.h>
#include <gst/gst.h>
#include <stdio.h>

static gchar *video = NULL;
static gdouble seconds = 2, strength = 0.8;

static const GOptionEntry entries[] = {
    {"video", 0, 0, G_OPTION_ARG_FILENAME, &video, "What is edited (a test pattern)", "FILE"},
    {"seconds", 0, 0, G_OPTION_ARG_DOUBLE, &seconds, "Until it is edited most (2)", "N"},
    {"strength", 0, 0, G_OPTION_ARG_DOUBLE, &strength, "At that time, from 0 to 1 (0.8)", "S"},
    {NULL, 0, 0, 0, NULL, NULL, NULL}};

/* Only video is decoded, so a file without any is an error; videoflip turns it upright. */
#define FILE_FRAMES                                                                     \
  "filesrc name=file ! decodebin expose-all-streams=false caps=\"video/x-raw(ANY)\" ! " \
  "videoconvert ! deinterlace ! videoflip video-direction=auto"
#define TEST_FRAMES \
  "videotestsrc num-buffers=20 pattern=ball ! video/x-raw,width=64,height=64,framerate=10/1"
/* The same noise for all frames, so that only what is seen moves. */
#define EDIT                                                                        \
  " ! videoscale ! svgencode ! svgalign ! svgedit name=edit noise=fixed steps=5 ! " \
  "svgdecode ! videoconvert ! pngenc ! multifilesink name=frames"

static gboolean complain(GError *error) {
  fprintf(stderr, "edit_over_time: %s\n", error->message);
  g_error_free(error);
  return FALSE;
}

static gboolean refuse(const gchar *words) {
  return complain(g_error_new_literal(G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, words));
}

/* Writes the classes to `classes`, one for each word. */
static gboolean read_classes(char **words, gint64 *classes, guint count) {
  for (guint i = 0; i < count; ++i) {
    GError *error = NULL;
    if (!g_ascii_string_to_signed(words[i], 10, 0, 1000000, &classes[i], &error))
      return complain(error);
  }
  return TRUE;
}

static gboolean read_options(int *argc, char ***argv) {
  GError *error = NULL;
  GOptionContext *context = g_option_context_new("FOLDER CLASS... - a video, edited over time");
  g_option_context_add_main_entries(context, entries, NULL);
  g_option_context_add_group(context, gst_init_get_option_group());
  const gboolean parsed = g_option_context_parse(context, argc, argv, &error);
  g_option_context_free(context);
  if (!parsed) return complain(error);
  if (*argc < 3) return refuse("usage: edit_over_time FOLDER CLASS...");
  if (!(seconds > 0 && seconds < 1000000)) return refuse("--seconds must be from 0 to 1000000");
  if (!(strength >= 0 && strength <= 1)) return refuse("--strength must be from 0 to 1");
  return TRUE;
}

/* Lets a control source drive a property, in its own units ("absolute"). Values stand or go over
 * into each other, as `mode` says; the last one stays. */
static GstTimedValueControlSource *drive(GstElement *element, const gchar *property,
                                         GstInterpolationMode mode) {
  GstObject *object = GST_OBJECT(element);
  GstControlSource *source = gst_interpolation_control_source_new();
  g_object_set(source, "mode", mode, NULL);
  gst_object_add_control_binding(object,
                                 gst_direct_control_binding_new_absolute(object, property, source));
  gst_object_unref(source); /* the binding keeps it */
  return GST_TIMED_VALUE_CONTROL_SOURCE(source);
}

static void plan(GstElement *edit, const gint64 *classes, guint count) {
  const gdouble length = seconds * GST_SECOND;
  GstTimedValueControlSource *source = drive(edit, "strength", GST_INTERPOLATION_MODE_LINEAR);
  gst_timed_value_control_source_set(source, 0, 0);
  gst_timed_value_control_source_set(source, (GstClockTime)length, strength);
  source = drive(edit, "class", GST_INTERPOLATION_MODE_NONE);
  for (guint i = 0; i < count; ++i)
    gst_timed_value_control_source_set(source, (GstClockTime)(length * i / count),
                                       (gdouble)classes[i]);
}

static void set(GstElement *pipeline, const gchar *element, const gchar *property,
                const gchar *text) {
  GstElement *found = gst_bin_get_by_name(GST_BIN(pipeline), element);
  g_object_set(found, property, text, NULL);
  gst_object_unref(found);
}

/* Plays to the end; returns FALSE, and prints why, when an element fails. */
static gboolean play(GstElement *pipeline) {
  GstBus *bus = gst_element_get_bus(pipeline);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  GstMessage *message =
      gst_bus_timed_pop_filtered(bus, GST_CLOCK_TIME_NONE, GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
  gboolean fine = TRUE;
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
    GError *error = NULL;
    gchar *details = NULL;
    gst_message_parse_error(message, &error, &details);
    fprintf(stderr, "%s\n", details != NULL ? details : "");
    fine = complain(error);
    g_free(details);
  }
  gst_message_unref(message);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(bus);
  return fine;
}

/* The sink takes a percent sign for the number of a frame. */
static gchar *frame_names(const gchar *folder) {
  gchar **parts = g_strsplit(folder, "%", -1);
  gchar *escaped = g_strjoinv("%%", parts);
  gchar *names = g_build_filename(escaped, "frame-%05d.png", NULL);
  g_strfreev(parts);
  g_free(escaped);
  return names;
}

static gboolean edit(const gchar *folder, const gint64 *classes, guint count) {
  GError *error = NULL;
  GstElement *pipeline =
      gst_parse_launch(video != NULL ? FILE_FRAMES EDIT : TEST_FRAMES EDIT, &error);
  if (error != NULL) return complain(error);
  gchar *frames = frame_names(folder);
  set(pipeline, "frames", "location", frames);
  if (video != NULL) set(pipeline, "file", "location", video);
  GstElement *element = gst_bin_get_by_name(GST_BIN(pipeline), "edit");
  plan(element, classes, count);
  const gboolean fine = play(pipeline);
  gst_object_unref(element);
  gst_object_unref(pipeline);
  g_free(frames);
  return fine;
}

int main(int argc, char **argv) {
  if (!read_options(&argc, &argv)) return 2;
  const guint count = (guint)argc - 2;
  gint64 *classes = g_new(gint64, count);
  gboolean fine = read_classes(argv + 2, classes, count);
  if (fine && g_mkdir_with_parents(argv[1], 0777) != 0)
    fine = complain(g_error_new(G_FILE_ERROR, 0, "%s: %s", argv[1], g_strerror(errno)));
  fine = fine && edit(argv[1], classes, count);
  g_free(classes);
  g_free(video);
  return fine ? 0 : 1;
}
