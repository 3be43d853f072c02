# SPDX-License-Identifier: MIT
"""Decodes what pictures that are being made may become, in a pipeline beside the one that makes them."""

import base64

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402  (after the version)

# Of latents that come while others are decoded the newest one waits, those before it are dropped.
PIPELINE = ("appsrc name=latents format=time max-buffers=1 leaky-type=downstream ! "
            "svgdecode name=decoder ! videoconvert ! pngenc ! "
            "appsink name=sink sync=false max-buffers=1 drop=true emit-signals=true")


def png_url(buffer):
    """The bytes of a PNG file as an address that a page can show."""
    return "data:image/png;base64," + base64.b64encode(
        buffer.extract_dup(0, buffer.get_size())).decode()


class Previews:
    """Calls on_picture(image, facts) for what is offered, as far as the decoder keeps up."""

    def __init__(self, model, on_picture, on_message):
        self.on_picture, self.facts, self.offered = on_picture, {}, 0
        self.pipeline = Gst.parse_launch(PIPELINE)
        self.latents = self.pipeline.get_by_name("latents")
        self.pipeline.get_by_name("decoder").set_property("model", model)
        self.pipeline.get_by_name("sink").connect("new-sample", self.on_sample)
        self.pipeline.get_bus().set_sync_handler(on_message)

    def start(self):
        """Starts, also anew behind a failure. The weights are loaded by the first preview."""
        self.stop()
        self.facts.clear()
        self.pipeline.set_state(Gst.State.PLAYING)

    def stop(self):
        self.pipeline.set_state(Gst.State.NULL)

    def offer(self, sample, facts):
        """Takes a sample of a message svg-preview; never waits."""
        self.offered += 1
        self.facts[self.offered] = facts
        latents = sample.get_buffer()
        buffer = latents.copy_region(Gst.BufferCopyFlags.MEMORY, 0, latents.get_size())
        buffer.pts = self.offered  # by which the picture is known again
        self.latents.emit("push-sample", Gst.Sample.new(buffer, sample.get_caps(), None, None))

    def on_sample(self, sink):
        buffer = sink.emit("pull-sample").get_buffer()
        facts = self.facts.get(buffer.pts)
        for older in [number for number in list(self.facts) if number <= buffer.pts]:
            del self.facts[older]
        if facts:
            self.on_picture(png_url(buffer), facts)
        return Gst.FlowReturn.OK
