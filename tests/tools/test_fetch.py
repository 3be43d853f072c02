# SPDX-License-Identifier: MIT
"""svgen fetch against a server of this machine that breaks off, lies about sizes and sends other
bytes; svgen models."""

import hashlib
import http.server
import json
import threading
import unittest

from tests.tools import svgen_support

DATA = bytes(range(256)) * 4000


class Server(http.server.BaseHTTPRequestHandler):
    """Answers by the first part of the path: what a server may do wrong."""

    protocol_version = "HTTP/1.1"
    requests = []

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.answer(False)

    def do_GET(self):
        self.answer(True)

    def answer(self, sends):
        how = self.path.split("/")[1]
        self.requests.append((self.command, how, self.headers.get("Range")))
        if how == "refused":
            self.send_error(403)
            return
        start = int(self.headers.get("Range", "bytes=0-")[6:-1])
        ranged = "Range" in self.headers and how != "no-ranges"
        body = DATA[start:] if ranged else DATA
        if how == "other":
            body = body[:-1] + b"?"
        if how == "long":
            body = body + b"more"
        self.send_response(206 if ranged else 200)
        self.send_header("Content-Length", str(len(body)))
        if ranged:
            self.send_header("Content-Range", f"bytes {start}-{len(DATA) - 1}/{len(DATA)}")
        self.end_headers()
        if not sends:
            return
        if how == "breaks" and start < 3 * len(DATA) // 4:
            # A third of what is left, and the connection is gone.
            self.wfile.write(body[:len(body) // 3])
            self.wfile.flush()
            self.connection.close()
            self.close_connection = True
            return
        try:
            self.wfile.write(body)
        except ConnectionError:
            pass  # who asked has seen enough


class Fetch(svgen_support.Svgen):
    def setUp(self):
        super().setUp()
        Server.requests.clear()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.digest = hashlib.sha256(DATA).hexdigest()

    def card(self, how, **reference):
        address = f"http://127.0.0.1:{self.server.server_address[1]}/{how}/weights"
        reference = {"file": "weights.pt", "url": address, "bytes": len(DATA),
                     "sha256": self.digest, **reference}
        reference = {key: value for key, value in reference.items() if value is not None}
        (self.folder / "card.json").write_text(json.dumps(
            {"name": "small", "patch": 8, "grid": [4, 4], "license": "CC-BY-NC 4.0",
             "encoder": reference}))
        return "card.json"

    def fetch(self, how, *words, **reference):
        return self.run_svgen("fetch", self.card(how, **reference), "--into", "files", "--yes",
                              *words)

    def fetched(self):
        return (self.folder / "files/weights.pt").read_bytes()

    def test_gets_what_is_missing_and_says_the_licence(self):
        result = self.fetch("right")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn("NON-COMMERCIAL: CC-BY-NC 4.0", result.stdout)
        self.assertIn("1 MB", result.stdout)
        self.assertEqual(self.fetched(), DATA)
        self.assertEqual(self.files("files/*"), ["weights.pt"])

    def test_goes_on_where_the_connection_broke(self):
        result = self.fetch("breaks")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertEqual(self.fetched(), DATA)
        ranges = [found for command, _, found in Server.requests if command == "GET"]
        self.assertIsNone(ranges[0])
        self.assertGreater(len([found for found in ranges if found]), 1)

    def test_goes_on_with_what_an_earlier_run_left(self):
        (self.folder / "files").mkdir()
        (self.folder / "files/weights.pt.part").write_bytes(DATA[:5000])
        self.assertEqual(self.fetch("right").returncode, 0)
        self.assertEqual(self.fetched(), DATA)
        self.assertIn(("GET", "right", "bytes=5000-"), Server.requests)

    def test_starts_anew_where_a_server_cannot_go_on(self):
        (self.folder / "files").mkdir()
        (self.folder / "files/weights.pt.part").write_bytes(DATA[:5000])
        result = self.fetch("no-ranges")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertEqual(self.fetched(), DATA)

    def test_throws_other_bytes_away(self):
        result = self.fetch("other")
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn("other bytes", result.stdout)
        self.assertEqual(self.files("files/*"), [])

    def test_refuses_more_and_less_than_the_card_says(self):
        result = self.fetch("long")
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn("more than the file has", result.stdout)
        result = self.fetch("right", bytes=len(DATA) + 1)
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertEqual(self.files("files/*.pt"), [])

    def test_says_what_a_refusal_wants(self):
        result = self.fetch("refused", bytes=None)
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn("login", result.stdout)
        self.assertIn("403", result.stdout)

    def test_asks_before_it_fetches(self):
        result = self.run_svgen("fetch", self.card("right"), "--into", "files")
        self.assertEqual(result.returncode, 2, result.stdout)
        self.assertIn("--yes", result.stdout)
        self.assertEqual(Server.requests, [])

    def test_names_files_that_have_no_address(self):
        result = self.run_svgen("fetch", self.card("right", url=None), "--into", "files", "--yes")
        self.assertEqual(result.returncode, 2, result.stdout)
        self.assertIn("weights.pt", result.stdout)

    def test_models_shows_licences_and_files(self):
        out = self.output_of("models")
        rows = {line.split()[0]: line for line in out.splitlines()}
        self.assertIn("ready", rows["mini"])
        self.assertIn("NON-COMMERCIAL", rows["dit-xl-256"])
        self.assertNotIn("NON-COMMERCIAL", rows["sit-xl-256"])
        for name in ("lightningdit-xl-256", "rae-dinov2b-256", "rit-xl-256", "svg-siglip2b"):
            self.assertIn("missing", rows[name])
        found = {model["name"]: model for model in json.loads(self.output_of("models", "--json"))}
        self.assertTrue(found["dit-xl-256"]["non_commercial"])
        self.assertGreater(found["mini"]["memory_needed"], 1000000)


if __name__ == "__main__":
    unittest.main()
