# SPDX-License-Identifier: MIT
"""What makes generated pictures better: transformers on SVG's latents that differ in one thing.

All train as in the comparison of systems, whose row "SVG" is the first here.
"""

from tools.experiments.systems import SCORES, Autoencoder, Comparison, Row
from tools.helpers.document import table

AUTOENCODERS = {
    "svg": Autoencoder(),
    "svg-noise": Autoencoder(settings={"latent-noise": 0.3}),
    "svg-residual-16": Autoencoder(residual=16),
    "svg-residual-40": Autoencoder(residual=40),
}
LEVERS = {
    "SVG": Row("svg"),
    "clean latents predicted": Row("svg", diffusion={"prediction": "clean"}),
    "times logit-normal": Row("svg", settings={"time-distribution": "logit-normal"}),
    "times not shifted": Row("svg", settings={"shift": 0}),
    "average of weights over 5 times as many steps": Row("svg", settings={"ema-decay": 0.999}),
    "noise of up to 0.3 before the decoder": Row("svg-noise"),
    "16 residual channels": Row("svg-residual-16"),
    "40 residual channels": Row("svg-residual-40"),
}
STEPS, SCALES = (5, 25), (1, 2.5)
# Of the first row alone: when guidance of 2.5 acts.
INTERVALS = {"guided from 0 to 0.75": "guidance=interval guidance-start=0 guidance-end=0.75",
             "guided from 0.25 to 1": "guidance=interval guidance-start=0.25 guidance-end=1"}


def measured(comparison, label, card, scale, words=""):
    """Lines of the table: one of each number of steps."""
    for steps in STEPS:
        settings = f"{Row.sampler} guidance-scale={scale} {words}".rstrip()
        yield [label, scale, steps, *comparison.scores(card, steps, settings)]


def levers(runner):
    comparison = Comparison(runner, AUTOENCODERS, LEVERS)
    comparison.prepare()

    def trained_and_measured(name):
        card = comparison.transformer(name)
        return [line for scale in SCALES for line in measured(comparison, name, card, scale)]

    rows = [line for lines in runner.map(trained_and_measured, LEVERS) for line in lines]
    first = comparison.trained("SVG")
    for label, words in INTERVALS.items():
        rows += measured(comparison, label, first, SCALES[-1], words)
    return table(["what differs", "guidance", "steps", *SCORES], rows)
