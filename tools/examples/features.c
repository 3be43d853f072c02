/* SPDX-License-Identifier: MIT
 * Prints semantic features of a picture or video, which an appsink hands over batch by batch.
 *
 *   cc features.c $(pkg-config --cflags --libs gstreamer-app-1.0) -o features
 *   ./features FILE
 */
#include <gst/app/gstappsink.h>
#include <gst/gst.h>
#include <stdio.h>

/* Reads the shape that caps write innermost dimension first, as "CHANNELS:TOKENS:IMAGES". */
static gboolean read_shape(GstCaps *caps, guint shape[3]) {
  const gchar *text = gst_structure_get_string(gst_caps_get_structure(caps, 0), "dimensions");
  return text != NULL && sscanf(text, "%u:%u:%u", &shape[0], &shape[1], &shape[2]) == 3;
}

/* Prints the first channels of each image's features, averaged over its tokens. */
static gboolean print_batch(GstSample *sample, guint *image) {
  guint shape[3];
  GstMapInfo map;
  GstBuffer *buffer = gst_sample_get_buffer(sample);
  if (!read_shape(gst_sample_get_caps(sample), shape)) return FALSE;
  if (!gst_buffer_map(buffer, &map, GST_MAP_READ)) return FALSE;
  const gsize channels = shape[0], tokens = shape[1];
  gboolean fits = map.size == shape[2] * tokens * channels * sizeof(gfloat);
  for (guint n = 0; fits && n < shape[2]; ++n) {
    const gfloat *features = (const gfloat *)map.data + n * tokens * channels;
    printf("image %u, %u tokens of %u channels:", (*image)++, shape[1], shape[0]);
    for (gsize c = 0; c < 4 && c < channels; ++c) {
      gdouble sum = 0;
      for (gsize t = 0; t < tokens; ++t) sum += features[t * channels + c];
      printf(" %.4f", sum / (gdouble)tokens);
    }
    printf(" ...\n");
  }
  gst_buffer_unmap(buffer, &map);
  return fits;
}

/* Returns FALSE, and prints why, when an element has failed. */
static gboolean is_well(GstElement *pipeline) {
  GstBus *bus = gst_element_get_bus(pipeline);
  GstMessage *message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
  gst_object_unref(bus);
  if (message == NULL) return TRUE;
  GError *error = NULL;
  gchar *details = NULL;
  gst_message_parse_error(message, &error, &details);
  fprintf(stderr, "%s\n%s\n", error->message, details != NULL ? details : "");
  g_error_free(error);
  g_free(details);
  gst_message_unref(message);
  return FALSE;
}

int main(int argc, char **argv) {
  gst_init(&argc, &argv);
  if (argc != 2) {
    fprintf(stderr, "usage: features FILE\n");
    return 2;
  }
  GError *error = NULL;
  GstElement *pipeline = gst_parse_launch(
      /* Only video is decoded, so a file without any is an error; videoflip turns it upright. */
      "filesrc name=file ! decodebin expose-all-streams=false caps=\"video/x-raw(ANY)\" ! "
      "videoconvert ! deinterlace ! videoflip video-direction=auto ! videoscale ! "
      "svgencode features=semantic batch-size=4 ! appsink name=features sync=false",
      &error);
  if (error != NULL) {
    fprintf(stderr, "%s\n", error->message);
    g_error_free(error);
    return 1;
  }
  GstElement *file = gst_bin_get_by_name(GST_BIN(pipeline), "file");
  GstElement *sink = gst_bin_get_by_name(GST_BIN(pipeline), "features");
  g_object_set(file, "location", argv[1], NULL);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);

  guint images = 0;
  gboolean fine = TRUE;
  /* Waits for a limited time: after an error not even the end of the stream comes. */
  while (fine && !gst_app_sink_is_eos(GST_APP_SINK(sink))) {
    GstSample *sample = gst_app_sink_try_pull_sample(GST_APP_SINK(sink), GST_SECOND / 10);
    if (sample != NULL) {
      fine = print_batch(sample, &images);
      gst_sample_unref(sample);
    }
    fine = is_well(pipeline) && fine;
  }
  if (fine && images == 0) fprintf(stderr, "features: no picture could be decoded of %s\n", argv[1]);
  fine = fine && images > 0;
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(file);
  gst_object_unref(sink);
  gst_object_unref(pipeline);
  return fine ? 0 : 1;
}
