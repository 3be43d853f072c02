# SPDX-License-Identifier: MIT
"""The server of the page among the examples: its answers to requests, and to several viewers."""

import base64
import contextlib
import http.client
import json
import socket
import sys
import unittest
import urllib.parse

from tests.tools import example_support

PROGRAM = [sys.executable, example_support.EXAMPLES / "web/server.py", "--port"]
PATIENCE = 50  # seconds
WITHOUT_VIEWERS = f"""
import time
from studio import Gst, Studio
Gst.init(None)
studio = Studio("mini")
made = lambda: studio.source.get_property("model-stats").get_uint64("images-sampled").value
with studio.viewer():
    studio.next_event(None, {PATIENCE})
before = made()
time.sleep(2)
print(made() - before)
studio.close()
"""


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
    def viewer(self):
        """The pictures that one viewer is sent, as they come."""
        with self.connect("GET", "/events") as answer:
            self.assertEqual(answer.headers["Content-Type"], "text/event-stream; charset=utf-8")
            yield (json.loads(line.removeprefix(b"data: ")) for line in answer
                   if line.startswith(b"data: "))

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
        kind, picture = event["image"].split(",")
        self.assertEqual(kind, "data:image/png;base64")
        self.assertTrue(base64.b64decode(picture).startswith(b"\x89PNG"))

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
        path = f"PYTHONPATH={example_support.EXAMPLES / 'web'}"
        result = example_support.run("env", path, sys.executable, "-c", WITHOUT_VIEWERS,
                                     timeout=PATIENCE)
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertLessEqual(int(result.stdout), 1)  # the one that was being made

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
