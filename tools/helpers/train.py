# SPDX-License-Identifier: MIT
"""Trains a model from a recipe: dataset, encoder, phase 1, statistics, latents, phase 2, samples.

usage: tools/train RECIPE.json OUT_FOLDER [--until STAGE] [--set NAME=VALUE ...]

Each stage is one launch line, printed before it runs. A stage that has finished is not run again; an
interrupted one (Ctrl-C or kill saves a checkpoint) goes on where it was when the command is repeated. At the
end `model=OUT_FOLDER` names the trained model. --set fills {NAME} in the recipe's texts.

Stages: encoder (left out without settings: the model names a trained one), autoencoder, statistics,
latents, features (of the frozen encoder of a card, for repa-weight; left out without settings), diffusion,
samples. {"STAGE-dataset": LINE} gives a stage another dataset.
"""

import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

from tools.helpers import launch
from tools.helpers.environment import KEEPING_MEMORY, ROOT
from tools.helpers.files import write_text
from tools.helpers.recipe import READING, STAGES, RecipeError, load_recipe, properties

# What a run writes that somebody else's folder may hold, too.
MADE = ("card.json", "samples.png", "latents.raw", "latents.json", "features.raw", "features.json",
        "statistics.safetensors")


class Run:
    """One output folder."""

    def __init__(self, recipe, out):
        self.recipe, self.out = recipe, out
        self.stages = [stage for stage in STAGES if stage in recipe]
        self.seed_card, self.base, self.latent_card, self.card = (
            out / name / "card.json" for name in ("seed", "base", "latent", "."))

    def dataset(self, stage, images=None):
        line = launch.substituted(self.recipe.get(f"{stage}-dataset", self.recipe["dataset"]),
                                  {"crop": self.recipe.get(f"{stage}-crop", "center")})
        return launch.for_parser(line) + ([f"num-images={images}"] if images else [])

    def check_folder(self):
        """Nothing that is not a run's own is written over."""
        theirs = [name for name in MADE if (self.out / name).exists()]
        ours = [self.seed_card, self.base, *(self.done_file(stage) for stage in STAGES)]
        if theirs and not any(path.exists() for path in ours):
            raise RecipeError(f"{self.out} is no folder of a run and holds {', '.join(theirs)}: "
                              "name a new one")

    def trained(self, stage):
        """The last checkpoint's folder of a trainer."""
        steps = sorted(p for p in (self.out / stage).glob("step-*") if p.suffix == "")
        return steps[-1] if steps else None

    def trainer(self, stage, element, card):
        return [element, *properties({"model": card, "checkpoint": self.out / stage, "resume": True,
                                      "log": self.out / f"{stage}.jsonl"} | self.recipe[stage])]

    def line(self, stage):
        """The words of its launch line."""
        options = self.recipe[stage]

        def element(name, **settings):
            return [name, *properties({key.replace("_", "-"): value
                                       for key, value in settings.items()})]

        def encode(card):
            return ["svgencode", *properties(
                {"model": self.out / card, "batch-size": options.get("batch-size", 1)} |
                {key: options[key] for key in ("posterior", "seed") if key in options})]

        def stored(name):
            return element("svglatentsrc", location=self.out / name, epochs=-1, shuffle=True)

        def diffusion():
            trainer = self.trainer(stage, "svgtraindiffusion", self.latent_card)
            if "features" not in self.stages:
                return [stored("latents.raw"), trainer]
            # Two streams of the same images, in the same order.
            return [[*trainer, "name=trainer", *stored("latents.raw")], ["queue"],
                    ["trainer.", *stored("features.raw")], ["queue"], ["trainer.features"]]

        # What an autoencoder without alignment was trained on; without a residual it is all one.
        aligns = self.recipe["autoencoder"].get("alignment", True) and "residual" in self.recipe["model"]
        alignment, unaligned = ("fixed", []) if aligns else \
            ("none", [element("svgalign", statistics="none")])
        raw = self.out / "latents.raw"
        parts = {
            "encoder": lambda: [self.dataset(stage),
                                self.trainer(stage, "svgtrainencoder", self.seed_card)],
            "autoencoder": lambda: [self.dataset(stage),
                                    self.trainer(stage, "svgtrainautoencoder", self.base)],
            "statistics": lambda: [
                self.dataset("latents", options["images"]), encode("encoding"), *unaligned,
                element("svgstats", location=self.out / "statistics.safetensors")],
            "latents": lambda: [self.dataset(stage, options["images"]), encode("latent"),
                                element("svgalign", statistics=alignment, labels=True),
                                element("svglatentsink", location=raw)],
            "features": lambda: [
                self.dataset("latents", self.recipe["latents"]["images"]),
                element("svgencode", features="semantic", **options),
                element("svglatentsink", location=self.out / "features.raw")],
            "diffusion": diffusion,
            "samples": lambda: [
                ["svgdiffuse", *properties({"model": self.out} | options, without=("columns",))],
                element("svgdecode", grid_columns=options["columns"]), ["videoconvert"],
                ["pngenc"], element("filesink", location=self.unfinished_samples())],
        }
        first, *others = parts[stage]()
        return first + [word for part in others for word in ["!", *part]]

    def unfinished_samples(self):
        return self.out / "samples.png.unfinished"

    def prepare(self, stage):
        """Writes the card that a stage needs."""
        if stage == "encoder":
            write_card(self.seed_card, self.recipe["model"])
        elif stage == "autoencoder":
            card = dict(self.recipe["model"])
            if "encoder" in self.stages:
                card["encoder"] = self.trained_card("encoder")["encoder"]
            write_card(self.base, card)
        elif stage == "statistics":
            write_card(self.out / "encoding" / "card.json", self.trained_card("autoencoder"))
        elif stage == "latents":
            card = self.trained_card("autoencoder")
            card["statistics"] = {"file": str(self.out / "statistics.safetensors")}
            write_card(self.latent_card, card)
        elif stage == "samples":
            write_card(self.card, self.trained_card("diffusion"))

    def trained_card(self, stage):
        """The card of a trainer's last checkpoint, its own file made absolute."""
        folder = self.trained(stage)
        if folder is None:
            raise RecipeError(f"{self.out / stage} holds no checkpoint: remove "
                              f"{self.done_file(stage)} to train it again")
        card = json.loads((folder / "card.json").read_text())
        for entry in card.values():
            if isinstance(entry, dict) and entry.get("file") == "ema.safetensors":
                entry["file"] = str(folder / "ema.safetensors")
        return card

    def done_file(self, stage):
        return self.out / f"{stage}.done"

    def is_done(self, stage):
        """Whether it has finished with these very settings; an error when it did with others."""
        file = self.done_file(stage)
        if not file.exists():
            return False
        before, now = json.loads(file.read_text()), self.settings(stage)
        changed = [key for key in now if before.get(key) != now[key]]
        if changed:
            raise RecipeError(
                f"stage {stage} has finished with another recipe: {', '.join(changed)} differ. "
                f"Use another folder, or remove {file} (and what it made) to run it again")
        return True

    def complete(self, stage):
        if stage == "samples":
            os.replace(self.unfinished_samples(), self.out / "samples.png")

    def short_of_its_end(self, stage):
        """Words about a trainer that was stopped from outside, or had no more data; else empty."""
        limit = self.recipe[stage].get("max-steps")
        last = self.trained(stage) if limit is not None else None
        if limit is None or (last is not None and int(last.name[len("step-"):]) >= limit):
            return ""
        return f"ended at {last.name if last else 'no step'}, before step {limit}"

    def settings(self, stage):
        reads = stage if stage in READING else "latents"
        found = {"dataset": " ".join(self.dataset(reads)), "model": self.recipe["model"],
                 stage: self.recipe[stage]}
        if stage == "features":  # of the latents' images
            found["images"] = self.recipe["latents"]["images"]
        return found


