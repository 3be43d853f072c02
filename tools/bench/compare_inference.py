# SPDX-License-Identifier: MIT
"""Runs tools/bench/inference: measures the cells one after the other, writes tables and curves."""

import argparse
import json
import os
import pathlib
import re
import subprocess
import time

import torch

from tools.bench.cells import SECTIONS, device_of, selected
from tools.bench.lab import INSTALLED, BenchRunner
from tools.bench.protocol import machine
from tools.bench.report import MARK, TITLES, Report, counted, peaks_key
from tools.helpers.document import put_sections
from tools.helpers.environment import BUILD, ROOT, finding_modules, python_with


def words(text):
    return text.split(",")


def parse(about):
    parser = argparse.ArgumentParser(prog="tools/bench/inference", description=about,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=words, default=[
        section for section in SECTIONS if section != "cuda" or torch.cuda.is_available()])
    parser.add_argument("--match", type=re.compile, default="", help="of the names that --list shows")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "out/bench")
    parser.add_argument("--write", type=pathlib.Path, help="Markdown file for the results")
    for name in ("install", "again", "quick", "unguarded", "list", "no-build"):
        parser.add_argument(f"--{name}", action="store_true")
    options = parser.parse_args()
    unknown = set(options.only) - set(SECTIONS)
    if unknown:
        parser.error(f"there is no section {', '.join(sorted(unknown))}")
    if options.rounds is None:
        options.rounds = 1 if options.quick else 7
    options.unguarded |= options.quick
    return options


def measured(runner, cells):
    """Measures the cells one after the other and prints how far it is."""
    for number, (name, cell) in enumerate(cells.items(), 1):
        start = time.monotonic()
        print(f"[{number}/{len(cells)}] {name}", flush=True)
        result = runner.measure(cell)
        rounds = (result or {}).get("rounds")
        text = f"{rounds['ratio']:.2f} ({rounds['low']:.2f}-{rounds['high']:.2f})" if rounds else \
            outcome(result)
        print(f"    {text[:400]}, {time.monotonic() - start:.0f} s", flush=True)


def outcome(result):
    if result is None:
        return "not installed"
    for key, words in (("unsupported", "not supported: "), ("failed", "the peer failed: ")):
        if key in result:
            return words + result[key]
    return "done"


def everything(runner):
    """{name: result} of all cells that were measured, cannot be, or failed."""
    found = {}
    for name, cell in selected(SECTIONS, runner.options.quick).items():
        result = runner.outcome(name)
        if result or (cell.get("peer") in INSTALLED and runner.python is None):
            found[name] = result
    return found


def report(runner):
    cells = everything(runner)
    keys = {(result["cell"]["dtype"], result["cell"]["threads"], device_of(result["cell"]))
            for result in cells.values() if result}
    rounds = [result["rounds"]["rounds"] for result in cells.values()
              if result and "rounds" in result and device_of(result["cell"]) == "cpu"] or [0]
    about = machine() | {
        "peaks": {peaks_key(*key): runner.peaks(*key) for key in sorted(keys, reverse=True)},
        "guarded": not runner.options.unguarded,
        "rounds": " to ".join(map(str, sorted({min(rounds), max(rounds)})))}
    results = runner.out / "results.json"
    results.write_text(json.dumps(
        {"about": about, "cells": [result for result in cells.values() if result]}, indent=1) + "\n")
    texts = Report(runner, cells, about).texts()
    if runner.options.write and not runner.options.quick:
        texts["Curves"] = curves(runner, results)
    for title, text in texts.items():
        print(f"\n## {title}\n\n{text}", flush=True)
    if runner.options.write:
        put_sections(runner.options.write, MARK, texts, [*TITLES.values(), "Curves"],
                     runner.out / "pictures")
    print(counted(cells))
    return any("failed" in (result or {}) for result in cells.values())


def curves(runner, results):
    picture = runner.out / "pictures/bench-curves.png"
    subprocess.run([python_with(ROOT / "out/plots", "matplotlib"), "-m", "tools.bench.plots", results,
                    picture], env=os.environ | finding_modules(), check=True)
    return f"![Cost against steps, batch, threads, resolution, pipelines](pictures/{picture.name})\n"


def main(about):
    """Runs the tool; `about` is the text of --help."""
    options = parse(about)
    cells = {name: cell for name, cell in selected(options.only, options.quick).items()
             if re.search(options.match, name)}
    if options.list:
        print("\n".join(cells))
        return 0
    if not options.no_build:
        subprocess.run(["ninja", "-C", BUILD, "product", "tools/svgen-bench"], check=True,
                       stdout=subprocess.DEVNULL)
    runner = BenchRunner(options)
    measured(runner, cells)
    return 1 if report(runner) else 0
