# SPDX-License-Identifier: MIT
"""Records what the elements compute as SHA-256 digests, to compare two builds on one machine.

usage: tools/checks/digests [--write FILE] [--compare FILE]     after tools/build

Covers the contact sheet, a reconstructed video, the cases of docs/parity.md that run as pipelines, and
six steps of each trainer. Prints `CASE DIGEST` lines. --compare lists the cases that differ from FILE,
and then the exit status is 1. Bits depend on the processor: compare on one machine.
"""

import argparse
import hashlib
import json
import pathlib
import re
import sys
import tempfile

from tests.pipelines import parity_pipelines, run_pipe
from tools.helpers.environment import ROOT

VIDEO = ROOT / "tests/data/videos/base.webm"
STEPS = 6
# Lines whose end is written to `out`.
STREAMS = {
    "sheet": "svgdiffuse classes=all seed=3 num-images=16 batch-size=16 ! svgdecode grid-columns=4",
    "sheet.bfloat16": "svgdiffuse classes=all seed=3 num-images=16 batch-size=16 dtype=bfloat16 "
                      "! svgdecode grid-columns=4 dtype=bfloat16",
    "video": f"filesrc location={VIDEO} ! matroskademux ! vp8dec ! videoconvert ! videoscale "
             "! video/x-raw,format=RGB,width=64,height=64 ! svgencode batch-size=4 ! svgalign ! svgdecode",
}
# Trainers, which write their checkpoints to `run`.
TRAININGS = {
    "autoencoder": "svgscenesrc seed=1 ! svgtrainautoencoder model=mini batch-size=8 "
                   "discriminator-start=4",
    "encoder": "svgscenesrc seed=1 ! svgtrainencoder model=mini batch-size=16 final-rate=0.01",
    "diffusion": "svgscenesrc seed=1 ! svgencode model=mini batch-size=8 ! svgalign labels=true "
                 "! queue ! svgtraindiffusion initialize=model batch-size=8",
    "diffusion.bfloat16": "svgscenesrc seed=1 ! svgencode model=mini batch-size=8 "
                          "! svgalign labels=true ! queue "
                          "! svgtraindiffusion initialize=model batch-size=8 dtype=bfloat16",
}


def digest(data):
    return hashlib.sha256(data).hexdigest()


class Recorder(parity_pipelines.Comparison):
    """Keeps digests in place of errors."""

    found = {}

    def keep(self, case, data):
        self.found[case] = digest(data)
        print(case, self.found[case], flush=True)

    def floats(self, case, line, wanted, limit):
        self.keep(case, self.run(line))

    def bytes(self, case, line, wanted, share):
        self.keep(case, self.run(line))

    def train(self, case, line):
        folder = f"run-{case}"
        status, output = run_pipe.launch(
            f"gst-launch-1.0 -q {line} max-steps={STEPS} checkpoint={folder} log={folder}.jsonl",
            self.folder, self.scratch)
        if status != 0:
            raise RuntimeError(f"{line}\n{output}")
        for name in ("ema", "state"):
            file = self.folder / folder / f"step-{STEPS:08}" / f"{name}.safetensors"
            self.keep(f"train.{case}.{name}", file.read_bytes())
        losses = re.findall(r'"loss":[^,}]+', (self.folder / f"{folder}.jsonl").read_text())
        self.keep(f"train.{case}.losses", "\n".join(losses).encode())


def record(scratch):
    parity_pipelines.compare_tiny(scratch / "tiny", Recorder)
    parity_pipelines.compare_mini(scratch / "mini", Recorder)
    recorder = Recorder(scratch / "more", "mini")
    for case, line in STREAMS.items():
        recorder.keep(case, recorder.run(line))
    for case, line in TRAININGS.items():
        recorder.train(case, line)
    return Recorder.found


def main():
    parser = argparse.ArgumentParser(prog="tools/checks/digests", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--compare", type=pathlib.Path, metavar="FILE")
    options = parser.parse_args()
    before = json.loads(options.compare.read_text()) if options.compare else None
    with tempfile.TemporaryDirectory() as scratch:
        found = record(pathlib.Path(scratch))
    if options.write:
        options.write.write_text(json.dumps(found, indent=1) + "\n")
    if before is None:
        return 0
    other = [case for case in before | found if before.get(case) != found.get(case)]
    print(f"{len(found)} cases, {len(other)} differ" + "".join(f"\n  {case}" for case in other))
    return 1 if other else 0


if __name__ == "__main__":
    sys.exit(main())
