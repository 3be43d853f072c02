#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Streams between two processes: features over TCP with gdppay, generated video over RTP.

usage: network.py SCRATCH
"""

import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATIENCE = 60  # seconds


def launch(line, folder):
    return subprocess.Popen([ROOT / "tools/run", "gst-launch-1.0", "-q", *line.split()], cwd=folder)


def finished(process, what):
    if process.wait(PATIENCE) != 0:
        sys.exit(f"{what} ended with {process.returncode}")


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_server(port):
    """Waits until something listens there, without connecting to it."""
    wanted = f":{port:04X} 00000000:0000 0A"
    deadline = time.monotonic() + PATIENCE
    while wanted not in pathlib.Path("/proc/net/tcp").read_text():
        if time.monotonic() > deadline:
            sys.exit("nothing listens")
        time.sleep(0.05)


def features_over_tcp(folder):
    """Sends latents to another process, which decodes the same pictures as a local pipeline."""
    port = free_port(socket.SOCK_STREAM)
    source = "svgdiffuse classes=0-3 num-images=4 batch-size=2 steps=3 seed=1"
    receiver = launch(f"tcpserversrc host=127.0.0.1 port={port} ! gdpdepay ! svgdecode ! "
                      "video/x-raw,format=RGB ! filesink location=received.rgb", folder)
    wait_for_server(port)
    sender = launch(f"{source} ! gdppay ! tcpclientsink host=127.0.0.1 port={port}", folder)
    finished(sender, "the sender of latents")
    finished(receiver, "the receiver of latents")
    finished(launch(f"{source} ! svgdecode ! video/x-raw,format=RGB ! filesink location=local.rgb",
                    folder), "the local pipeline")
    sent, local = ((folder / name).read_bytes() for name in ("received.rgb", "local.rgb"))
    if len(local) != 4 * 3 * 64 * 64 or sent != local:
        sys.exit(f"{len(sent)} bytes came, {len(local)} were made here; they must be the same")


def video_over_rtp(folder):
    """Sends generated pictures as a live stream; some of them arrive, in their size."""
    port = free_port(socket.SOCK_DGRAM)
    caps = "application/x-rtp,media=video,encoding-name=VP8,clock-rate=90000,payload=96"
    receiver = launch(f"udpsrc address=127.0.0.1 port={port} timeout=0 num-buffers=60 ! {caps} ! "
                      "rtpvp8depay ! vp8dec ! videoconvert ! pngenc ! "
                      "multifilesink location=received-%03d.png", folder)
    time.sleep(1)  # datagrams sent before it listens are lost
    sender = launch("svggenerate is-live=true classes=all framerate=10/1 steps=1 guidance-scale=1 "
                    "num-images=90 ! videoconvert ! vp8enc deadline=1 keyframe-max-dist=5 ! "
                    f"rtpvp8pay ! udpsink host=127.0.0.1 port={port}", folder)
    finished(receiver, "the receiver of video")
    sender.terminate()
    sender.wait(PATIENCE)
    pictures = sorted(folder.glob("received-*.png"))
    if len(pictures) < 5:
        sys.exit(f"{len(pictures)} pictures came")
    width, height = struct.unpack(">II", pictures[-1].read_bytes()[16:24])
    if (width, height) != (64, 64):
        sys.exit(f"pictures of {width}x{height} came")


def main():
    scratch = pathlib.Path(sys.argv[-1])
    for test in (features_over_tcp, video_over_rtp):
        folder = scratch / test.__name__
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        test(folder)
        print(f"{test.__name__}: holds")


if __name__ == "__main__":
    main()
