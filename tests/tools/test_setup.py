# SPDX-License-Identifier: MIT
"""tools/setup takes what fits the machine; the machines are made of fake programs on PATH."""

import json
import shutil
import stat
import unittest

from tests.tools import support

WHEEL = "2.13.0"
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
# pip of the private environment: it is as new as $FAKES/pip-version says, finds the builds of
# $FAKES/pip.json (and of the CPU index those of cpu-index.json), and notes how it was called.
PIP = r"""#!/bin/bash
echo "$*" >> "$FAKES/pip.log"
case "$*" in
  *--version*) echo "pip $(cat "$FAKES/pip-version") from somewhere" ;;
  *'upgrade pip'*) exit 1 ;;
  *--dry-run*download.pytorch.org*) cat "$FAKES/cpu-index.json" ;;
  *--dry-run*) cat "$FAKES/pip.json" ;;
  *) mkdir -p .venv/lib/python3/site-packages/torch
     echo "__version__ = '2.13.0'" > .venv/lib/python3/site-packages/torch/version.py ;;
esac
"""
FAKES = {
    "apt-cache": 'echo "  Candidate: $(cat "$FAKES/candidate")"',
    "dpkg-query": 'grep -qx "${!#}" "$FAKES/installed" && echo "install ok installed"',
    "nvidia-smi": 'exec test -e "$FAKES/gpu"',
    "apt-get": r"""echo "$*" >> "$FAKES/apt.log"
case "$*" in
  *--print-uris*) echo "'http://x/a.deb' a.deb 60000000 MD5"; echo "'http://x/b.deb' b.deb 500000 MD5" ;;
  *update*) if [ -s "$FAKES/locked" ]; then
      sed -i 1d "$FAKES/locked"; echo "E: Could not get lock /var/lib/apt/lists/lock." >&2; exit 100
    fi ;;
  *install*) printf '%s\n' "$@" >> "$FAKES/installed" ;;
esac""",
    "sudo": 'exec "$@"',
    "sleep": "exit 0",
}


def report(version, *others):
    return json.dumps({"install": [{"metadata": {"name": name, "version": number}} for name, number
                                   in (("torch", version), ("sympy", "1"), *others)]})


CPU, PLAIN_CPU = report(WHEEL + "+cpu"), report(WHEEL)
CUDA = report(WHEEL, ("nvidia-cudnn-cu13", "9"))


