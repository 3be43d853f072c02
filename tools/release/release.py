# SPDX-License-Identifier: MIT
"""Packs a model that tools/train has finished: small files, a card that stands alone, its logs.

usage: tools/release/release RUN_FOLDER MODEL_FOLDER [--description TEXT] [--recipe FILE]

Writes autoencoder.safetensors (encoder, residual encoder and decoder), dit.safetensors and
stats.safetensors, weights rounded to float16 and the rest as it is; training.jsonl, some 200 lines of
each stage's log; and card.json with checksums and how it was trained. An existing card's
"training.results" stay. Nothing but the standard library is needed.
"""

import argparse
import contextlib
import hashlib
import json
import math
import pathlib
import shutil
import struct
import subprocess
import sys

from tools.helpers import media
from tools.helpers.environment import ROOT
from tools.helpers.files import end_on_signals, unfinished

LOG_LINES = 200
# Constants of the architecture, which float16 would change.
EXACT = ("rope_embed.periods",)
# Role: the packed file and the prefix of its tensors there.
PACKED = {"encoder": ("autoencoder", "encoder."), "residual": ("autoencoder", "extra_vit."),
          "decoder": ("autoencoder", "decoder."), "diffusion": ("dit", ""), "statistics": ("stats", "")}


# The last one is renamed first: weights never stand beside a card that is not theirs for longer than
# the other renames take.
FILES = ("card.json", "training.jsonl", "stats.safetensors", "dit.safetensors",
         "autoencoder.safetensors")


class ReleaseError(Exception):
    """What is missing and what to do."""


def halved(name, tensor):
    """float32 as float16, to the nearest; an error where that overflows."""
    dtype, shape, data = tensor
    if dtype != "F32" or name.endswith(EXACT):
        return tensor
    count = len(data) // 4
    try:
        return "F16", shape, struct.pack(f"<{count}e", *struct.unpack(f"<{count}f", data))
    except OverflowError as error:
        raise ReleaseError(f"{name} holds a number that float16 cannot: {error}") from error


def role_tensors(card, role):
    """The role's tensors under the names they get in the packed file."""
    entry = card[role]
    prefix = entry.get("prefix", "")
    _, wanted = PACKED[role]
    found = {}
    for name, tensor in media.read_safetensors(entry["file"]).items():
        if prefix and name.startswith(prefix):
            found[wanted + name[len(prefix):]] = halved(name, tensor)
        elif not prefix:
            found[wanted + name] = halved(name, tensor)
        elif role == "residual" and name == "mask_token":
            found[name] = halved(name, tensor)
    if not found:
        raise ReleaseError(f"{entry['file']} holds nothing below {prefix!r}")
    return found


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def log_lines(run, stage):
    path = run / f"{stage}.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]


def stage_facts(lines, settings):
    """The figures of a whole stage from its trainer's log, over all runs if it was resumed."""
    minutes = sum((b["next_index"] - a["next_index"]) / b["images_per_second"]
                  for a, b in zip(lines, lines[1:])) / 60
    last = lines[-max(1, len(lines) // 50):]
    return {"steps": lines[-1]["step"], "images": lines[-1]["next_index"],
            "minutes": round(minutes, 1),
            "last_loss": round(sum(line["loss"] for line in last) / len(last), 5),
            "runs": 1 + sum(b["step"] <= a["step"] for a, b in zip(lines, lines[1:])),
            "settings": settings}


def commit():
    if shutil.which("git") is None:
        return "unknown"
    result = subprocess.run(["git", "-C", ROOT, "rev-parse", "HEAD"], capture_output=True, text=True)
    return result.stdout.strip() or "unknown"


def release(run, out, arguments):
    """Writes all files beside those of an older release and then renames them together."""
    if not (run / "card.json").exists():
        raise ReleaseError(f"{run / 'card.json'} is not there: let tools/train finish all its stages")
    out.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        pack(run, out, arguments,
             {name: stack.enter_context(unfinished(out / name)) for name in FILES})


def pack(run, out, arguments, place):
    card_path = run / "card.json"
    card = json.loads(card_path.read_text())
    recipe = json.loads(arguments.recipe.read_text())
    if out.exists() and out.samefile(run):
        raise ReleaseError(f"{out} is the training itself: name another folder for the model")
    old = json.loads((out / "card.json").read_text()) if (out / "card.json").exists() else {}

    statistics = media.read_safetensors(card["statistics"]["file"])
    packed = {"autoencoder": {}, "dit": role_tensors(card, "diffusion"),
              "stats": {name: tensor for name, tensor in statistics.items()
                        if not name.startswith("svgstats.")}}
    for role in ("encoder", "residual", "decoder"):
        packed["autoencoder"] |= role_tensors(card, role)
    for name, tensors in packed.items():
        media.write_safetensors(place[f"{name}.safetensors"], tensors)
    for role, (name, prefix) in PACKED.items():
        file = f"{name}.safetensors"
        card[role] |= {"file": file, "sha256": digest(place[file])}
        card[role].pop("prefix", None)
        if prefix:
            card[role]["prefix"] = prefix
    scalars = {name: value for name in ("semantic_mean", "semantic_std", "residual_mean",
                                        "residual_std")
               for value in struct.unpack("<d", statistics[name][2])}

    recipe_path = arguments.recipe.resolve()
    if recipe_path.is_relative_to(ROOT):
        recipe_path = recipe_path.relative_to(ROOT)
    training = {"recipe": str(recipe_path), "commit": commit(),
                "stages": {}, "log": "training.jsonl"}
    log = []
    for stage in ("encoder", "autoencoder", "diffusion"):
        if stage not in recipe:
            continue
        lines = log_lines(run, stage)
        dataset = recipe.get(f"{'latents' if stage == 'diffusion' else stage}-dataset",
                             recipe["dataset"])
        training["stages"][stage] = {"dataset": dataset} | stage_facts(lines, recipe[stage])
        step = max(1, math.ceil(len(lines) / LOG_LINES))
        log += [{"stage": stage} | line for line in lines[::step]]
    if "results" in old.get("training", {}):
        training["results"] = old["training"]["results"]
    place["training.jsonl"].write_text("".join(json.dumps(line) + "\n" for line in log))

    card = {"name": recipe["model"]["name"], "description": arguments.description or
            old.get("description", recipe["about"]), "license": "MIT",
            "source": "shipped with the project"} | \
        {key: value for key, value in card.items() if key not in ("name", "training")} | \
        {"alignment": scalars, "training": training}
    place["card.json"].write_text(json.dumps(card, indent=1) + "\n")
    total = sum(place[name].stat().st_size for name in FILES if name.endswith(".safetensors"))
    print(f"{out}: {total / 1e6:.1f} MB of tensors")


def main():
    parser = argparse.ArgumentParser(prog="tools/release/release", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--description", default="")
    parser.add_argument("--recipe", type=pathlib.Path, default=ROOT / "tools/recipes/mini.json")
    arguments = parser.parse_args()
    end_on_signals()
    try:
        release(arguments.run.resolve(), arguments.out.resolve(), arguments)
    except (ReleaseError, OSError, KeyError, ValueError) as error:
        sys.exit(f"release: {type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
