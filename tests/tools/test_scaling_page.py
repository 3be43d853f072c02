# SPDX-License-Identifier: MIT
"""The commands of docs/scaling.md, with launchers that are here."""

import json
import os
import re
import shutil
import unittest

from tests.tools import support
from tests.tools.svgen_support import COMMAND
from tests.tools.test_svgen_shared import Shared

SRUN = """#!/bin/bash
# As Slurm's: so many processes, each with its number.
[ "$1" = --ntasks ] || exit 2
export SLURM_NTASKS=$2; shift 2
for (( i = 0; i < SLURM_NTASKS; i++ )); do SLURM_PROCID=$i SLURM_LOCALID=$i "$@" & done
for job in $(jobs -p); do wait "$job" || exit 1; done
"""


class Documentation(Shared):
    """The commands of docs/scaling.md, with the embedded model and little of everything."""

    SMALLER = (("svg-xl-256", "mini"), ("--number 50000", "--number 6 --steps 1"),
               ("--nproc-per-node 8", "--nproc-per-node 3"), ("--ntasks 64", "--ntasks 2"),
               ("WORLD_SIZE=64", "WORLD_SIZE=2"), ("VIRTUAL_imagenet256_labeled.npz", "real"),
               ("--inception pt_inception-2015-12-05-6726825d.pth", "--encoder mini --images 24"),
               ("--steps 5,10,25", "--steps 1,2 --chunk 6"), ("/shared/", ""), ("/data/", ""))

    def setUp(self):
        super().setUp()
        programs = self.folder / "bin"
        command = " ".join(f"'{word}'" for word in COMMAND)
        support.write(programs, {"svgen": f'#!/bin/sh\nexec {command} "$@"\n', "srun": SRUN})
        for program in programs.iterdir():
            program.chmod(0o755)
        torch = support.ROOT / ".venv/bin"
        self.environment = os.environ | {"PATH": f"{programs}:{torch}:{os.environ['PATH']}"}
        page = (support.ROOT / "docs/scaling.md").read_text()
        for long, short in self.SMALLER:
            self.assertIn(long, page)
            page = page.replace(long, short)
        self.blocks = re.findall(r"```(?:sh|yaml)\n(.*?)```", page, re.DOTALL)

    def block(self, *texts):
        found = [block for block in self.blocks if all(text in block for text in texts)]
        self.assertTrue(found, texts)
        return found[0]

    def run_block(self, block, **more):
        result = support.run("bash", "-c", block, cwd=self.folder, env=self.environment | more)
        self.assertEqual(result.returncode, 0, result.stdout)
        return result.stdout

    def pictures_of(self, block):
        shutil.rmtree(self.folder / "pictures", ignore_errors=True)
        self.run_block(block)
        return self.digests("pictures")

    def test_pictures(self):
        alone = self.pictures_of(self.block("svgen generate"))
        self.assertEqual(len(alone), 6)
        self.assertEqual(self.pictures_of(self.block("for RANK in")), alone)

    def test_torchrun(self):
        if shutil.which("torchrun", path=self.environment["PATH"]) is None:
            self.skipTest("this LibTorch brings no torchrun")
        alone = self.pictures_of(self.block("svgen generate"))
        for number in ("2", "3"):
            block = self.block("torchrun", f"--nproc-per-node {number}")
            self.assertEqual(self.pictures_of(block), alone)

    def test_slurm(self):
        self.pipeline("svgscenesrc classes=all num-images=64 seed=3 ! svgencode features=semantic ! "
                      "svgfrechet location=real ! fakesink")
        self.assertIn("Fréchet", self.run_block(self.block("srun")))
        self.assertTrue((self.folder / "evaluation/plot.svg").exists())

    def test_kubernetes(self):
        for name in ("a", "b"):
            self.output_of("generate", "--steps=1", "--number=2", f"imagenet/{name}/")
        command = re.search(r'command: \[sh, -c, "(.*?)"\]', self.block("Indexed"), re.DOTALL)[1]
        for index in (0, 1):
            self.run_block(command.replace("\\\n", " "), JOB_COMPLETION_INDEX=str(index))
        self.run_block(self.block("svgen merge"))
        self.assertEqual(json.loads((self.folder / "features.json").read_text())["total_samples"], 4)


if __name__ == "__main__":
    unittest.main()
