# SPDX-License-Identifier: MIT
"""Runs one pipeline that makes pictures while somebody watches, and changes its settings."""

import contextlib
import dataclasses
import json
import pathlib
import threading
import time
import urllib.parse

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402  (after the version)

from previews import Previews, png_url  # noqa: E402

PIPELINE = ("svgdiffuse name=source is-live=true ! svgdecode ! videoconvert ! pngenc ! "
            "appsink name=sink sync=false max-buffers=1 drop=true emit-signals=true")
PREVIEWS = 5  # of a picture, about
RANGES = {"steps": (1, 50), "seed": (0, 2**53 - 1), "pace": (1, 20)}  # JavaScript's integers


class Refused(Exception):
    """A request that cannot be met; the text says why."""


def number(key, text):
    low, high = RANGES[key]
    digits = text.isascii() and text.isdigit() and len(text) <= len(str(high))
    if not digits or not low <= int(text) <= high:
        raise Refused(f"{key}: expected a number from {low} to {high}, found {text!r}")
    return int(text)


def class_names(text, known):
    """Splits names at commas; a name may hold commas itself."""
    chosen, parts = [], text.split(",")
    while parts:
        lengths = (n for n in range(len(parts), 0, -1) if ",".join(parts[:n]) in known)
        length = next(lengths, None)
        if length is None:
            raise Refused(f"classes: the model knows {', '.join(known)}, not {parts[0]!r}")
        chosen.append(",".join(parts[:length]))
        parts = parts[length:]
    return tuple(chosen)


def told_apart(names):
    """Names of which no two are the same: those that come twice get their numbers."""
    return [f"{name} ({n})" if names.count(name) > 1 else name for n, name in enumerate(names)]


@dataclasses.dataclass(frozen=True)
class Settings:
    classes: tuple  # of names
    steps: int
    seed: int = 0
    pace: int = 4  # pictures a second

    def changed(self, query, known):
        """The settings with the values that the query of a URL gives."""
        changes = {}
        for key, text in urllib.parse.parse_qsl(query, keep_blank_values=True):
            if key in changes:
                raise Refused(f"{key} is given twice")
            if key != "classes" and key not in RANGES:
                raise Refused(f"there are classes, {', '.join(RANGES)}, but no {key!r}")
            changes[key] = class_names(text, known) if key == "classes" else number(key, text)
        return dataclasses.replace(self, **changes)


class Studio:
    """Runs the pipeline. Viewers wait for `news`: only the newest picture, or the failure after it,
    is kept as `latest`, and the newest preview of the picture that comes next."""

    def __init__(self, model):
        self.control = threading.Lock()  # over the pipeline; its own threads never take it
        self.news = threading.Condition()
        self.latest, self.events, self.closed, self.viewers = [], 0, False, 0
        self.shown, self.stands_until = -1, 0  # the latest picture's index, and until when it stands
        self.pipeline = Gst.parse_launch(PIPELINE)
        self.source = self.pipeline.get_by_name("source")
        self.source.set_property("model", model)
        self.pipeline.get_by_name("sink").connect("new-sample", self.on_sample)
        self.pipeline.get_bus().set_sync_handler(self.on_message)
        self.previews = Previews(model, self.on_preview, self.on_message)
        if self.pipeline.set_state(Gst.State.READY) == Gst.StateChangeReturn.FAILURE:
            raise Refused(self.latest[0]["words"])
        card = json.loads(pathlib.Path(
            self.source.get_property("model-stats").get_string("card")).read_text("utf-8"))
        self.model = card["name"]
        self.classes = told_apart(
            card.get("classes") or [str(n) for n in range(card["diffusion"]["classes"])])
        steps = card.get("sampling", {}).get("steps", 25)
        self.settings = Settings(tuple(self.classes), min(steps, RANGES["steps"][1]))
        self.apply("")

    def apply(self, query):
        """Starts anew, from picture 0, with the changed settings. The model stays loaded."""
        with self.control:
            settings = self.settings.changed(query, self.classes)
            self.set_state(Gst.State.READY)
            self.settings, self.shown, self.stands_until = settings, -1, 0
            self.previews.start()
            numbers = [str(self.classes.index(name)) for name in self.settings.classes]
            self.source.set_property("classes", ",".join(numbers))
            self.source.set_property("steps", self.settings.steps)
            self.source.set_property("preview-interval", max(1, self.settings.steps // PREVIEWS))
            self.source.set_property("seed", self.settings.seed)
            self.source.set_property("framerate", Gst.Fraction(self.settings.pace, 1))
            if self.viewers:
                self.set_state(Gst.State.PLAYING)

    def set_state(self, state):
        if not self.closed:
            self.pipeline.set_state(state)

    def on_sample(self, sink):
        buffer = sink.emit("pull-sample").get_buffer()
        facts = buffer.get_custom_meta("SvgBatchMeta").get_structure()
        index = facts.get_value("index")[0]
        event = self.event("picture", png_url(buffer), index, facts.get_value("class")[0])
        with self.news:
            self.shown, self.stands_until = index, time.monotonic() + 1 / self.settings.pace
            self.publish(event)
        return Gst.FlowReturn.OK

    def on_message(self, bus, message):
        # Takes the message before out of the queue: one that were dropped here, Python would keep.
        bus.pop()
        if message.type == Gst.MessageType.ERROR:
            error, details = message.parse_error()
            self.publish({"event": "failure", "words": f"{error.message}\n{details}"})
        elif message.has_name("svg-preview") and time.monotonic() >= self.stands_until:
            # As long as the pictures keep their pace each one stands until the next is there.
            facts = message.get_structure()
            self.previews.offer(facts.get_value("sample"), {
                "settings": self.settings,
                **{key: facts.get_value(key) for key in ("image-index", "step", "steps")}})
        return Gst.BusSyncReply.PASS

    def on_preview(self, image, facts):
        index, names = facts["image-index"], facts["settings"].classes
        label = self.classes.index(names[index % len(names)])
        event = self.event("preview", image, index, label, step=facts["step"], steps=facts["steps"])
        with self.news:
            # Its picture may have been quicker, and the settings may have changed meanwhile.
            if index > self.shown and facts["settings"] is self.settings:
                self.publish(event)

    def event(self, kind, image, index, label, **more):
        return {"event": kind, "image": image, "class": self.classes[label], "index": index,
                "viewers": self.viewers, "settings": dataclasses.asdict(self.settings), **more}

    def publish(self, event):
        with self.news:
            self.events += 1
            kept = self.latest if event["event"] == "preview" else []
            self.latest = [other for other in kept if other["event"] != "preview"]
            self.latest.append(dict(event, number=self.events))
            self.news.notify_all()

    @contextlib.contextmanager
    def viewer(self):
        """Counts a viewer while it is entered; pictures are made while there is one."""
        with self.control:
            self.viewers += 1
            self.set_state(Gst.State.PLAYING)
        try:
            yield
        finally:
            with self.control:
                self.viewers -= 1
                if not self.viewers:
                    self.set_state(Gst.State.PAUSED)

    def next_event(self, seen, seconds):
        """The first one behind number `seen`; None when time is up or all is over."""
        def unseen():
            return next((event for event in self.latest if event["number"] > seen), None)

        with self.news:
            self.news.wait_for(lambda: unseen() or self.closed, seconds)
            return None if self.closed else unseen()

    def close(self):
        with self.news:
            self.closed = True
            self.news.notify_all()
        with self.control:
            self.pipeline.set_state(Gst.State.NULL)
            self.previews.stop()
