# SPDX-License-Identifier: MIT
"""The server of the page among the examples: its answers to requests, and to several viewers."""

import base64
import contextlib
import http.client
import json
import socket
import sys
import time
import unittest
import urllib.parse

from tests.tools import example_support, support

PROGRAM = [sys.executable, example_support.EXAMPLES / "web/server.py", "--port"]
PATIENCE = 50  # seconds
STUDIO = f"""
import collections, time
import previews
from studio import Gst, Studio

class Counting(Studio):
    messages = collections.Counter()

    def on_message(self, bus, message):
        facts = message.get_structure()
        if facts and facts.get_name().startswith("svg-"):
            self.messages[facts.get_name()] += 1
        return super().on_message(bus, message)

def events(studio, seen=0):
    while True:
        event = studio.next_event(seen, {PATIENCE})
        seen = event["number"]
        yield event

Gst.init(None)
"""
# Leaves in the middle of a picture, and comes back.
WITHOUT_VIEWERS = STUDIO + """
studio = Counting("mini")
studio.apply("steps=50&pace=20")
with studio.viewer():
    left = next(event for event in events(studio) if event["index"] > 0 and "step" in event)
time.sleep(0.3)  # the step at hand
before = studio.messages.copy()
time.sleep(2)
print(dict(studio.messages - before))
print(studio.messages["svg-preview"] > 0, len(list(iter(studio.pipeline.get_bus().pop, None))) < 5)
with studio.viewer():
    back = next(event for event in events(studio, studio.events) if "step" not in event)
print(back["index"] - left["index"] in (0, 1))  # 1: it was finished just then
studio.close()
"""
WITH_SLOW_PREVIEWS = STUDIO + """
previews.PIPELINE = previews.PIPELINE.replace("svgdecode", "identity sleep-time=2000000 ! svgdecode")
studio = Counting("mini")
studio.apply("steps=20&pace=20")
with studio.viewer():
    shown = 0
    for event in events(studio):
        shown += "step" in event
        if event["index"] == 4:
            break
print(shown < studio.previews.offered, studio.messages["svg-image"] >= 4)
studio.close()
"""


def distance(a, b):
    return sum(abs(x - y) for x, y in zip(a, b)) / len(a)


