# SPDX-License-Identifier: MIT
"""Draws curves.

usage: python -m tools.experiments.curves OUT.png X_LABEL Y_LABEL CURVES.json       {name: [[x, y], ...]}
"""

import json
import pathlib
import sys

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402  (after the choice of what draws)


def main():
    out, x_label, y_label, curves = sys.argv[1:]
    figure, axes = pyplot.subplots(figsize=(8, 5))
    for name, points in json.loads(pathlib.Path(curves).read_text()).items():
        axes.plot(*zip(*points), marker="o", label=name)
    axes.set(xlabel=x_label, ylabel=y_label, xscale="log")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(out, dpi=110)


if __name__ == "__main__":
    main()
