# SPDX-License-Identifier: MIT
"""What self-distillation learns without a label, by its settings: curves of a linear probe over pictures."""

import json

from tools.experiments.lab import features, percent
from tools.helpers.document import table
from tools.helpers.environment import ROOT
from tools.helpers.files import write_text
from tools.helpers.launch import quoted

RECIPE = ROOT / "tools/recipes/mini.json"
DATA = "svgscenesrc size=64 seed=2"
PICTURES, CHECKPOINTS = 38400, 3  # of each setting, and how often it is probed
# The setting that the others change.
BASE = {"label-weight": 0, "batch-size": 32, "prototypes": 128, "learning-rate": 0.001, "warmup-steps": 100,
        "final-rate": 0.1, "ema-decay": 0.99, "local-views": 2, "patch-weight": 0.5, "hue": 0.5,
        "blur-share": 0.3, "dtype": "bfloat16", "checkpoints-kept": 1000}
# {name: (what differs, more of the dataset)}.
SETTINGS = {
    "base": ({}, ""),
    "batch 128, 512 prototypes": ({"batch-size": 128, "prototypes": 512}, ""),
    "centring": ({"targets": "centering"}, ""),
    "learning rate 0.003": ({"learning-rate": 0.003}, ""),
    "colours kept (hue 0.1)": ({"hue": 0.1}, ""),
    "6 local views": ({"local-views": 6}, ""),
    "no patch term": ({"patch-weight": 0}, ""),
    "teacher momentum 0.996": ({"ema-decay": 0.996}, ""),
    "LayerScale from 0.1": ({"layer-scale": 0.1}, ""),
    "mean patch scored": ({"view-token": "mean"}, ""),
    "plain backgrounds": ({}, "backgrounds=plain"),
}


def train(runner, folder, settings, data=""):
    """Trains an encoder from nothing, or goes on: the cards of its checkpoints by pictures seen."""
    seed = runner.out / "seed.json"
    if not seed.exists():
        write_text(seed, json.dumps(json.loads(RECIPE.read_text())["model"]))
    words = " ".join(f"{key}={value}" for key, value in settings.items())
    checkpoints = folder / "encoder"
    runner.train(f"{DATA} {data} ! queue max-size-buffers=256 ! svgtrainencoder model={quoted(seed)} "
                 f"checkpoint={quoted(checkpoints)} log={quoted(folder / 'encoder.jsonl')} resume=true {words}",
                 folder, checkpoints / f"step-{settings['max-steps']:08d}/card.json")
    return {int(card.parent.name[len("step-"):]) * settings["batch-size"]: card
            for card in sorted(checkpoints.glob("step-*/card.json"))}


def settings_of(name):
    changes, data = SETTINGS[name]
    settings = BASE | changes
    steps = PICTURES // settings["batch-size"]
    return settings | {"max-steps": steps, "checkpoint-interval": steps // CHECKPOINTS}, data


def curve(runner, name):
    """[(pictures, linear probe)] of a setting."""
    settings, data = settings_of(name)
    cards = train(runner, runner.out / "distillation" / name.replace(" ", "-"), settings, data)
    return [(pictures, runner.probe(features(card))["linear"]) for pictures, card in cards.items()]


def distillation(runner):
    (runner.out / "distillation").mkdir(exist_ok=True)
    curves = {name: curve(runner, name) for name in SETTINGS}
    picture = runner.out / "pictures/distillation.png"
    write_text(runner.out / "distillation.json", json.dumps(curves))
    runner.draw("tools.experiments.curves", picture, "pictures", "linear probe",
                runner.out / "distillation.json")
    head = ["setting", *(f"{pictures} pictures" for pictures, _ in curves["base"])]
    rows = [[name, *(percent(value) for _, value in points)] for name, points in curves.items()]
    return table(head, rows) + f"\n![probe over pictures](pictures/{picture.name})\n"
