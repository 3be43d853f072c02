# SPDX-License-Identifier: MIT
"""Learns eight pictures by heart in both phases: the quickest proof that training works.

usage: tools/experiments/overfit PICTURES OUT_FOLDER [--until-psnr DB]

PICTURES holds eight class folders with a picture each. Phase 1 trains a small autoencoder on them
until its reconstructions reach the wanted PSNR; phase 2 trains a small transformer on their latents
until each of 25-step samples is nearest to, and close to, the latent of its own class. Prints
steps, minutes and figures, and leaves sheets: originals, reconstructions, samples.
"""

import argparse
import json
import math
import pathlib
import subprocess
import sys
import time

from tools.helpers import media
from tools.helpers.environment import ROOT
from tools.helpers.files import end_on_signals, write_text
from tools.helpers.launch import quoted, words

PICTURES, SIDE, TOKENS, CHANNELS = 8, 64, 64, 144
CARD = {
    "name": "overfit", "patch": 8, "grid": [8, 8],
    "encoder": {"file": "mini/autoencoder.safetensors", "prefix": "encoder.", "width": 128,
                "depth": 6, "heads": 4, "ffn": 344, "registers": 4, "rope_base": 100},
    "residual": {"file": "untrained", "prefix": "extra_vit.", "width": 128, "depth": 3, "heads": 4,
                 "mlp": 512, "outputs": CHANNELS - 128},
    "decoder": {"file": "untrained", "prefix": "decoder.", "channels": 32,
                "multipliers": [1, 2, 4, 4], "res_blocks": 1, "attention_levels": [3], "groups": 8},
    "diffusion": {"file": "untrained", "width": 192, "depth": 6, "heads": 6, "mlp": 768,
                  "classes": PICTURES, "learn_sigma": False},
    "sampling": {"steps": 25, "shift": 0.15, "guidance_scale": 1.0},
}
STEPS = 250  # between two checks of the result
LONGEST = 8000


def launch(line):
    code = subprocess.run([ROOT / "tools/run", "gst-launch-1.0", "-q", *words(line)],
                          check=False).returncode
    if code != 0:
        raise SystemExit(f"overfit: a line failed, what it said is above: {line}")


def last_card(folder):
    return sorted(p for p in folder.glob("step-*") if not p.suffix)[-1] / "card.json"


def train(out, phase, source, element, reached):
    """Trains until `reached(card)` holds; (steps, seconds of training, its figures)."""
    seconds = 0
    for steps in range(STEPS, LONGEST + 1, STEPS):
        start = time.monotonic()
        launch(f"{source} ! {element} checkpoint={quoted(out / phase)} resume=true "
               f"max-steps={steps} log={quoted(f'{out / phase}.jsonl')} checkpoint-interval={STEPS} batch-size={PICTURES}")
        seconds += time.monotonic() - start
        done, figures = reached(last_card(out / phase))
        print(f"{phase}: step {steps}, {seconds / 60:.1f} minutes, {figures}", flush=True)
        if done:
            return steps, seconds, figures
    raise SystemExit(f"{phase}: not reached in {LONGEST} steps")


def phase1(out, pictures, wanted):
    one_epoch = f"svgdatasetsrc location={quoted(pictures)} size={SIDE}"
    launch(f"{one_epoch} ! filesink location={quoted(out / 'original.rgb')}")
    original = (out / "original.rgb").read_bytes()
    if len(original) != PICTURES * SIDE * SIDE * 3:
        raise SystemExit(f"overfit: {pictures} has {len(original) // (SIDE * SIDE * 3)} pictures that "
                         f"can be read; it must hold {PICTURES} class folders with one each")

    def reached(card):
        launch(f"{one_epoch} ! svgencode model={quoted(card)} batch-size={PICTURES} ! svgalign "
               f"statistics=batch ! svgdecode ! video/x-raw,format=RGB ! filesink "
               f"location={quoted(out / 'reconstructed.rgb')}")
        size = len(original) // PICTURES
        found = (out / "reconstructed.rgb").read_bytes()
        values = [media.psnr(original[i * size:][:size], found[i * size:][:size])
                  for i in range(PICTURES)]
        mean = sum(values) / PICTURES
        return mean >= wanted, f"PSNR {mean:.2f} dB (worst {min(values):.2f})"

    return train(out, "autoencoder", f"{one_epoch} shuffle=true epochs=-1",
                 f"svgtrainautoencoder model={quoted(out / 'card.json')} learning-rate=0.001 mask-ratio=0 "
                 "perceptual-weight=0.1 discriminator-weight=0 ema-decay=0.98 dtype=bfloat16",
                 reached)