def write_card(path, card):
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps(card, indent=1) + "\n")


def duration(seconds):
    return "?" if seconds is None or seconds < 0 else time.strftime("%H:%M:%S",
                                                                    time.gmtime(seconds))


def show_progress(stage, log, limit):
    """The last line of a trainer's log as one line of text."""
    try:
        last = json.loads(log.read_text().splitlines()[-1])
    except (OSError, ValueError, IndexError):
        return
    print(f"{stage}: step {last['step']} of {limit}, loss {last['loss']:.5g}, "
          f"{last['images_per_second']:.1f} images/s, {duration(last['seconds_left'])} left",
          flush=True)


def wait_for(process, stage, log, limit):
    """Its exit status, with words meanwhile; Ctrl-C is handed on and waited for."""
    interrupted = False
    while True:
        try:
            code = process.wait(timeout=10)
            break
        except subprocess.TimeoutExpired:
            show_progress(stage, log, limit)
        except KeyboardInterrupt:
            interrupted = True
            os.killpg(process.pid, signal.SIGINT)
    if interrupted:
        raise KeyboardInterrupt
    return code


def run_line(stage, line, log, limit):
    """Runs a launch line to its end and gives its exit status."""
    print(f"\n{stage}:\n  gst-launch-1.0 {launch.shown(line)}", flush=True)
    with subprocess.Popen([ROOT / "tools/run", "gst-launch-1.0", "-q", *line],
                          start_new_session=True, env=KEEPING_MEMORY | os.environ) as process:
        try:
            code = wait_for(process, stage, log, limit)
        finally:  # nobody reads any more, say: the training must not go on unseen
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGINT)
    show_progress(stage, log, limit)
    return code


def run_stage(run, stage):
    run.prepare(stage)
    limit = run.recipe[stage].get("max-steps", "?")
    code = run_line(stage, run.line(stage), run.out / f"{stage}.jsonl", limit)
    short = run.short_of_its_end(stage)
    if code != 0:
        raise RecipeError(f"stage {stage} failed with exit status {code}; what it said is above"
                          + (f" ({short})" if short else ""))
    if short:
        raise RecipeError(f"stage {stage} {short}: run the same command again to go on")
    run.complete(stage)
    write_text(run.done_file(stage), json.dumps(run.settings(stage), indent=1) + "\n")


def train(run, until):
    run.check_folder()
    for stage in run.stages:
        if run.is_done(stage):
            print(f"{stage}: done before")
        else:
            run_stage(run, stage)
        if stage == until:
            return
    print(f"\nthe model: model={run.out}; its pictures: {run.out / 'samples.png'}")


def catch_signals():
    """Shells start background jobs with interrupts ignored; kill is to save a checkpoint, too. A
    hang-up that was ignored, as under nohup, stays ignored."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


def setting(text):
    name, found, value = text.partition("=")
    if not found or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def main():
    parser = argparse.ArgumentParser(prog="tools/train", description=__doc__.split("\n")[0])
    parser.add_argument("recipe", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--until", choices=STAGES, default=STAGES[-1])
    parser.add_argument("--set", type=setting, action="append", default=[], dest="settings")
    options = parser.parse_args()
    catch_signals()
    try:
        recipe = load_recipe(options.recipe, dict(options.settings))
        options.out.mkdir(parents=True, exist_ok=True)
        train(Run(recipe, options.out.resolve()), options.until)
    except BrokenPipeError:  # nobody reads what is printed
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (RecipeError, OSError) as error:
        print(f"train: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("train: stopped; run the same command again to go on", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
