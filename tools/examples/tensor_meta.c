/* SPDX-License-Identifier: MIT
 * Prints what each picture of a file carries in its GstTensorMeta: names, shapes, types and SHA-256.
 *
 *   cc tensor_meta.c $(pkg-config --cflags --libs gstreamer-app-1.0 gstreamer-analytics-1.0)
 *     -o tensor_meta
 *   ./tensor_meta FILE
 *
 * Needs GStreamer 1.26 or newer, and svgen built with it.
 */
#include <gst/analytics/analytics.h>
#include <gst/app/gstappsink.h>
#include <gst/gst.h>
#include <stdio.h>

static const gchar *type_name(GstTensorDataType type) {
  switch (type) {
    case GST_TENSOR_DATA_TYPE_FLOAT32: return "float32";
    case GST_TENSOR_DATA_TYPE_FLOAT16: return "float16";
    case GST_TENSOR_DATA_TYPE_BFLOAT16: return "bfloat16";
    default: return "of another type";
  }
}

/* Prints one tensor. Its numbers lie in a buffer of their own, the last dimension innermost. */
static gboolean print_tensor(const GstTensor *tensor) {
  GstMapInfo map;
  if (tensor->layout != GST_TENSOR_LAYOUT_CONTIGUOUS ||
      tensor->dims_order != GST_TENSOR_DIM_ORDER_ROW_MAJOR)
    return FALSE;
  if (!gst_buffer_map(tensor->data, &map, GST_MAP_READ)) return FALSE;
  gchar *digest = g_compute_checksum_for_data(G_CHECKSUM_SHA256, map.data, map.size);
  printf("  %s [", g_quark_to_string(tensor->id));
  for (gsize i = 0; i < tensor->num_dims; ++i)
    printf("%s%" G_GSIZE_FORMAT, i == 0 ? "" : ", ", tensor->dims[i]);
  printf("] %s %s\n", type_name(tensor->data_type), digest);
  g_free(digest);
  gst_buffer_unmap(tensor->data, &map);
  return TRUE;
}

/* Prints the time of a picture, then its tensors. The picture itself is in the buffer as usual. */
static gboolean print_picture(GstBuffer *picture) {
  GstTensorMeta *meta = gst_buffer_get_tensor_meta(picture);
  if (meta == NULL) return FALSE;
  printf("%" GST_TIME_FORMAT "\n", GST_TIME_ARGS(GST_BUFFER_PTS(picture)));
  gboolean fine = TRUE;
  for (gsize i = 0; fine && i < meta->num_tensors; ++i)
    fine = print_tensor(gst_tensor_meta_get(meta, i));
  return fine;
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
  fprintf(stderr, "tensor_meta: %s\n%s\n", error->message, details != NULL ? details : "");
  g_error_free(error);
  g_free(details);
  gst_message_unref(message);
  return FALSE;
}

int main(int argc, char **argv) {
  gst_init(&argc, &argv);
  if (argc != 2) {
    fprintf(stderr, "usage: tensor_meta FILE\n");
    return 2;
  }
  GError *error = NULL;
  /* Batches only make it faster: the pictures leave one by one. Read the meta where it is made: in
   * GStreamer 1.26 a converter behind svgencode drops it with the picture that it copies. */
  GstElement *pipeline = gst_parse_launch(
      "filesrc name=file ! decodebin expose-all-streams=false caps=\"video/x-raw(ANY)\" ! "
      "videoconvert ! videoscale ! svgencode tensor-meta=true batch-size=4 ! "
      "appsink name=pictures sync=false",
      &error);
  if (error != NULL) {
    fprintf(stderr, "tensor_meta: %s\n", error->message);
    g_error_free(error);
    return 1;
  }
  GstElement *file = gst_bin_get_by_name(GST_BIN(pipeline), "file");
  GstElement *sink = gst_bin_get_by_name(GST_BIN(pipeline), "pictures");
  g_object_set(file, "location", argv[1], NULL);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);

  gboolean fine = TRUE;
  /* Waits for a limited time: after an error not even the end of the stream comes. */
  while (fine && !gst_app_sink_is_eos(GST_APP_SINK(sink))) {
    GstSample *sample = gst_app_sink_try_pull_sample(GST_APP_SINK(sink), GST_SECOND / 10);
    if (sample != NULL) {
      fine = print_picture(gst_sample_get_buffer(sample));
      if (!fine) fprintf(stderr, "tensor_meta: a picture without tensors that this program reads\n");
      gst_sample_unref(sample);
    }
    fine = is_well(pipeline) && fine;
  }
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(file);
  gst_object_unref(sink);
  gst_object_unref(pipeline);
  return fine ? 0 : 1;
}
