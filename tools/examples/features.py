#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes semantic features of all pictures of a folder as one array for numpy.

usage: features.py [--force] FOLDER FEATURES.npy

FEATURES.npy is float32 of (images, tokens, channels); FEATURES.txt names the picture of each row.
Each picture is turned as its orientation tag says and cropped to the square in its middle. Needs
python3-gst-1.0 and python3-numpy.
"""

import argparse
import contextlib
import os
import pathlib
import re
import sys
import tempfile

import gi
import numpy

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402  (after the version)

SIZE = 64  # pixels of a side: what the embedded model was trained with
# A picture that cannot be read ends the run: left out, it would shift all rows behind it.
PIPELINE = (f"svgdatasetsrc name=pictures size={SIZE} strict=true ! svgencode features=semantic "
            "batch-size=16 ! appsink name=features sync=false")
ENDINGS = (".apng", ".bmp", ".dib", ".jfif", ".jif", ".jp2", ".jpe", ".jpeg", ".jpg", ".pbm", ".pgm",
           ".pjpeg", ".png", ".pnm", ".ppm", ".tif", ".tiff", ".webp")
UNREAD = (".avif", ".gif", ".heic", ".heif", ".jxl")


class Problem(Exception):
    pass


def pictures_of(folder):
    if not folder.is_dir():
        raise Problem(f"{folder} is no folder")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    found = [path for path in files if path.suffix.lower() in ENDINGS]
    left_out = sum(path.suffix.lower() in UNREAD for path in files)
    if left_out:
        print(f"features.py: {left_out} pictures are left out, which end in "
              f"{', '.join(UNREAD)}: convert them to PNG", file=sys.stderr)
    if not found:
        raise Problem(f"{folder} has no pictures, which are files that end in {', '.join(ENDINGS)}")
    return found


def array_of(sample):
    """(images, tokens, channels); caps write the innermost dimension first."""
    dimensions = re.search(r"dimensions=\(string\)([\d:]+)", sample.get_caps().to_string())[1]
    channels, tokens, images = (int(number) for number in dimensions.split(":"))
    buffer = sample.get_buffer()
    values = numpy.frombuffer(buffer.extract_dup(0, buffer.get_size()), numpy.float32)
    return values.reshape(images, tokens, channels)


def batches(pipeline):
    """Yields the arrays that come out of the appsink until the end of the stream."""
    sink, bus = pipeline.get_by_name("features"), pipeline.get_bus()
    pipeline.set_state(Gst.State.PLAYING)
    try:
        while not sink.get_property("eos"):
            # Waits for a limited time: after an error not even the end of the stream comes.
            sample = sink.emit("try-pull-sample", Gst.SECOND // 10)
            if sample:
                yield array_of(sample)
            failure = bus.pop_filtered(Gst.MessageType.ERROR)
            if failure:
                error, details = failure.parse_error()
                raise Problem(f"{error.message}\n{details}")
    finally:
        pipeline.set_state(Gst.State.NULL)


def line_of(path):
    """A line of a dataset's list: quoted, since a name may hold anything; -1: no label."""
    quoted = str(path.absolute()).replace('"', '""')
    return f'"{quoted}",-1\n'


@contextlib.contextmanager
def unfinished(path):
    """A name to write to that becomes `path` when all went well."""
    beside = path.with_name(f".{path.name}.unfinished")
    try:
        yield beside
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def save(features, names, out):
    with unfinished(out) as array, unfinished(out.with_suffix(".txt")) as listing:
        with open(array, "wb") as file:
            numpy.save(file, features)
        lines = [name.replace("\n", "\\n") + "\n" for name in names]
        listing.write_text("".join(lines), errors="surrogateescape")


def extract(folder, out, force):
    if out.suffix != ".npy" or not out.parent.is_dir():
        raise Problem(f"{out} is no name of a .npy file in an existing folder")
    for path in (out, out.with_suffix(".txt")):
        if path.exists() and not force:
            raise Problem(f"{path} is there already: name another file, or add --force")
    pictures = pictures_of(folder)
    pipeline = Gst.parse_launch(PIPELINE)
    with tempfile.NamedTemporaryFile("w", errors="surrogateescape") as listing:
        # A list rather than the folder, so that rows and names have the same order.
        listing.writelines(line_of(path) for path in pictures)
        listing.flush()
        pipeline.get_by_name("pictures").set_property("location", listing.name)
        features = numpy.concatenate(list(batches(pipeline)))
    save(features, [str(path.relative_to(folder)) for path in pictures], out)
    print(f"{len(pictures)} pictures: {features.shape} in {out}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--force", action="store_true", help="write over older files")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path, metavar="FEATURES.npy")
    arguments = parser.parse_args()
    Gst.init(None)
    try:
        extract(arguments.folder, arguments.out, arguments.force)
    except (Problem, OSError) as problem:
        print(f"features.py: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
