# SPDX-License-Identifier: MIT
"""The words of `# expect:` lines: each checks one run of a pipeline in its folder.

    eos                          ran to its end without an error message
    error SOURCE TEXT            failed; the element SOURCE (or `link`) says a line with TEXT
    output TEXT                  TEXT is printed
    files GLOB COUNT             so many files
    size FILE BYTES              of so many bytes
    picture GLOB WIDTHxHEIGHT    pictures of this size
    frames FILE COUNT            so many frames (of a .gdp stream: buffers)
    caps FILE TEXT               the caps in the file contain TEXT
    contrast GLOB MIN            standard deviation of the samples, 0 to 127
    distinct GLOB                no two files alike
    same FILE FILE               identical bytes
    repeats GLOB                 the second run writes the same bytes as the first
    psnr FILE FILE MIN           decibels between two pictures or videos
    floats FILE COUNT            so many float32 values, finite and not all equal
    tensors FILE NAME...         a safetensors file holds these, finite
"""

import dataclasses
import glob
import hashlib
import math
import os
import re
import statistics

from tools.helpers import media


@dataclasses.dataclass
class Run:
    folder: str
    output: str           # stdout and stderr together
    status: int           # exit status of the launch line
    earlier: dict         # {file: digest} of the first run, in the second; None in the first

    def path(self, name):
        return os.path.join(self.folder, name)

    def matching(self, pattern):
        found = sorted(glob.glob(self.path(pattern)))
        require(found, f"no file matches {pattern}")
        return found


class Unmet(Exception):
    """An expectation that does not hold; the text says what was found."""


def require(condition, text):
    if not condition:
        raise Unmet(text)


def contents(path):
    require(os.path.exists(path), f"no file {os.path.basename(path)}")
    with open(path, "rb") as file:
        return file.read()


def digest(path):
    return hashlib.sha256(contents(path)).hexdigest()


def check_eos(run):
    require(run.status == 0, f"exit status {run.status}")
    require("ERROR: from element" not in run.output, "an error message was printed")


def check_error(run, source, *text):
    require(run.status != 0, "no error: exit status 0")
    require(run.status > 0 and not 128 < run.status < 160, f"killed: status {run.status}")
    wanted = " ".join(text)
    if source == "link":
        found = re.findall(r"erroneous pipeline: (.*)", run.output)
    else:
        found = re.findall(rf"ERROR: from element \S*:{source}\d*: (.*)", run.output)
    require(any(wanted in line for line in found), f"errors of {source}: {found}")


def check_output(run, *text):
    require(" ".join(text) in run.output, "not printed")


def check_files(run, pattern, count):
    found = glob.glob(run.path(pattern))
    require(len(found) == int(count), f"{len(found)} files")


def check_size(run, name, size):
    found = len(contents(run.path(name)))
    require(found == int(size), f"{found} bytes")


def check_picture(run, pattern, size):
    width, height = size.split("x")
    for path in run.matching(pattern):
        frames, caps = media.probe(path)
        require(frames == 1, f"{path}: {frames} frames")
        for field in (f"width=(int){width},", f"height=(int){height},"):
            require(field in caps[-1], f"{path}: {caps[-1]}")


def check_frames(run, name, count):
    found, _ = media.probe(run.path(name))
    require(found == int(count), f"{found} frames")


def check_caps(run, name, *text):
    _, caps = media.probe(run.path(name))
    require(any(" ".join(text) in line for line in caps), f"caps {caps}")


def check_contrast(run, pattern, least):
    for path in run.matching(pattern):
        found = statistics.pstdev(media.pixels(path))
        require(found >= float(least), f"{path}: {found:.1f}")


def check_distinct(run, pattern):
    digests = [digest(path) for path in run.matching(pattern)]
    require(len(set(digests)) == len(digests), f"{len(set(digests))} different of {len(digests)}")


def check_same(run, first, second):
    require(contents(run.path(first)) == contents(run.path(second)), "bytes differ")


def check_repeats(run, pattern):
    for path in run.matching(pattern):
        if run.earlier is not None:
            require(run.earlier.get(os.path.basename(path)) == digest(path),
                    f"{os.path.basename(path)} differs between two runs")


def check_psnr(run, first, second, least):
    found = media.psnr(media.pixels(run.path(first)), media.pixels(run.path(second)))
    require(found >= float(least), f"{found:.2f} dB")


def check_floats(run, name, count):
    values = media.floats(contents(run.path(name)))
    require(len(values) == int(count), f"{len(values)} values")
    require(all(map(math.isfinite, values)), "values that are not finite")
    require(min(values) < max(values), f"all values are {values[0]}")


def check_tensors(run, name, *wanted):
    contents(run.path(name))
    found = media.read_safetensors(run.path(name))
    for tensor in wanted:
        require(tensor in found, f"{name} holds {sorted(found)}")
        if found[tensor][0] == "F32":
            require(all(map(math.isfinite, media.floats(found[tensor][2]))),
                    f"{tensor} has values that are not finite")


CHECKS = {
    "eos": check_eos,
    "error": check_error,
    "output": check_output,
    "files": check_files,
    "size": check_size,
    "picture": check_picture,
    "frames": check_frames,
    "caps": check_caps,
    "contrast": check_contrast,
    "distinct": check_distinct,
    "same": check_same,
    "repeats": check_repeats,
    "psnr": check_psnr,
    "floats": check_floats,
    "tensors": check_tensors,
}


def check(run, line):
    """Checks one expectation. Returns None, or what is wrong in words."""
    word, *arguments = line.split()
    if word not in CHECKS:
        return f"unknown expectation `{line}`; known: {', '.join(CHECKS)}"
    try:
        CHECKS[word](run, *arguments)
    except (Unmet, ValueError, TypeError, OSError, KeyError) as problem:
        return f"expected `{line}`: {problem}"
    return None
