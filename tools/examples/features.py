#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Semantic features of all pictures of a folder as one array for numpy.

usage: features.py FOLDER FEATURES.npy

FEATURES.npy is float32 of (images, tokens, channels); FEATURES.txt names the picture of each row.
Of a picture the square in the middle is taken. Needs python3-gst-1.0 and python3-numpy.
"""

import pathlib
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
ENDINGS = (".bmp", ".jp2", ".jpeg", ".jpg", ".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff",
           ".webp")


class Problem(Exception):
    pass


def pictures_of(folder):
    if not folder.is_dir():
        raise Problem(f"{folder} is no folder")
    found = sorted(path for path in folder.rglob("*")
                   if path.is_file() and path.suffix.lower() in ENDINGS)
    if not found:
        raise Problem(f"{folder} has no pictures, which are files that end in {', '.join(ENDINGS)}")
    return found


def array_of(sample):
    """(images, tokens, channels); caps write the innermost dimension first."""
    dimensions = sample.get_caps().get_structure(0).get_string("dimensions")
    channels, tokens, images = (int(number) for number in dimensions.split(":"))
    buffer = sample.get_buffer()
    values = numpy.frombuffer(buffer.extract_dup(0, buffer.get_size()), numpy.float32)
    return values.reshape(images, tokens, channels)


def batches(pipeline):
    """What comes out of the appsink until the end of the stream."""
    sink, bus = pipeline.get_by_name("features"), pipeline.get_bus()
    pipeline.set_state(Gst.State.PLAYING)
    try:
        while not sink.get_property("eos"):
            # With a time limit: after an error nothing more comes, not even the end.
            sample = sink.emit("try-pull-sample", Gst.SECOND // 10)
            if sample:
                yield array_of(sample)
            failure = bus.pop_filtered(Gst.MessageType.ERROR)
            if failure:
                error, details = failure.parse_error()
                raise Problem(f"{error.message}\n{details}")
    finally:
        pipeline.set_state(Gst.State.NULL)


def extract(folder, out):
    if out.suffix != ".npy" or not out.parent.is_dir():
        raise Problem(f"{out} is no name of a .npy file in an existing folder")
    pictures = pictures_of(folder)
    pipeline = Gst.parse_launch(PIPELINE)
    with tempfile.NamedTemporaryFile("w", errors="surrogateescape") as listing:
        # A list, not the folder: rows and names are then in one order. -1: no label.
        listing.writelines(f"{path.absolute()} -1\n" for path in pictures)
        listing.flush()
        pipeline.get_by_name("pictures").set_property("location", listing.name)
        features = numpy.concatenate(list(batches(pipeline)))
    numpy.save(out, features)
    names = [f"{path.relative_to(folder)}\n" for path in pictures]
    out.with_suffix(".txt").write_text("".join(names), errors="surrogateescape")
    print(f"{len(names)} pictures: {features.shape} in {out}")


def main():
    if len(sys.argv) != 3:
        print("usage: features.py FOLDER FEATURES.npy", file=sys.stderr)
        return 2
    Gst.init(None)
    try:
        extract(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
    except (Problem, OSError) as problem:
        print(f"features.py: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
