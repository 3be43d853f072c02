# SPDX-License-Identifier: MIT
"""Draws the comparison of systems: a sheet of their pictures, and their curves.

usage: python -m tools.experiments.systems_pictures SHOWN.json       (written by systems.py)
"""

import json
import pathlib
import sys

import matplotlib
import numpy

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402  (after the choice of what draws)

SIDE, THOUSAND = 64, 1000


def strip(path):
    """Frames of a file side by side."""
    frames = numpy.frombuffer(pathlib.Path(path).read_bytes(), numpy.uint8).reshape(-1, SIDE, SIDE, 3)
    return numpy.concatenate(frames, axis=1)


def draw_sheet(frames, classes, out):
    """A row of each system and number of steps, a column of each class."""
    rows = [(name, steps, path) for name, by_steps in frames.items() for steps, path in by_steps.items()]
    figure, axes = pyplot.subplots(len(rows), 1, figsize=(12, 0.65 * len(rows)))
    for axis, (name, steps, path) in zip(axes, rows):
        axis.imshow(strip(path), interpolation="nearest")
        axis.set_axis_off()
        axis.text(-8, SIDE / 2, f"{name}, {steps}", ha="right", va="center", fontsize=8)
    for column, name in enumerate(classes):
        axes[0].text((column + 0.5) * SIDE, -8, name, ha="center", va="bottom", fontsize=7)
    figure.savefig(out, dpi=130, bbox_inches="tight", pad_inches=0.05)


def smoothed(values, width=50):
    width = min(width, len(values))
    return numpy.convolve(values, numpy.ones(width) / width, "valid")


def draw_curves(distances, logs, out):
    figure, (losses, scores) = pyplot.subplots(1, 2, figsize=(11, 4))
    for name, path in logs.items():
        lines = [json.loads(line) for line in pathlib.Path(path).read_text().splitlines()]
        loss = smoothed([line.get("squared", line["loss"]) for line in lines])
        seen = [line["next_index"] / THOUSAND for line in lines][-len(loss):]
        losses.plot(seen, loss, label=name)
    for name, points in distances.items():
        scores.plot([seen / THOUSAND for seen, _ in points], [distance for _, distance in points],
                    marker="o", label=name)
    losses.set(xlabel="thousand latents seen", ylabel="squared error of the prediction", yscale="log")
    scores.set(xlabel="thousand latents seen", ylabel="Fréchet distance, 25 steps", yscale="log")
    scores.legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(out, dpi=110)


def main():
    shown = json.loads(pathlib.Path(sys.argv[1]).read_text())
    draw_sheet(shown["frames"], shown["classes"], shown["sheet"])
    draw_curves(shown["distances"], shown["logs"], shown["curves"])


if __name__ == "__main__":
    main()
