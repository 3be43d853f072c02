/* SPDX-License-Identifier: MIT
 * Serves generated pictures as a live RTSP stream in VP8; all viewers see the same.
 *
 *   cc rtsp_server.c $(pkg-config --cflags --libs gstreamer-rtsp-server-1.0) -o rtsp_server
 *   ./rtsp_server --classes heart,tree --steps 10
 *   gst-play-1.0 rtsp://127.0.0.1:8554/svg
 */
#include <glib-unix.h>
#include <gst/rtsp-server/rtsp-server.h>
#include <stdio.h>

static gchar *address = NULL, *classes = NULL;
static gint port = 8554, steps = 10, pace = 5;

static const GOptionEntry entries[] = {
    {"address", 0, 0, G_OPTION_ARG_STRING, &address, "Where to listen (127.0.0.1)", "IP"},
    {"port", 0, 0, G_OPTION_ARG_INT, &port, "0: one that is free (8554)", "N"},
    {"classes", 0, 0, G_OPTION_ARG_STRING, &classes, "Names or numbers (all)", "LIST"},
    {"steps", 0, 0, G_OPTION_ARG_INT, &steps, "Steps of the solver (10)", "N"},
    {"pace", 0, 0, G_OPTION_ARG_INT, &pace, "Pictures a second (5)", "N"},
    {NULL, 0, 0, 0, NULL, NULL, NULL}};

static const struct {
  const gchar *name;
  const gint *value;
  gint low, high;
} ranges[] = {{"port", &port, 0, 65535}, {"steps", &steps, 1, 10000}, {"pace", &pace, 1, 100}};

static gboolean complain(GError *error) {
  fprintf(stderr, "rtsp_server: %s\n", error->message);
  g_error_free(error);
  return FALSE;
}

static gboolean read_options(int *argc, char ***argv) {
  GError *error = NULL;
  GOptionContext *context = g_option_context_new("- generated pictures by RTSP");
  g_option_context_add_main_entries(context, entries, NULL);
  g_option_context_add_group(context, gst_init_get_option_group());
  const gboolean parsed = g_option_context_parse(context, argc, argv, &error);
  g_option_context_free(context);
  if (!parsed) return complain(error);
  if (*argc > 1)
    return complain(g_error_new(G_OPTION_ERROR, 0, "%s is no option; see --help", (*argv)[1]));
  for (guint i = 0; i < G_N_ELEMENTS(ranges); ++i) {
    if (*ranges[i].value < ranges[i].low || *ranges[i].value > ranges[i].high)
      return complain(g_error_new(G_OPTION_ERROR, 0, "--%s is %d, not in the range from %d to %d",
                                  ranges[i].name, *ranges[i].value, ranges[i].low, ranges[i].high));
  }
  if (address == NULL) address = g_strdup("127.0.0.1");
  if (classes == NULL) classes = g_strdup("all");
  return TRUE;
}

/* Sets a property: text from the command line must not be parsed as part of the pipeline. */
static void set_classes(GstElement *bin) {
  GstElement *source = gst_bin_get_by_name(GST_BIN(bin), "source");
  g_object_set(source, "classes", classes, NULL);
  gst_object_unref(source);
}

/* A key frame every two seconds lets newcomers in. */
static gchar *launch_line(void) {
  return g_strdup_printf(
      "( svgdiffuse name=source is-live=true framerate=%d/1 steps=%d ! svgdecode ! videoscale ! "
      "video/x-raw,width=256,height=256 ! vp8enc deadline=1 keyframe-max-dist=%d "
      "target-bitrate=1000000 ! rtpvp8pay name=pay0 pt=96 )",
      pace, steps, 2 * pace);
}

/* Reports before anybody connects what would fail for every client. In PAUSED a live source has
 * started and makes no picture yet. */
static gboolean try_line(const gchar *line) {
  GError *error = NULL;
  GstElement *bin = gst_parse_launch(line, &error);
  if (error != NULL) return complain(error);
  GstBus *bus = gst_bus_new();
  gst_element_set_bus(bin, bus);
  set_classes(bin);
  const gboolean started = gst_element_set_state(bin, GST_STATE_PAUSED) != GST_STATE_CHANGE_FAILURE;
  GstMessage *message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
  if (message != NULL) {
    gchar *details = NULL;
    gst_message_parse_error(message, &error, &details);
    fprintf(stderr, "%s\n", details != NULL ? details : "");
    complain(error);
    g_free(details);
    gst_message_unref(message);
  }
  gst_element_set_state(bin, GST_STATE_NULL);
  gst_object_unref(bus);
  gst_object_unref(bin);
  return started;
}

static void configure(GstRTSPMediaFactory *factory G_GNUC_UNUSED, GstRTSPMedia *media,
                      gpointer data G_GNUC_UNUSED) {
  GstElement *bin = gst_rtsp_media_get_element(media);
  set_classes(bin);
  gst_object_unref(bin);
}

static gboolean forget_lost_clients(gpointer server) {
  GstRTSPSessionPool *pool = gst_rtsp_server_get_session_pool(server);
  gst_rtsp_session_pool_cleanup(pool);
  g_object_unref(pool);
  return G_SOURCE_CONTINUE;
}

static GstRTSPFilterResult all_clients(GstRTSPServer *server G_GNUC_UNUSED,
                                       GstRTSPClient *client G_GNUC_UNUSED,
                                       gpointer data G_GNUC_UNUSED) {
  return GST_RTSP_FILTER_REMOVE;
}

static gboolean serve(const gchar *line) {
  GMainLoop *loop = g_main_loop_new(NULL, FALSE);
  GstRTSPServer *server = gst_rtsp_server_new();
  GstRTSPMountPoints *mounts = gst_rtsp_server_get_mount_points(server);
  GstRTSPMediaFactory *factory = gst_rtsp_media_factory_new();
  gchar *service = g_strdup_printf("%d", port);
  gst_rtsp_media_factory_set_launch(factory, line);
  gst_rtsp_media_factory_set_shared(factory, TRUE); /* one pipeline for all clients */
  g_signal_connect(factory, "media-configure", G_CALLBACK(configure), NULL);
  gst_rtsp_mount_points_add_factory(mounts, "/svg", factory);
  gst_rtsp_server_set_address(server, address);
  gst_rtsp_server_set_service(server, service);
  const gboolean listening = gst_rtsp_server_attach(server, NULL) != 0;
  if (listening) {
    printf("rtsp://%s:%d/svg\n", address, gst_rtsp_server_get_bound_port(server));
    fflush(stdout);
    g_timeout_add_seconds(5, forget_lost_clients, server);
    g_unix_signal_add(SIGINT, G_SOURCE_FUNC(g_main_loop_quit), loop);
    g_unix_signal_add(SIGTERM, G_SOURCE_FUNC(g_main_loop_quit), loop);
    g_main_loop_run(loop);
  } else {
    fprintf(stderr, "rtsp_server: cannot listen at %s:%d\n", address, port);
  }
  g_free(service);
  g_object_unref(mounts);
  /* Clients are removed first: their threads may be in the middle of a picture. */
  gst_rtsp_server_client_filter(server, all_clients, NULL);
  g_object_unref(server);
  gst_rtsp_thread_pool_cleanup();
  g_main_loop_unref(loop);
  return listening;
}

int main(int argc, char **argv) {
  if (!read_options(&argc, &argv)) return 2;
  gchar *line = launch_line();
  const gboolean fine = try_line(line) && serve(line);
  g_free(line);
  g_free(address);
  g_free(classes);
  return fine ? 0 : 1;
}
