# SPDX-License-Identifier: MIT
"""How much an edited video flickers, how far it is from its source, and how far it lags behind."""

import random

from tools.experiments.lab import kept
from tools.helpers.document import table
from tools.helpers.launch import quoted

SIDE, FRAMES = 64, 40
FRAME = 3 * SIDE * SIDE  # bytes
WIDE = 96                # of the picture that the moving window looks at
SENSOR = 2               # deviation of the noise of a sensor, in levels
SKIPPED = 10             # frames until blending has settled
EDIT = "classes=star strength=0.5 steps=5 seed=4"
CASES = [("per-image", 0), ("per-image", 0.5), ("fixed", 0), ("fixed", 0.3), ("fixed", 0.6),
         ("fixed", 0.8)]
DELAYS = [n / 4 for n in range(25)]  # frames


def scene(runner, size):
    path = runner.out / f"star-{size}.rgb"
    runner.measure(f"svgscenesrc size={size} classes=star backgrounds=plain seed=51 num-images=1 ! "
                   f"filesink location={quoted(path)}", makes=path)
    return path.read_bytes()


def noisy(runner):
    """A static scene, seen by a sensor with a little noise."""
    draw, picture = random.Random(3), scene(runner, SIDE)
    return [bytes(min(255, max(0, round(level + draw.gauss(0, SENSOR)))) for level in picture)
            for _ in range(FRAMES)]


def moving(runner):
    """A window that moves over a scene, by three quarters of a pixel a frame."""
    picture, above = scene(runner, WIDE), (WIDE - SIDE) // 2
    return [b"".join(picture[3 * (WIDE * (above + y) + n * 3 // 4):][:3 * SIDE] for y in range(SIDE))
            for n in range(FRAMES)]


def edited(runner, video, settings):
    """The frames of a raw video, reconstructed (no settings) or edited."""
    edit = f" ! svgedit {EDIT} {settings}" if settings else ""
    path = runner.out / f"{video.stem}-{settings or 'plain'}.rgb".replace(" ", "-").replace("=", "-")
    runner.measure(
        f"filesrc location={quoted(video)} ! rawvideoparse format=rgb width={SIDE} "
        f"height={SIDE} framerate=25/1 ! svgencode model={quoted(runner.model)} ! svgalign{edit} ! "
        f"svgdecode ! video/x-raw,format=RGB ! filesink location={quoted(path)}", makes=path)
    data = path.read_bytes()
    return [data[i:i + FRAME] for i in range(0, len(data), FRAME)]


def difference(a, b):
    return sum(abs(x - y) for x, y in zip(a, b)) / len(a)


def mean_difference(frames, others):
    pairs = list(zip(frames, others))[SKIPPED:]
    return sum(difference(a, b) for a, b in pairs) / len(pairs)


def delayed(frames, delay):
    """The frames `delay` frames later, mixed where that is between two."""
    whole, share = int(delay), delay % 1
    at = lambda n: frames[max(0, n)]
    return [bytes(round((1 - share) * x + share * y) for x, y in zip(at(n - whole), at(n - whole - 1)))
            for n in range(len(frames))]


def lag(frames, reference):
    """By how many frames later the reference resembles the frames most."""
    return min(DELAYS, key=lambda delay: mean_difference(frames, delayed(reference, delay)))


def flicker(runner):
    static_video = kept(runner, "noisy", b"".join(noisy(runner)))
    moving_video = kept(runner, "moving", b"".join(moving(runner)))
    still, way = edited(runner, static_video, ""), edited(runner, moving_video, "")
    rows = [["not edited", "", f"{mean_difference(still[1:], still):.2f}", "0.0",
             f"{mean_difference(way[1:], way):.1f}", "0"]]
    own = edited(runner, moving_video, "noise=fixed blend=0")
    for noise, blend in CASES:
        settings = f"noise={noise} blend={blend}"
        static, motion = edited(runner, static_video, settings), edited(runner, moving_video, settings)
        rows.append([noise, blend, f"{mean_difference(static[1:], static):.2f}",
                     f"{mean_difference(static, still):.1f}",
                     f"{mean_difference(motion[1:], motion):.1f}", f"{lag(motion, own):g}"])
    return (f"`svgedit {EDIT}` at 25 frames a second. Flicker: mean difference from frame to frame of "
            f"a static scene with sensor noise of {SENSOR} levels. Distance: to the reconstruction of the "
            "same frames. Change: from frame to frame where the scene moves by three quarters of a "
            "pixel; a frozen picture would have none. Lag: the delay, in frames, with which the edits of "
            "noise=fixed blend=0 resemble the row most. Levels are of 255.\n\n" +
            table(["noise", "blend", "flicker", "distance", "change in motion", "lag"], rows))