def rows(path):
    values = media.floats(path.read_bytes())
    size = TOKENS * CHANNELS
    return [values[i * size:(i + 1) * size] for i in range(PICTURES)]


def distance(a, b):
    """Root mean square difference."""
    return math.sqrt(sum((x - y) ** 2 for x, y in zip(a, b)) / len(a))


def phase2(out, pictures, autoencoder):
    def encode(model):
        return (f"svgdatasetsrc location={quoted(pictures)} size={SIDE} ! "
                f"svgencode model={quoted(model)} batch-size={PICTURES}")

    launch(f"{encode(autoencoder)} ! svgstats location={quoted(out / 'statistics.safetensors')}")
    card = json.loads(autoencoder.read_text())
    for role in ("residual", "decoder"):
        card[role]["file"] = str(autoencoder.parent / card[role]["file"])
    card["statistics"] = {"file": str(out / "statistics.safetensors")}
    (out / "latent").mkdir(exist_ok=True)
    write_text(out / "latent/card.json", json.dumps(card))
    align = f"{encode(out / 'latent')} ! svgalign statistics=batch"
    launch(f"{align} labels=true ! svglatentsink location={quoted(out / 'latents.raw')}")
    launch(f"{align} normalize=true ! filesink location={quoted(out / 'latents.f32')}")
    originals = rows(out / "latents.f32")

    def reached(trained):
        launch(f"svgdiffuse model={quoted(trained)} classes=all num-images={PICTURES} seed=7 "
               f"batch-size={PICTURES} normalized=true ! filesink location={quoted(out / 'samples.f32')}")
        samples = rows(out / "samples.f32")
        table = [[distance(s, o) for o in originals] for s in samples]
        own = [table[i][i] for i in range(PICTURES)]
        others = [min(table[i][:i] + table[i][i + 1:]) for i in range(PICTURES)]
        right = sum(a < b for a, b in zip(own, others))
        return (right == PICTURES and max(own) < 0.1,
                f"{right} of {PICTURES} nearest to their own, distance {max(own):.3f} at most, to "
                f"others {min(others):.3f} at least")

    return train(out, "diffusion", f"svglatentsrc location={quoted(out / 'latents.raw')} epochs=-1 "
                 "shuffle=true", f"svgtraindiffusion model={quoted(out / 'latent')} learning-rate=0.001 "
                 "ema-decay=0.98 class-dropout=0 dtype=bfloat16", reached)


def draw(out, card):
    frame = f"video/x-raw,format=RGB,width={SIDE},height={SIDE},framerate=0/1"
    for name in ("original", "reconstructed"):
        launch(f"filesrc location={quoted(f'{out / name}.rgb')} blocksize={3 * SIDE * SIDE} ! {frame} ! pngenc ! "
               f"multifilesink location={quoted(str(out / name).replace('%', '%%') + '-%d.png')}")
    launch(f"svgdiffuse model={quoted(card)} classes=all num-images={PICTURES} seed=7 "
           f"batch-size={PICTURES} ! svgdecode grid-columns={PICTURES} ! videoconvert ! pngenc ! "
           f"filesink location={quoted(out / 'samples.png')}")


def main():
    parser = argparse.ArgumentParser(prog="tools/experiments/overfit",
                                     description=__doc__.split("\n")[0])
    parser.add_argument("pictures", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--until-psnr", type=float, default=32)
    options = parser.parse_args()
    end_on_signals()
    out = options.out.resolve()
    if not options.pictures.is_dir():
        raise SystemExit(f"overfit: {options.pictures} is no folder")
    if out.exists() and out.samefile(options.pictures):
        raise SystemExit("overfit: the pictures' folder is not the one to write to")
    out.mkdir(parents=True, exist_ok=True)
    write_text(out / "card.json", json.dumps(CARD))
    phase1(out, options.pictures.resolve(), options.until_psnr)
    phase2(out, options.pictures.resolve(), last_card(out / "autoencoder"))
    draw(out, last_card(out / "diffusion"))
    print(f"pictures: {out}/original-*.png, reconstructed-*.png, samples.png")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
