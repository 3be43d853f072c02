# SPDX-License-Identifier: MIT
"""Turns hearts into stars by svgedit: how much of the class comes, how much of the picture stays."""

import math
import statistics

from tools.experiments import judges
from tools.experiments.lab import WAIT, kept, latents, percent
from tools.helpers.document import table
from tools.helpers.launch import quoted

SIDE = 64
IMAGE = 3 * SIDE * SIDE  # bytes
BORDER = 3               # pixels that surely show the background
STRENGTHS = [0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1]
SHOWN = 6                # pictures of the strip
SETTINGS = "classes=star steps=10 guidance-scale=2 seed=4"


def pictures_of(path):
    data = path.read_bytes()
    return [data[i:i + IMAGE] for i in range(0, len(data), IMAGE)]


def fitted_plane(picture, channel):
    """a, b, c of the level a + b x + c y that fits the border best (x, y from the middle)."""
    middle = (SIDE - 1) / 2
    points = [(x - middle, y - middle, picture[3 * (y * SIDE + x) + channel])
              for y in range(SIDE) for x in range(SIDE)
              if min(x, y, SIDE - 1 - x, SIDE - 1 - y) < BORDER]
    # The border is symmetric: the three are fitted apart.
    a = statistics.fmean(level for _, _, level in points)
    b = sum(x * level for x, _, level in points) / sum(x * x for x, _, _ in points)
    c = sum(y * level for _, y, level in points) / sum(y * y for _, y, _ in points)
    return a, b, c


def thing_in(picture):
    """(x, y) of the middle and the mean colour of what stands in front of a plain background."""
    planes = [fitted_plane(picture, channel) for channel in range(3)]
    middle = (SIDE - 1) / 2
    far = []
    for y in range(SIDE):
        for x in range(SIDE):
            colour = picture[3 * (y * SIDE + x):3 * (y * SIDE + x) + 3]
            distance = math.dist(colour, [a + b * (x - middle) + c * (y - middle)
                                          for a, b, c in planes])
            far.append((distance, x, y, colour))
    limit = max(point[0] for point in far) / 2
    found = [point for point in far if point[0] >= limit]
    return (tuple(statistics.fmean(point[i] for point in found) for i in (1, 2)),
            tuple(statistics.fmean(point[3][i] for point in found) for i in range(3)))


def strip(runner, files):
    """A row for each picture, a column for each strength."""
    rows = []
    columns = [pictures_of(path)[:SHOWN] for path in files]
    for image in range(SHOWN):
        for y in range(SIDE):
            rows.extend(column[image][3 * SIDE * y:3 * SIDE * (y + 1)] for column in columns)
    raw, path = kept(runner, "editing", b"".join(rows)), runner.out / "pictures/editing.png"
    runner.measure(f"filesrc location={quoted(raw)} ! rawvideoparse format=rgb width="
                   f"{SIDE * len(files)} height={SIDE * SHOWN} framerate=1/1 ! pngenc snapshot=true ! "
                   f"filesink location={quoted(path)}", makes=path)
    return f"![hearts on their way to stars](pictures/{path.name})"


def edited(runner, strength):
    """The file of the edited pictures, and the share of them that the judge of shapes calls stars."""
    path = runner.out / f"edited-{strength}.rgb"
    found = runner.measure(
        f"svgscenesrc size={SIDE} classes=heart backgrounds=plain seed=51 num-images={runner.images} ! "
        f"{latents(runner.model)} ! svgedit strength={strength} {SETTINGS} ! svgdecode ! tee name=t  "
        f"t. ! {WAIT} ! videoconvert ! video/x-raw,format=RGB ! filesink location={quoted(path)}  "
        f"t. ! queue ! {judges.shapes(runner)}",
        makes=path)
    return path, found["results"]["linear"]


def editing(runner):
    runs = [edited(runner, strength) for strength in STRENGTHS]
    before = [thing_in(picture) for picture in pictures_of(runs[0][0])]
    rows = []
    for strength, (path, accuracy) in zip(STRENGTHS, runs):
        after = [thing_in(picture) for picture in pictures_of(path)]
        places = [math.dist(a[0], b[0]) for a, b in zip(before, after)]
        colours = [math.dist(a[1], b[1]) / math.sqrt(3) for a, b in zip(before, after)]
        # What passes untouched keeps its label: there the judge looks for hearts.
        named = f"({percent(accuracy)} hearts)" if strength == 0 else percent(accuracy)
        rows.append([strength, named, f"{statistics.median(places):.1f}",
                     f"{statistics.median(colours):.0f}"])
    return (f"Hearts of held-out scenes, `svgedit {SETTINGS}`. Called stars: by the "
            "judge of shapes. Place: how far the middle of the thing "
            "moves, in pixels of 64; colour: how far its mean colour moves, in levels of 255, both "
            "the median, from the reconstruction.\n\n" +
            table(["strength", "called stars", "place", "colour"], rows) +
            f"\nStrength 0 to 1 from left to right:\n\n{strip(runner, [run[0] for run in runs])}\n")
