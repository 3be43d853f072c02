# SPDX-License-Identifier: MIT
"""Runs the experiments that train: they show what the residual, its alignment and the encoder add."""

import json

from tools.experiments import judges
from tools.experiments.lab import (QUALITY, card_of, folder_name, latents, percent, quality, real,
                                   spread_of)
from tools.helpers import media
from tools.helpers.document import table
from tools.helpers.environment import ROOT
from tools.helpers.launch import quoted

RECIPE = ROOT / "tools/recipes/mini.json"
# Shorter than the embedded model's training, and the same for all variants. The averages of the
# weights look back less far: as in a long training they would still hold the initial weights.
SHORT = {"autoencoder": {"max-steps": 600, "batch-size": 48, "ema-decay": 0.99},
         "latents": {"images": 8192},
         "diffusion": {"max-steps": 800, "batch-size": 128, "ema-decay": 0.99}}


def aligned(recipe, runner):
    """The variant that the others are compared with: changes nothing."""


def not_aligned(recipe, runner):
    recipe["autoencoder"]["alignment"] = False


def no_residual(recipe, runner):
    del recipe["model"]["residual"]


def random_encoder(recipe, runner):
    use_encoder(recipe, runner.random_encoder())


def half_depth(recipe, runner):
    """Keeps the lower half of the encoder's blocks, and its last normalisation."""
    entry = recipe["model"]["encoder"]
    kept = entry["depth"] // 2
    blocks = entry.get("prefix", "") + "blocks."
    tensors = {name: tensor for name, tensor in media.read_safetensors(entry["file"]).items()
               if not name.startswith(blocks) or int(name[len(blocks):].split(".")[0]) < kept}
    path = runner.out / "half-depth.safetensors"
    media.write_safetensors(path, tensors)
    entry |= {"file": str(path), "depth": kept}
    entry.pop("sha256", None)


VARIANTS = {"residual, aligned": aligned, "residual, not aligned": not_aligned,
            "no residual": no_residual, "random encoder": random_encoder,
            "encoder of half the depth": half_depth}


def use_encoder(recipe, card):
    """Gives the recipe the encoder of a card, its file made absolute."""
    entry = json.loads(card.read_text())["encoder"]
    entry["file"] = str((card.parent / entry["file"]).resolve())
    recipe["model"]["encoder"] = entry


def variant_recipe(runner, change):
    recipe = json.loads(RECIPE.read_text())
    recipe.pop("encoder", None)
    recipe.pop("encoder-dataset", None)
    for stage, settings in SHORT.items():
        recipe[stage] |= settings
    use_encoder(recipe, card_of(runner.model))
    change(recipe, runner)
    return recipe


def variant(runner, name):
    """Trains one variant and measures it: (row of a table, Markdown of its pictures)."""
    out = runner.out / "ablations" / folder_name(name)
    recipe = variant_recipe(runner, VARIANTS[name])
    runner.train_recipe(recipe, out)
    aligns = recipe["autoencoder"].get("alignment", True) and "residual" in recipe["model"]
    frontend = latents(out, "fixed" if aligns else "none")
    objects = runner.psnr(f"{real(101, 'varied')} num-images=512", frontend)
    textures = runner.psnr("svgscenesrc size=64 seed=102 textures=1 num-images=256", frontend)
    scores = spread_of([judges.scores(runner, runner.generated(seed, "steps=10", out))
                        for seed in runner.seeds])
    linear = runner.probe(frontend)["linear"]
    sheet = runner.sheet(out.name, f"svgdiffuse model={quoted(out)} classes=all num-images=16 "
                         "batch-size=16 steps=10 ! svgdecode", 16)
    return ([name, f"{objects['psnr']:.2f}", f"{textures['psnr']:.2f}", percent(linear),
             *quality(scores)], f"{name}:\n\n{sheet}\n")


def length(stage):
    return f"{SHORT[stage]['max-steps']} steps of {SHORT[stage]['batch-size']}"


def ablations(runner):
    judges.prepare(runner)
    runner.random_encoder()
    found = runner.map(lambda name: variant(runner, name), VARIANTS)
    head = ["variant", "PSNR, objects", "PSNR, textures", "linear probe of the latents", *QUALITY]
    return (table(head, [row for row, _ in found]) +
            f"\nAll of the embedded model's sizes but for what is named, {length('autoencoder')} of "
            f"phase 1, {SHORT['latents']['images']} latents, {length('diffusion')} of phase 2, one "
            "training each; the spread is over the seeds of the noise. Pictures of 10 steps from the "
            "same noise:\n\n" +
            "\n".join(sheet for _, sheet in found))
