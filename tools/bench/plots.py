# SPDX-License-Identifier: MIT
"""Draws curves of what was measured: cost against steps, batch, resolution, threads and pipelines.

usage: python -m tools.bench.plots RESULTS.json OUT.png     with a Python that has matplotlib
"""

import json
import statistics
import sys


def points(results, wanted, key):
    """{"dtype, side": [(x, seconds)]} of the pair cells with the wanted settings."""
    lines = {}
    for result in results:
        cell = result["cell"]
        if "rounds" not in result or cell["kind"] != "pair" or cell["peer"] != "eager" or \
                cell["dtype"] != cell["peer_dtype"] or \
                any(cell.get(name, default) != default for name, default in wanted.items()):
            continue
        for side, name in (("b", "svgen"), ("a", "PyTorch eager")):
            lines.setdefault(f"{cell['dtype']}, {name}", set()).add(
                (key(cell), statistics.median(result["rounds"][side])))
    return {name: sorted(found) for name, found in lines.items()}


def pipelines(results):
    lines = {}
    for result in results:
        if result["cell"]["kind"] == "chains":
            lines.setdefault(result["cell"]["dtype"], []).append(
                (result["cell"]["count"], 1 / result["frame"]["seconds"]))
    return lines


XL = {"model": "svg-xl", "batch": 1, "threads": 2, "side": 16, "device": "cpu"}


def without(*keys):
    return {name: value for name, value in XL.items() if name not in keys}


# Title, axis, lines.
PANELS = {
    "image, guidance": ("steps", lambda r: points(
        r, XL | {"part": "image", "guidance": 4}, lambda cell: cell["steps"])),
    "evaluation": ("batch", lambda r: points(
        r, without("batch") | {"part": "dit"}, lambda cell: cell["batch"])),
    "evaluation, threads": ("threads", lambda r: points(
        r, without("threads") | {"part": "dit"}, lambda cell: cell["threads"])),
    "encode": ("pixels a side", lambda r: points(
        r, without("side") | {"part": "encode"}, lambda cell: 16 * cell.get("side", 16))),
    "decode": ("pixels a side", lambda r: points(
        r, without("side") | {"part": "decode"}, lambda cell: 16 * cell.get("side", 16))),
    "reconstructing pipelines": ("pipelines in one process", pipelines),
}


def main():
    import matplotlib  # pylint: disable=import-outside-toplevel
    matplotlib.use("Agg")
    from matplotlib import pyplot  # pylint: disable=import-outside-toplevel

    with open(sys.argv[1]) as file:
        results = json.load(file)["cells"]
    figure, axes = pyplot.subplots(2, 3, figsize=(13, 7))
    for axis, (title, (label, lines)) in zip(axes.flat, PANELS.items()):
        for name, found in sorted(lines(results).items()):
            axis.plot(*zip(*found), marker="o", markersize=3, label=name,
                      linestyle="--" if "eager" in name else "-")
        axis.set_title(title, fontsize=10)
        axis.set_xlabel(label, fontsize=9)
        axis.set_ylabel("frames/s" if label.startswith("pipelines") else "s", fontsize=9)
        if label == "pixels a side":
            axis.set_xscale("log", base=2)
            axis.set_yscale("log")
        axis.set_ylim(bottom=None if label == "pixels a side" else 0)
        axis.grid(alpha=0.3)
    axes.flat[0].legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(sys.argv[2], dpi=110)


if __name__ == "__main__":
    main()