class Web(unittest.TestCase):
    """tools/examples/web"""

    def setUp(self):
        self.server = example_support.Server(self.addCleanup, *PROGRAM, "0")
        self.assertRegex(self.server.address, r"^http://127\.0\.0\.1:\d+/$")
        self.host = urllib.parse.urlsplit(self.server.address).netloc

    def connect(self, method, path):
        connection = http.client.HTTPConnection(self.host, timeout=PATIENCE)
        connection.request(method, path)
        return connection.getresponse()

    def ask(self, path, method="GET", status=200):
        with self.connect(method, path) as answer:
            text = answer.read().decode()
            self.assertEqual(answer.status, status, text)
            return text

    @contextlib.contextmanager
    def events(self):
        """All that one viewer is sent, as it comes."""
        with self.connect("GET", "/events") as answer:
            self.assertEqual(answer.headers["Content-Type"], "text/event-stream; charset=utf-8")
            yield (json.loads(line.removeprefix(b"data: ")) for line in answer
                   if line.startswith(b"data: "))

    @contextlib.contextmanager
    def viewer(self):
        """The finished pictures of it."""
        with self.events() as events:
            yield (event for event in events if event["event"] == "picture")

    def png(self, event):
        kind, picture = event["image"].split(",")
        self.assertEqual(kind, "data:image/png;base64")
        data = base64.b64decode(picture)
        self.assertTrue(data.startswith(b"\x89PNG"))
        return data

    def run_script(self, script):
        path = f"PYTHONPATH={example_support.EXAMPLES / 'web'}"
        result = example_support.run("env", path, sys.executable, "-c", script, timeout=2 * PATIENCE)
        self.assertEqual(result.returncode, 0, result.stdout)
        return result.stdout.splitlines()

    def test_the_page_and_what_it_asks_for(self):
        self.assertIn("<canvas", self.ask("/"))
        model = json.loads(self.ask("/model"))
        self.assertEqual((model["name"], model["classes"][6], len(model["classes"])),
                         ("mini", "heart", 16))
        self.assertEqual(json.loads(self.ask("/settings")),
                         {"classes": model["classes"], "steps": 10, "seed": 0, "pace": 4})

    def test_all_viewers_see_the_same_stream(self):
        self.ask("/settings?classes=heart,tree&steps=2&seed=7&pace=20", "POST")
        with self.viewer() as first, self.viewer() as second:
            event, other = next(first), next(second)
            while event["index"] != other["index"]:
                if event["index"] < other["index"]:
                    event = next(first)
                else:
                    other = next(second)
        self.assertEqual(event["image"], other["image"])
        self.assertEqual(event["class"], ("heart", "tree")[event["index"] % 2])
        self.assertEqual(event["settings"]["seed"], 7)
        self.png(event)

    def test_previews_come_before_their_picture_and_nearer_to_it(self):
        self.ask("/settings?classes=heart,tree&steps=50&pace=20", "POST")
        previews = []
        with self.events() as events:
            for event in events:
                if event["event"] == "picture" and event["index"] > 0 and len(previews) > 1:
                    break
                previews = [*previews, event] if event["event"] == "preview" else []
        self.assertEqual({preview["index"] for preview in previews}, {event["index"]})
        self.assertEqual({preview["class"] for preview in previews}, {event["class"]})
        steps = [preview["step"] for preview in previews]
        self.assertEqual(steps, sorted(set(steps) & {10, 20, 30, 40}))
        self.assertEqual({preview["steps"] for preview in previews}, {50})
        early, late, picture = map(self.pixels, (previews[0], previews[-1], event))
        self.assertGreater(distance(early, picture), distance(late, picture))
        self.assertGreater(distance(late, picture), 0)

    def pixels(self, event):
        path = support.scratch_folder(self) / "picture.png"
        path.write_bytes(self.png(event))
        return example_support.pixels_of_png(path)

    def test_pictures_that_keep_their_pace_stand_until_the_next(self):
        self.ask("/settings?steps=3&pace=1", "POST")
        kinds = []
        with self.events() as events:
            while len(kinds) < 4:
                kinds.append(next(events)["event"])
        self.assertEqual(kinds[kinds.index("picture"):], ["picture"] * kinds.count("picture"))
        self.assertGreater(kinds.count("picture"), 1)

    def test_settings_change_what_is_shown(self):
        with self.viewer() as events:
            self.assertEqual(len(next(events)["settings"]["classes"]), 16)
            self.ask("/settings?classes=car&steps=1", "POST")
            for event in events:
                if event["settings"]["classes"] == ["car"]:
                    break
            self.assertEqual((event["class"], next(events)["class"]), ("car", "car"))

    def test_who_does_not_read_delays_nobody(self):
        self.ask("/settings?steps=1&pace=20", "POST")
        address = urllib.parse.urlsplit(self.server.address)
        with socket.create_connection((address.hostname, address.port)) as idle:
            idle.sendall(b"GET /events HTTP/1.0\r\n\r\n")
            with self.viewer() as events:
                indices = [event["index"] for event, _ in zip(events, range(40))]
        self.assertEqual(indices, sorted(set(indices)))

    def test_nothing_is_made_for_nobody(self):
        self.assertEqual(self.run_script(WITHOUT_VIEWERS), ["{}", "True True", "True"])

    def test_a_slow_decoder_drops_previews(self):
        self.assertEqual(self.run_script(WITH_SLOW_PREVIEWS), ["True True"])

    def test_who_leaves_ends_the_work(self):
        self.ask("/settings?steps=1&pace=20", "POST")
        with self.viewer() as events:
            left = next(events)["index"]
        time.sleep(3)
        with self.viewer() as events:
            self.assertLess(next(events)["index"], left + 30)

    def test_who_leaves_is_not_counted(self):
        self.ask("/settings?steps=1&pace=20", "POST")
        for _ in range(3):
            with self.viewer() as events:
                next(events)
        with self.viewer() as events:
            for event in events:
                if event["viewers"] == 1:
                    break

    def test_mistakes_are_refused_in_words_and_change_nothing(self):
        before = self.ask("/settings")
        for query, text in {
                "steps=many": "steps: expected a number from 1 to 50, found 'many'",
                "steps=0": "found '0'", "steps=": "found ''", "seed=-1": "found '-1'",
                "seed=99999999999999999999": "from 0 to 9007199254740991",
                "steps=" + "9" * 5000: "from 1 to 50", "pace=1.5": "found '1.5'",
                "pace=%F0%9F%98%80": "pace", "classes=": "not ''",
                "classes=heart,hart": "not 'hart'",
                "speed=3": "no 'speed'", "steps=5&steps=6": "steps is given twice"}.items():
            self.assertIn(text, self.ask(f"/settings?{query}", "POST", 400))
        self.assertEqual(self.ask("/settings"), before)
        self.assertIn("/events", self.ask("/nosuch", status=404))
        self.assertIn("/settings", self.ask("/events", "POST", status=404))

    def test_an_interrupt_ends_it_while_somebody_looks_on(self):
        with self.viewer() as events:
            next(events)
            self.assertEqual(self.server.stop(), (0, "the end\n"))
            list(events)  # it ends

    def test_what_keeps_it_from_starting(self):
        port = self.host.partition(":")[2]
        for words, text in {(port,): "in use", ("70000",): "port must be 0-65535",
                            ("0", "--model", "nosuch"): "nosuch", ("many",): "invalid int"}.items():
            result = example_support.run(*PROGRAM, *words, timeout=PATIENCE)
            self.assertNotEqual(result.returncode, 0)
            self.assertIn(text, result.stdout)
            self.assertNotIn("Traceback", result.stdout)


if __name__ == "__main__":
    example_support.main(example_support.missing(modules={"gi": "python3-gst-1.0"}))
