# SPDX-License-Identifier: MIT
"""The RTSP server among the examples, seen by two receivers at once."""

import socket
import subprocess
import unittest

from tests.tools import example_support, support

FRAME = 256 * 256 * 3
RECEIVE = ("gst-launch-1.0 -q rtspsrc location={} protocols=tcp latency=0 tcp-timeout=60000000 ! "
           "rtpvp8depay ! vp8dec ! videoconvert ! video/x-raw,format=RGB ! identity eos-after=6 ! "
           "filesink location={}")


class RtspServer(unittest.TestCase):
    """tools/examples/rtsp_server.c"""

    @classmethod
    def setUpClass(cls):
        cls.program = example_support.compiled(cls, "rtsp_server.c")

    def test_two_receivers_see_a_moving_stream(self):
        folder = support.scratch_folder(self)
        server = example_support.Server(self.addCleanup, self.program, "--port", "0", "--classes",
                                        "heart,tree", "--steps", "2")
        self.assertRegex(server.address, r"^rtsp://127\.0\.0\.1:\d+/svg$")
        receivers = {
            name: subprocess.Popen(RECEIVE.format(server.address, name).split(), cwd=folder)
            for name in ("first.rgb", "second.rgb")}
        for name, receiver in receivers.items():
            self.addCleanup(receiver.kill)
            self.assertEqual(receiver.wait(timeout=50), 0)
            data = (folder / name).read_bytes()
            frames = [data[at:at + FRAME] for at in range(0, len(data), FRAME)]
            self.assertGreaterEqual(len(frames), 5)
            self.assertEqual({len(frame) for frame in frames}, {FRAME})
            self.assertGreater(len(set(frames)), 3)
        self.assertEqual(server.stop(), (0, ""))

    def assert_refused(self, words, text, status):
        result = example_support.run(self.program, *words, timeout=50)
        self.assertEqual(result.returncode, status, result.stdout)
        self.assertIn(text, result.stdout)

    def test_mistakes(self):
        self.assert_refused(["--classes", "hart"], '"hart"', 1)
        self.assert_refused(["--steps", "0"], "--steps is 0, not in the range from 1", 2)
        self.assert_refused(["--pace", "many"], "many", 2)
        self.assert_refused(["--speed", "3"], "--speed", 2)
        self.assert_refused(["heart"], "heart is no option", 2)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            self.assert_refused(["--port", port], f"cannot listen at 127.0.0.1:{port}", 1)


if __name__ == "__main__":
    example_support.main(example_support.missing(
        libraries={"gstreamer-rtsp-server-1.0": "libgstrtspserver-1.0-dev"}))
