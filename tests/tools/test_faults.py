# SPDX-License-Identifier: MIT
"""Pipelines on a machine in trouble: a full disk, a file that may not be read, too little memory."""

import os
import pathlib
import resource
import shutil
import unittest

from tests.pipelines import launching
from tests.tools import support

LAUNCH = [support.ROOT / "tools/run", "gst-launch-1.0", "-q"]
SVGEN = [support.ROOT / "tools/run", support.BUILD / "tools/svgen/svgen"]
GENERATED = "svgdiffuse steps=1 guidance-scale=1 num-images=16 batch-size=4"
VIDEO = "videotestsrc num-buffers=4 ! video/x-raw,format=RGB,width=64,height=64"
PRIVATE_DISK = ["unshare", "--user", "--map-root-user", "--mount"]


def has_private_disks():
    if shutil.which("unshare") is None:
        return False
    mount = "mount -t tmpfs none /mnt"
    return support.run(*PRIVATE_DISK, "sh", "-c", mount).returncode == 0


class FullDisk(unittest.TestCase):
    """A disk of 20 KiB that this process alone sees."""

    @classmethod
    def setUpClass(cls):
        if not has_private_disks():
            raise unittest.SkipTest("needs unshare and leave to mount a disk of its own")

    def on_a_small_disk(self, *command):
        """(result, what is on the disk afterwards)"""
        folder = support.scratch_folder(self)
        script = ('mount -t tmpfs -o size=20k none "$0" && cd "$0" && "$@"; status=$?; '
                  'ls -A "$0" > "$0.list"; exit $status')
        result = launching.run(*PRIVATE_DISK, "sh", "-c", script, folder, *command)
        listed = pathlib.Path(f"{folder}.list")
        self.addCleanup(listed.unlink)
        return result, listed.read_text().split()

    def test_under_multifilesink(self):
        result, _ = self.on_a_small_disk(*LAUNCH, *f"{GENERATED} ! svgdecode ! video/x-raw,"
                                         "format=RGB ! multifilesink location=%d.rgb".split())
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn("No space left on the resource", result.stdout)

    def test_our_sinks_leave_nothing_behind(self):
        for line in (f"{VIDEO} ! svgencode ! svgstats location=statistics.safetensors",
                     f"{GENERATED} ! svglatentsink location=latents.dat"):
            with self.subTest(line):
                result, left = self.on_a_small_disk(
                    "sh", "-c", 'head -c 18000 /dev/zero > filler; exec "$@"', "-", *LAUNCH,
                    *line.split())
                self.assertEqual(result.returncode, 1, result.stdout)
                self.assertIn("cannot write the file; check the space on the disk", result.stdout)
                self.assertIn("No space left on device", result.stdout)
                self.assertEqual(left, ["filler"])

    def test_the_command_leaves_nothing_behind(self):
        for output in ("sheet.png", "video.webm", "pictures/"):
            with self.subTest(output):
                result, left = self.on_a_small_disk(
                    *SVGEN, "generate", "--classes", "all", "--number", "64", "--steps", "1",
                    *(["--sheet", "8"] if output == "sheet.png" else []), output)
                self.assertEqual(result.returncode, 1, result.stdout)
                self.assertIn("No space left on the resource", result.stdout)
                self.assertEqual([name for name in left if name != "pictures"], [])


class UnreadableModel(unittest.TestCase):
    def test_is_named(self):
        folder = support.scratch_folder(self)
        model = folder / "locked"
        shutil.copytree(support.ROOT / "tests/data/tiny", model)
        folder.chmod(0o755)
        for locked in ("card.json", "autoencoder_tiny.safetensors"):
            with self.subTest(locked):
                (model / locked).chmod(0)
                result = self.run_without_rights(f"svgdiffuse model={model} num-images=1 ! "
                                                  "svgdecode ! fakesink")
                (model / locked).chmod(0o644)
                self.assertNotEqual(result.returncode, 0, result.stdout)
                self.assertIn(str(model / locked), result.stdout)
                self.assertIn("Permission denied", result.stdout)

    def run_without_rights(self, line):
        """Runs a line as a user whom file modes bind, which root is not."""
        command = [*map(str, LAUNCH), *line.split()]
        environment = os.environ | {"GST_REGISTRY_1_0": str(support.scratch_folder(self) / "r"),
                                    "GST_REGISTRY_UPDATE": "no"}
        if os.geteuid() != 0:
            return launching.run(*command, env=environment)
        try:
            return launching.run(*command, env=environment, user="nobody", group="nogroup",
                                 extra_groups=[])
        except PermissionError as error:
            raise unittest.SkipTest(f"nobody may not use this build: {error}") from error


class LittleMemory(unittest.TestCase):
    def test_is_an_error_that_says_what_to_lower(self):
        limit = 500 << 20  # bytes of memory of its own; Debian's LibTorch is loaded with 390 MB

        def confine():
            resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))

        # So large that no memory is left before the attention over its patches, which takes minutes.
        line = ("videotestsrc num-buffers=1 ! video/x-raw,format=RGB,width=3072,height=3072 ! "
                "svgencode ! svgalign ! svgdecode ! fakesink")
        result = launching.run(*LAUNCH, *line.split(), preexec_fn=confine)
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn("there is not enough memory: use a smaller batch-size or smaller pictures",
                      result.stdout)
        self.assertRegex(result.stdout, r"found there is no memory for a tensor of \d+ bytes")


class MissingDevice(unittest.TestCase):
    def test_is_named(self):
        result = launching.run(*LAUNCH, *"svgdiffuse device=cuda:63 ! svgdecode ! fakesink".split())
        self.assertNotEqual(result.returncode, 0)  # gst-launch-1.0 says 255 where nothing starts
        self.assertIn("the device cuda:63 is not there: choose another", result.stdout)


if __name__ == "__main__":
    unittest.main()
