#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A web page that shows generated pictures as they are made, to any number of viewers at once.

    tools/examples/web/server.py --port 8000         then open http://127.0.0.1:8000/

Each viewer is served by a thread of its own that takes the newest picture when it is ready for one:
a slow viewer loses pictures and delays nobody. Pictures that take longer than their pace allows are
shown as previews meanwhile. Nothing is computed for nobody. Needs python3-gst-1.0.
"""

import argparse
import dataclasses
import http.server
import json
import pathlib
import signal
import sys

from studio import GLib, Gst, Refused, Studio

PAGE = pathlib.Path(__file__).with_name("index.html")
QUIET_SECONDS = 1  # of silence, after which a viewer is asked whether it is still there


class Handler(http.server.BaseHTTPRequestHandler):
    timeout = 30  # seconds that a viewer may take to accept what it is sent

    def do_GET(self):
        path = self.path.partition("?")[0]
        if path == "/":
            self.answer(200, PAGE.read_bytes(), "text/html")
        elif path == "/model":
            self.answer_json({"name": self.studio.model, "classes": self.studio.classes})
        elif path == "/settings":
            self.answer_settings()
        elif path == "/events":
            self.stream()
        else:
            self.answer_words(404, "here are /, /model, /settings and /events")

    def do_POST(self):
        path, _, query = self.path.partition("?")
        if path != "/settings":
            self.answer_words(404, "only /settings can be changed")
            return
        try:
            self.studio.apply(query)
            self.answer_settings()
        except Refused as problem:
            self.answer_words(400, problem)

    def stream(self):
        """Sends server-sent events, https://html.spec.whatwg.org/#server-sent-events."""
        self.start(200, "text/event-stream")
        seen = 0
        with self.studio.viewer():
            while not self.studio.closed:
                event = self.studio.next_event(seen, QUIET_SECONDS)
                seen = event["number"] if event else seen
                line = f"data: {json.dumps(event)}" if event else ": still there?"
                self.wfile.write(f"{line}\n\n".encode())

    def start(self, status, kind):
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()

    def answer(self, status, body, kind):
        self.start(status, kind)
        self.wfile.write(body)

    def answer_words(self, status, words):
        self.answer(status, f"{words}\n".encode(), "text/plain")

    def answer_json(self, value):
        self.answer(200, json.dumps(value).encode(), "application/json")

    def answer_settings(self):
        self.answer_json(dataclasses.asdict(self.studio.settings))

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):  # a viewer that left is no error
            super().handle_error(request, client_address)


def serve(arguments):
    Handler.studio = Studio(arguments.model)
    try:
        with Server((arguments.address, arguments.port), Handler) as server:
            print(f"http://{arguments.address}:{server.server_port}/", flush=True)
            server.serve_forever()
    except KeyboardInterrupt:
        print("the end")
    finally:
        Handler.studio.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--address", default="127.0.0.1", help="where to listen (%(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="0: one that is free (%(default)s)")
    parser.add_argument("--model", default="mini", help="card, folder or name (%(default)s)")
    Gst.init(None)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        serve(parser.parse_args())
    except (Refused, GLib.Error, OSError, OverflowError) as problem:
        sys.exit(f"server.py: {problem}")


if __name__ == "__main__":
    main()
