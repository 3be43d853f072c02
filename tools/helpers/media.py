# SPDX-License-Identifier: MIT
"""Reads what pipelines write and writes what they read, with the standard library and stock GStreamer
elements only."""

import array
import json
import math
import os
import re
import shlex
import struct
import subprocess
import sys
import tempfile


def read_safetensors(path):
    """{name: (dtype, shape, bytes)} of a safetensors file."""
    with open(path, "rb") as file:
        (header_size,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(header_size))
        data = file.read()
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        tensors[name] = (entry["dtype"], entry["shape"], data[begin:end])
    return tensors


def write_safetensors(path, tensors):
    """Writes {name: (dtype, shape, bytes)}."""
    header, offset = {}, 0
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # tensors begin at a multiple of 8 bytes
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, _, data in tensors.values():
            file.write(data)


def floats(data):
    """Little-endian float32 bytes as an array."""
    values = array.array("f")
    values.frombytes(data)
    if sys.byteorder == "big":
        values.byteswap()
    return values


def psnr(first, second):
    """In decibels, of two byte strings of 8-bit samples of one length."""
    if len(first) != len(second) or not first:
        raise ValueError(f"{len(first)} samples against {len(second)}")
    error = sum((a - b) * (a - b) for a, b in zip(first, second)) / len(first)
    return math.inf if error == 0 else 10 * math.log10(255 * 255 / error)


def _source(path):
    reader = "gdpdepay" if str(path).endswith(".gdp") else "decodebin"
    return ["filesrc", f"location={path}", "!", reader, "!"]


def _launch(*words):
    environment = dict(os.environ, LC_ALL="C")
    environment.pop("GST_DEBUG", None)
    result = subprocess.run(["gst-launch-1.0", *words], env=environment, text=True, timeout=120,
                            stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if result.returncode != 0:
        raise ValueError(f"cannot read back: {shlex.join(words)}\n{result.stdout}{result.stderr}")
    return result.stdout


def probe(path):
    """(number of buffers, list of caps texts) of a media file or a .gdp stream."""
    output = _launch("-v", *_source(path), "fakesink", "name=probe", "silent=false", "sync=false")
    buffers = len(re.findall(r"probe: last-message = chain ", output))
    return buffers, re.findall(r"probe\.GstPad:sink: caps = (.*)", output)


def pixels(path):
    """All frames of a picture or video as RGB bytes (rows padded to 4 bytes)."""
    with tempfile.TemporaryDirectory() as folder:
        raw = os.path.join(folder, "pixels.rgb")
        _launch("-q", *_source(path), "videoconvert", "!", "video/x-raw,format=RGB", "!",
                "filesink", f"location={raw}")
        with open(raw, "rb") as file:
            return file.read()