class Setup(unittest.TestCase):
    def setUp(self):
        self.folder = support.scratch_folder(self, "with space ")
        self.fakes = self.folder / "fakes"
        shutil.copytree(support.ROOT / "tools/helpers", self.folder / "tools/helpers")
        shutil.copy(support.ROOT / "tools/setup", self.folder / "tools/setup")
        for name, script in FAKES.items():
            self.program(self.fakes / name, "#!/bin/bash\n" + script + "\n")
        self.program(self.folder / ".venv/bin/python", PIP)
        self.machine(candidate="(none)", installed="", locked="")
        self.machine(**{"pip-version": "26.0", "pip.json": CUDA, "cpu-index.json": ""})

    @staticmethod
    def program(path, text):
        support.write(path.parent, {path.name: text})
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def machine(self, **files):
        support.write(self.fakes, {name: text + "\n" if text else ""
                                   for name, text in files.items()})

    def setup(self, status=0, torch=""):
        environment = {"PATH": f"{self.fakes}:/usr/bin:/bin", "FAKES": str(self.fakes),
                       "HOME": str(self.folder)} | ({"SVGEN_LIBTORCH": torch} if torch else {})
        result = support.run(self.folder / "tools/setup", env=environment)
        self.assertEqual(result.returncode, status, result.stdout)
        return " ".join(result.stdout.split())

    def log(self, name):
        path = self.fakes / f"{name}.log"
        return path.read_text() if path.exists() else ""

    def test_takes_the_distributions_library_where_it_is_new_enough(self):
        self.machine(candidate="2.6.0+dfsg-7")
        said = self.setup()
        self.assertIn("libtorch-dev 2.6.0, for CPUs: 61 MB to fetch (SVGEN_LIBTORCH=wheel", said)
        self.assertIn("libtorch-dev", self.log("apt").splitlines()[-1])
        self.assertEqual(self.log("pip"), "")
        self.assertNotIn("LibTorch:", self.setup())  # the second time there is nothing to say

    def test_takes_a_wheel_for_a_gpu(self):
        self.machine(candidate="2.6.0+dfsg-7", gpu="")
        said = self.setup()
        self.assertIn("for the NVIDIA GPU: about 3 GB to fetch", said)
        self.assertNotIn("libtorch-dev", self.log("apt"))
        self.assertNotIn(CPU_INDEX, self.log("pip"))

    def test_takes_a_wheel_where_the_distributions_library_is_too_old(self):
        self.machine(candidate="1.13.1+dfsg-4", **{"pip.json": CPU})
        self.assertIn(f"the CPU build of the torch wheel {WHEEL}: about 0.2 GB", self.setup())
        self.assertNotIn(CPU_INDEX, self.log("pip"))

    def test_a_mirror_whose_plain_build_is_for_cpus_is_enough(self):
        self.machine(**{"pip.json": PLAIN_CPU})
        self.assertIn("the CPU build", self.setup())
        self.assertNotIn(CPU_INDEX, self.log("pip"))

    def test_without_a_gpu_asks_the_index_of_cpu_builds_before_it_takes_cuda(self):
        self.machine(**{"cpu-index.json": CPU})
        self.assertIn(f"the CPU build of the torch wheel {WHEEL}, from {CPU_INDEX}", self.setup())
        self.assertIn(f"install --extra-index-url {CPU_INDEX} torch=={WHEEL}", self.log("pip"))

    def test_says_so_when_only_a_cuda_build_is_to_be_had(self):
        said = self.setup()
        for text in ("WITH CUDA: about 3 GB to fetch", "no NVIDIA GPU here", "To take less",
                     "SVGEN_LIBTORCH=DIR", CPU_INDEX):
            self.assertIn(text, said)
        self.assertIn(f"install torch=={WHEEL}", self.log("pip"))

    def test_does_not_ask_a_pip_that_fetches_to_answer(self):
        self.machine(**{"pip-version": "23.0.1", "pip.json": CPU})
        self.assertIn("cannot say before", self.setup())
        self.assertNotIn("--dry-run", self.log("pip"))

    def test_keeps_the_wheel_that_is_there(self):
        self.machine(candidate="2.6.0+dfsg-7")
        support.write(self.folder, {".venv/lib/python3/site-packages/torch/version.py":
                                    f"__version__ = '{WHEEL}+cpu'\n"})
        self.assertNotIn("LibTorch:", self.setup())
        self.assertEqual(self.log("pip"), "")

    def test_the_variable_overrides(self):
        self.machine(candidate="2.6.0+dfsg-7", **{"pip.json": CPU})
        self.assertIn("torch wheel", self.setup(torch="wheel"))
        self.machine(gpu="", candidate="2.6.0+dfsg-7", installed="")
        self.assertIn("libtorch-dev 2.6.0", self.setup(torch="system"))
        support.write(self.folder, {"mine/include/ATen/core/Tensor.h": ""})
        self.assertNotIn("LibTorch:", self.setup(torch=str(self.folder / "mine")))

    def test_the_variable_is_checked(self):
        self.assertIn("libtorch-dev is missing, 2.6", self.setup(status=1, torch="system"))
        self.machine(candidate="1.13.1+dfsg-4")
        self.assertIn("libtorch-dev is 1.13.1, 2.6", self.setup(status=1, torch="system"))
        self.assertIn("no LibTorch in /usr/share", self.setup(status=1, torch="/usr/share"))
        self.assertIn("found: wheal", self.setup(status=1, torch="wheal"))

    def test_waits_for_a_machine_that_updates_itself(self):
        self.machine(locked="1\n2", **{"pip.json": CPU})
        said = self.setup()
        self.assertEqual(said.count("another program is installing packages; waiting"), 2)
        self.assertIn("is waited for, up to 20 minutes", said)
        self.assertIn("DPkg::Lock::Timeout=1200", self.log("apt"))


if __name__ == "__main__":
    unittest.main()
