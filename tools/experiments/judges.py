# SPDX-License-Identifier: MIT
"""The judges that stay as they are while models change: tools/experiments/judges/NAME.

usage: python -m tools.experiments.judges [OUT]      trains "shapes" anew and packs it

"first" is the encoder of the first embedded model: distances between sets of pictures are measured in its
features. "shapes" names the class of a picture: trained with labels, with blur, lost resolution and noise,
and with objects in pieces as a class of their own, so that it goes by shapes and not by colours and textures.
Both are packed in float16, their cards have their checksums.
"""

import json
import pathlib
import subprocess
import sys

from tools.experiments.lab import REFERENCES, features, pack, real, spread_of
from tools.helpers.environment import ROOT
from tools.helpers.files import write_text
from tools.helpers.launch import quoted, words

FOLDER = ROOT / "tools/experiments/judges"
FIRST, SHAPES = FOLDER / "first/card.json", FOLDER / "shapes/card.json"

CLASSES = 17  # the last one: pieces
SIZES = {"name": "shapes", "license": "MIT", "patch": 8, "grid": [8, 8],
         "description": "Names the class of a scene by its shape: objects in pieces are a class of their own.",
         "classes": [f"class {i}" for i in range(CLASSES - 1)] + ["pieces"],
         "encoder": {"file": "untrained", "width": 96, "depth": 5, "heads": 4, "ffn": 256,
                     "registers": 0, "rope_base": 100}}
STEPS = 2400
DATA = "svgscenesrc size=64 seed=77 pieces=0.3"
TRAINING = ("label-weight=1 patch-weight=0 local-views=0 prototypes=64 head-width=64 global-smallest=0.6 "
            "hue=0.25 grey-share=0.2 blur-share=0.5 coarse-share=0.4 noise=12 ema-decay=0.99 learning-rate=0.002 "
            f"warmup-steps=100 final-rate=0.01 batch-size=48 max-steps={STEPS} dtype=bfloat16 "
            "checkpoint-interval=200")


# Real images; the judge of shapes sees a quarter more, in pieces.
IMAGES = {FIRST: f"{real(21)} num-images={REFERENCES}",
          SHAPES: f"{real(21)} pieces=0.2 num-images={REFERENCES * 5 // 4}"}


def reference(runner, judge):
    """The file of a judge's features of real images."""
    return runner.features_of(IMAGES[judge], f"reference-{judge.parent.name}", features(judge))


def first(runner):
    """The end of a line of pictures: the distance and what goes with it."""
    return f"{features(FIRST)} ! svgfrechet reference={quoted(reference(runner, FIRST))} ! fdsink"


def shapes(runner):
    """The end of a line of pictures: the share that shows its class."""
    return f"{features(SHAPES)} ! svgprobe reference={quoted(reference(runner, SHAPES))} ! fdsink"


def scores(runner, pictures, more="", complete=None):
    """What both judges say of a line of pictures. `more` are ends of the line that read from the tee "t"."""
    return runner.measure(f"{pictures} ! tee name=t  t. ! queue ! {first(runner)}  "
                          f"t. ! queue ! {shapes(runner)}  {more}", complete=complete)["results"]


def prepare(runner):
    """Makes what many lines need, so that they can run side by side afterwards."""
    for judge in IMAGES:
        reference(runner, judge)


def spreads(runner, settings):
    """For each of the settings of the runner's model, {key: (mean, half the range)} over the seeds."""
    prepare(runner)
    runs = [(setting, seed) for setting in settings for seed in runner.seeds]
    found = runner.map(lambda run: scores(runner, runner.generated(run[1], run[0])), runs)
    count = len(runner.seeds)
    return [spread_of(found[i:i + count]) for i in range(0, len(found), count)]


def train(out):
    out.mkdir(parents=True, exist_ok=True)
    write_text(out / "shapes.json", json.dumps(SIZES))
    line = (f"{DATA} ! queue max-size-buffers=256 ! svgtrainencoder model={quoted(out / 'shapes.json')} "
            f"checkpoint={quoted(out / 'shapes')} resume=true log={quoted(out / 'shapes.jsonl')} {TRAINING}")
    subprocess.run([ROOT / "tools/run", "gst-launch-1.0", "-q", *words(line)], check=True)
    return out / "shapes" / f"step-{STEPS:08d}"


if __name__ == "__main__":
    pack(train(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "out/judges")), SHAPES, SIZES)
