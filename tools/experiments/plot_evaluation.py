# SPDX-License-Identifier: MIT
"""Draws what svgmetrics, svgfrechet and svgprobe wrote.

usage: tools/experiments/plot-evaluation OUT.png RESULTS.jsonl ...

Each kind of number has a panel: a curve over the frames, or bars of each class's accuracy. Several
files share the panels under their names, with bars of their totals. matplotlib is installed into an
environment of its own, out/plots, when the Python that runs has none.
"""

import importlib
import json
import os
import pathlib
import sys

from tools.helpers.environment import ROOT, finding_modules, python_with

FRAME_KEYS = ("psnr", "ssim", "lpips")
TOTAL_KEYS = ("frechet", "kernel", "precision", "recall", "knn", "linear", *FRAME_KEYS)


class ResultsError(Exception):
    """What is wrong with a file and what to do."""


def read_lines(path):
    try:
        lines = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise ResultsError(f"{path}: cannot be read as JSON lines: {error}") from error
    if not lines or not all(isinstance(line, dict) for line in lines):
        raise ResultsError(f"{path}: expected lines that svgmetrics, svgfrechet or svgprobe wrote")
    return lines


def panels(results):
    """{title: (kind, {file: (x, y)})} of {file: lines}; kind is "curve" or "bars"."""
    found = {}

    def add(title, kind, name, pairs):
        pairs = [(x, y) for x, y in pairs if y is not None]
        if pairs:
            found.setdefault(title, (kind, {}))[1][name] = tuple(zip(*pairs))

    for name, lines in results.items():
        frames = [line for line in lines if "frame" in line]
        classes = [line for line in lines if "label" in line]
        totals = [line for line in lines if line not in frames and line not in classes]
        for key in FRAME_KEYS:
            add(f"{key} of each frame", "curve", name,
                [(line["frame"], line.get(key)) for line in frames])
        add("accuracy of each class", "bars", name,
            [(line["label"], line["right"] / line["images"]) for line in classes])
        for key in TOTAL_KEYS if len(results) > 1 else ():
            add(key, "bars", name, [(0, line.get(key)) for line in totals[-1:]])
    return found


def draw(found, out):
    import matplotlib  # pylint: disable=import-outside-toplevel

    matplotlib.use("Agg")
    from matplotlib import pyplot  # pylint: disable=import-outside-toplevel

    columns = min(3, len(found))
    rows = -(-len(found) // columns)
    figure, axes = pyplot.subplots(rows, columns, figsize=(5 * columns, 3.2 * rows), squeeze=False)
    for axis in axes.flat[len(found):]:
        axis.remove()
    for (title, (kind, series)), axis in zip(found.items(), axes.flat):
        width = 0.8 / len(series)
        for number, (name, (x, y)) in enumerate(series.items()):
            if kind == "curve":
                axis.plot(x, y, linewidth=1, label=name)
            else:
                axis.bar([value + width * (number - (len(series) - 1) / 2) for value in x], y, width,
                         label=name)
        if kind == "bars":
            places = sorted({value for x, _ in series.values() for value in x})
            axis.set_xticks(places if len(places) > 1 else [])
        axis.set_title(title, fontsize=10)
        axis.grid(axis="y", alpha=0.3)
    axes.flat[0].legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(out, dpi=110)


def with_matplotlib():
    """Starts the tool anew in an environment that has matplotlib, unless this one has."""
    try:
        importlib.import_module("matplotlib")
        return
    except ImportError:
        pass
    folder = ROOT / "out/plots"
    if pathlib.Path(sys.executable).is_relative_to(folder):
        sys.exit("plot-evaluation: matplotlib cannot be imported: remove out/plots and try again")
    python = python_with(folder, "matplotlib")
    os.execve(python, [python, "-m", "tools.experiments.plot_evaluation", *sys.argv[1:]],
              os.environ | finding_modules())


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    try:
        paths = [pathlib.Path(word) for word in sys.argv[2:]]
        found = panels({path.stem: read_lines(path) for path in paths})
        if not found:
            raise ResultsError(f"{paths[0]}: no frames, classes or totals in it")
    except ResultsError as error:
        sys.exit(f"plot-evaluation: {error}")
    with_matplotlib()
    draw(found, sys.argv[1])


if __name__ == "__main__":
    main()
