# SPDX-License-Identifier: MIT
"""Which solver comes nearest to the true solution with few evaluations, and where one may be left out.

The true solution is that of the same noise by many steps of Heun's method. Distances to it are between decoded
pictures, so that they count what is seen.
"""

import json

from tools.experiments import judges
from tools.experiments.lab import QUALITY, card_of, quality
from tools.helpers.document import table
from tools.helpers.launch import quoted

TRUE = "solver=heun steps=250"
# Evaluations of a step.
SOLVERS = {"euler": 1, "multistep": 1, "heun": 2, "midpoint": 2}
EVALUATIONS = (4, 6, 8, 12, 16, 24)
INTERVALS = (1, 2, 3, 4)  # of the cache, in 25 steps
PICTURES = 128  # that are compared with the true solution
STARTS = (0, 0.1, 0.2, 0.3)
STEPS = (5, 8, 10, 25)
MEASURED = ["PSNR to the true solution", *QUALITY]


def solved(runner, settings):
    """The line of pictures of the same noise, with the card's guidance and shift."""
    return (f"svgdiffuse model={quoted(runner.model)} classes=all seed=7 num-images={PICTURES} batch-size=32 {settings}")


def true_solution(runner):
    path = runner.out / "true.raw"
    runner.measure(f"{solved(runner, TRUE)} ! svglatentsink location={quoted(path)}", makes=path)
    return path


def distance(runner, settings):
    """PSNR of pictures against those of the true solution."""
    return runner.measure(
        f"svgmetrics name=m ! fdsink  svglatentsrc location={quoted(true_solution(runner))} ! svgdecode ! queue ! "
        f"m.reference  {solved(runner, settings)} ! svgdecode ! queue ! m.test")["results"]["psnr"]


def measured(runner, settings):
    """The cells below MEASURED, for each of the settings."""
    true_solution(runner)
    distances = runner.map(lambda words: distance(runner, words), settings)
    return [[f"{psnr:.2f}", *quality(spread)]
            for psnr, spread in zip(distances, judges.spreads(runner, settings))]


def by_solver(runner):
    cases = [(solver, count // cost) for count in EVALUATIONS for solver, cost in SOLVERS.items()]
    cells = measured(runner, [f"solver={solver} steps={steps}" for solver, steps in cases])
    rows = [[steps * SOLVERS[solver], solver, steps, *found] for (solver, steps), found in zip(cases, cells)]
    return table(["evaluations", "solver", "steps", *MEASURED], rows)


def passes(steps, start, shift):
    """Of the transformer for a picture, where a step evaluates once: a second one for each time above `start`."""
    uniform = [step / steps for step in range(steps)]
    return steps + sum(shift * u / (1 + (shift - 1) * u) > start for u in uniform)


def by_start(runner):
    sampling = json.loads(card_of(runner.model).read_text())["sampling"]
    cases = [(solver, steps, start) for solver in ("euler", "multistep") for steps in STEPS for start in STARTS]
    settings = [f"solver={solver} steps={steps} guidance=interval guidance-start={start} guidance-end=1"
                for solver, steps, start in cases]
    rows = [[solver, steps, start, passes(steps, start, sampling["shift"]), *quality(spread)]
            for (solver, steps, start), spread in zip(cases, judges.spreads(runner, settings))]
    return table(["solver", "steps", "guided after", "passes", *QUALITY], rows)


def evaluated(steps, interval):
    """How many steps ask the model, where the guidance does not change."""
    count, last = 0, 0
    for step in range(steps):
        if step < 2 or step == steps - 1 or step - last >= interval:
            count, last = count + 1, step
    return count


def by_cache(runner):
    cases = [(solver, interval) for solver in ("euler", "multistep") for interval in INTERVALS]
    cells = measured(runner, [f"solver={solver} steps=25 cache-interval={interval}" for solver, interval in cases])
    rows = [[solver, interval, evaluated(25, interval), *found] for (solver, interval), found in zip(cases, cells)]
    return table(["solver", "cache-interval", "evaluations", *MEASURED], rows)


def solvers(runner):
    return (f"At as many evaluations, guided as the card says:\n\n{by_solver(runner)}\n"
            f"25 steps of which some follow from others (`cache-interval`):\n\n{by_cache(runner)}\n"
            f"Guidance of the card's scale that begins later:\n\n{by_start(runner)}\n")
