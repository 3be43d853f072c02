# SPDX-License-Identifier: MIT
"""Several processes that share the work of a command: the same bytes as of one, whatever happens."""

import hashlib
import json
import os
import shutil
import signal
import struct
import subprocess
import time
import unittest
import xml.etree.ElementTree
import zipfile

from tests.tools import support
from tests.tools.svgen_support import COMMAND, Svgen

GENERATE = ["generate", "--steps=2", "--classes=random", "--seed=5"]
SCENES = "svgscenesrc classes=all num-images=48 seed=21 ! svgencode features=semantic batch-size=8"


def launched(rank, world):
    return os.environ | {"RANK": str(rank), "WORLD_SIZE": str(world), "OMP_NUM_THREADS": "1"}


class Shared(Svgen):
    def start(self, words, rank, world):
        return subprocess.Popen([*COMMAND, *map(str, words)], cwd=self.folder, text=True,
                                env=launched(rank, world), stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, start_new_session=True)

    def launch(self, words, world):
        """Runs all processes of a launch at once; what each of them printed."""
        processes = [self.start(words, rank, world) for rank in range(world)]
        printed = [process.communicate()[0] for process in processes]
        self.assertEqual([p.returncode for p in processes], [0] * world, "\n".join(printed))
        return printed

    def pipeline(self, line, rank=0, world=1):
        environment = launched(rank, world) if world > 1 else None
        done = subprocess.run([support.ROOT / "tools/run", "gst-launch-1.0", "-q", *line.split()],
                              cwd=self.folder, env=environment, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def wait_while(self, process, condition):
        """Waits for what a process is to make; fails when it ends before."""
        while condition():
            self.assertIsNone(process.poll(), "the process ended early")
            time.sleep(0.02)

    def digests(self, folder):
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest()
                for path in sorted((self.folder / folder).glob("*.png"))}


class Pictures(Shared):
    def test_the_union_of_any_number_of_processes_is_the_same(self):
        self.output_of(*GENERATE, "--number=6", "one/")
        alone = self.digests("one")
        self.assertEqual(list(alone), [f"{i:05d}.png" for i in range(6)])
        for world in (2, 4):
            self.launch([*GENERATE, "--number=6", f"of{world}/"], world)
            self.assertEqual(self.digests(f"of{world}"), alone)

    def test_a_killed_process_goes_on_alone(self):
        words = [*GENERATE, "--number=24", "p/"]
        process = self.start(words, 1, 2)
        self.wait_while(process, lambda: len(self.digests("p")) < 3)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        before = {path.name: path.stat().st_mtime_ns for path in (self.folder / "p").glob("*.png")}
        self.assertLess(len(before), 12)
        self.assertNotIn("00000.png", before)
        process = self.start(words, 1, 2)
        process.communicate()
        self.assertEqual(process.returncode, 0)
        after = {path.name: path.stat().st_mtime_ns for path in (self.folder / "p").glob("*.png")}
        self.assertEqual(sorted(after), [f"{i:05d}.png" for i in range(12, 24)])
        self.assertEqual(before, {name: after[name] for name in before})
        self.launch(words, 2)
        self.output_of(*GENERATE, "--number=24", "whole/")
        self.assertEqual(self.digests("p"), self.digests("whole"))
        self.assertEqual(list((self.folder / "p").glob(".svgen-process*")), [])

    def test_one_process_resumes_too(self):
        previews = ["--preview=p/now.png", "--preview-interval=1"]
        self.output_of(*GENERATE, "--number=3", "--resume", *previews, "p/")
        self.output_of(*GENERATE, "--number=6", "--resume", *previews, "p/")
        (self.folder / "p/now.png").unlink()
        self.assertIn("nothing is left", self.output_of(*GENERATE, "--number=6", "--resume", "p/"))
        self.output_of(*GENERATE, "--number=6", "whole/")
        self.assertEqual(self.digests("p"), self.digests("whole"))

    def test_finished_pictures_of_an_interrupted_batch_are_kept(self):
        words = ["generate", "--number=16", "--steps=60", "--resume", "--preview=now.png",
                 "--preview-interval=59", "made/"]
        process = subprocess.Popen([*COMMAND, *words], cwd=self.folder, stderr=subprocess.PIPE)
        self.wait_for("now.png")  # the first of the batch are about to be finished
        process.send_signal(signal.SIGINT)
        text = process.communicate(timeout=120)[1]
        self.assertEqual(process.returncode, 130, text)
        kept = self.files("made/*.png")
        self.assertIn(len(kept), range(1, 16), text)
        self.assertEqual(kept, [f"{n:05}.png" for n in range(len(kept))])

    def test_pictures_of_another_command_are_never_mixed_in(self):
        self.output_of(*GENERATE, "--number=2", "--resume", "p/")
        self.assert_refused(["generate", "--steps=3", "--number=4", "--resume", "p/"],
                            "other settings")
        self.output_of(*GENERATE, "--number=2", "q/")
        self.assert_refused([*GENERATE, "--number=4", "--resume", "q/"], "there already")
        self.output_of("generate", "--steps=3", "--number=4", "--resume", "--force", "p/")
        self.output_of("generate", "--steps=3", "--number=4", "whole/")
        self.assertEqual(self.digests("p"), self.digests("whole"))

    def test_what_cannot_be_shared_is_refused(self):
        for words, text in ((["--resume", "a.webm"], "numbered"), (["--resume", "a.png"], "numbered"),
                            (["--resume", "--sheet=2", "a/"], "sheet")):
            self.assert_refused([*GENERATE, "--number=4", *words], text)
        process = self.start([*GENERATE, "--preview=now.png", "a/"], 0, 2)
        self.assertIn("no --preview in a distributed launch", process.communicate()[0])
        self.assertEqual(process.returncode, 2)


class Parts(Shared):
    """What elements write in a launch, and svgen merge."""

    def shared(self, line, world):
        for rank in range(world):
            self.pipeline(line, rank, world)

    def test_sets_of_features_merge_to_the_same_bits_and_measures(self):
        self.pipeline(f"{SCENES} ! svgfrechet location=one ! fakesink")
        self.pipeline("svgscenesrc classes=all num-images=64 seed=3 ! svgencode features=semantic ! "
                      "svgfrechet location=real ! fakesink")
        for world in (2, 3):
            self.shared(f"{SCENES} ! svgfrechet location=many ! fakesink", world)
            merge = ["merge", "many", "--reference=real", "--probe", "--force"]
            line = json.loads(self.output_of(*merge).splitlines()[-1])
            self.assertEqual((self.folder / "many").read_bytes(), (self.folder / "one").read_bytes())
            self.assertEqual(self.files("many.part*"), [])
        printed = self.pipeline(f"{SCENES} ! svgfrechet reference=real ! fdsink")
        alone = json.loads(printed.splitlines()[-1])
        for key in ("frechet", "kernel", "precision", "recall", "test_images"):
            self.assertAlmostEqual(line[key], alone[key], delta=1e-8 * abs(alone[key]), msg=key)
        probed = json.loads(self.pipeline(f"{SCENES} ! svgprobe reference=real ! fdsink").splitlines()[-1])
        for key in ("knn", "linear"):
            self.assertAlmostEqual(line[key], probed[key], places=8)
        self.assertEqual(json.loads(self.output_of("merge", "one", "--reference=real"))["frechet"],
                         line["frechet"])

    def test_statistics_and_latents_merge_to_the_files_of_one_process(self):
        for line, names in (("svgscenesrc num-images=6 ! svgencode ! svgstats location=s", ["s"]),
                            ("svgscenesrc num-images=6 ! svgencode ! svgalign ! "
                             "svglatentsink location=s.raw", ["s.raw", "s.json"])):
            self.pipeline(line)
            alone = [(self.folder / name).read_bytes() for name in names]
            self.shared(line, 2)
            self.assertIn("6 images from 2 parts", self.output_of("merge", "--force", names[0]))
            self.assertEqual([(self.folder / name).read_bytes() for name in names], alone)
            self.assertEqual(self.files("*part*"), [])

    def test_missing_parts_are_named_and_waited_for(self):
        line = f"{SCENES} ! svgfrechet location=many ! fakesink"
        self.assert_refused(["merge", "many"], "no part", 1)
        self.pipeline(line, 1, 3)
        self.pipeline(line, 0, 3)
        self.assert_refused(["merge", "many"], "part 2 of 3 missing", 1)
        waiting = subprocess.Popen([*COMMAND, "merge", "many", "--wait=120"], cwd=self.folder, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.pipeline(line, 2, 3)
        printed = waiting.communicate()[0]
        self.assertEqual(waiting.returncode, 0, printed)
        self.assertIn("48 images from 3 parts", printed)
        self.assert_refused(["merge", "many"], "there already")

    def test_a_dataset_is_extracted_by_several_processes(self):
        for name in ("a", "b"):
            folder = self.folder / "data" / name
            folder.mkdir(parents=True)
            shutil.copy(support.ROOT / "tests/data/photos/ball.png", folder)
            self.output_of("generate", "--steps=1", "--number=3", f"--classes={ord(name) - 97}",
                           f"data/{name}/")
        self.output_of("extract", "data", "one.raw")
        self.launch(["extract", "data", "two.raw"], 2)
        self.output_of("merge", "two.raw")
        for ending in (".raw", ".json"):
            self.assertEqual((self.folder / f"one{ending}").read_bytes(),
                             (self.folder / f"two{ending}").read_bytes())
        self.assert_refused(["extract", "data", "x.f32"], ".raw")
        self.assert_refused(["extract", "data", "one.raw"], "there already")


class Evaluation(Shared):
    WORDS = ["evaluate", "mini", "--reference=real", "--encoder=mini", "--steps=1,2", "--images=24",
             "--chunk=12", "--guidance=2"]

    def setUp(self):
        super().setUp()
        self.pipeline("svgscenesrc classes=all num-images=64 seed=3 ! svgencode features=semantic ! "
                      "svgfrechet location=real ! fakesink")

    def results(self, folder):
        return json.loads((self.folder / folder / "results.json").read_text())

    def test_has_the_same_bits_from_any_number_of_processes(self):
        printed = self.output_of(*self.WORDS, "--out=one")
        self.assertIn((self.folder / "one/table.md").read_text().strip(), printed)
        cells = self.results("one")["results"]
        self.assertEqual([(c["steps"], c["guidance"]) for c in cells], [(1, 2), (2, 2)])
        for cell in cells:
            self.assertEqual(cell["images"], 24)
            for key in ("frechet", "precision", "recall", "class_accuracy"):
                self.assertIsInstance(cell[key], (int, float), key)
        for world in (2, 3):
            self.launch([*self.WORDS, f"--out=of{world}"], world)
            for name in ("table.md", "results.json", "plot.svg"):
                self.assertEqual((self.folder / f"of{world}" / name).read_bytes(),
                                 (self.folder / "one" / name).read_bytes(), name)
        plot = xml.etree.ElementTree.parse(self.folder / "one/plot.svg").getroot()
        self.assertEqual(sum(node.tag.endswith("circle") for node in plot.iter()), 2)

    def test_goes_on_where_it_was_killed(self):
        words = [*self.WORDS, "--out=killed"]
        process = subprocess.Popen([*COMMAND, *words], cwd=self.folder, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, start_new_session=True)
        self.wait_while(process, lambda: len(list(self.folder.glob("killed/chunks/*.safetensors"))) < 2)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        before = {path.name: path.stat().st_mtime_ns
                  for path in self.folder.glob("killed/chunks/*.safetensors")}
        self.output_of(*words)
        after = {path.name: path.stat().st_mtime_ns
                 for path in self.folder.glob("killed/chunks/*.safetensors")}
        self.assertEqual(before, {name: after[name] for name in before})
        self.output_of(*self.WORDS, "--out=whole")
        self.assertEqual(self.results("killed"), self.results("whole"))
        self.assert_refused([*words, "--seed=1"], "the folder has")

    def test_tokenizers_are_measured_on_pictures(self):
        self.output_of("generate", "--steps=2", "--number=12", "pictures/")
        words = ["evaluate", "--tokenizer", "mini", "--reference=pictures", "--encoder=mini",
                 "--chunk=6"]
        printed = self.output_of(*words, "--out=one")
        self.assertIn("| tokenizer | rFID | PSNR | LPIPS | SSIM |", printed)
        cell = self.results("one")["results"][0]
        self.assertEqual(cell["images"], 12)
        self.assertGreater(cell["psnr"], 15)
        self.assertIsNone(cell["lpips"])
        self.launch([*words, "--out=two"], 2)
        self.assertEqual(self.results("two"), self.results("one"))

    def write_archive(self, name, pictures, more=()):
        """Pictures of 64 x 64 as ADM's evaluation keeps them: uint8 (N, height, width, 3)."""
        arrays = {"arr_0": ("|u1", f"({len(pictures) // (64 * 64 * 3)}, 64, 64, 3)", pictures), **dict(more)}
        with zipfile.ZipFile(self.folder / name, "w") as archive:
            for key, (dtype, shape, numbers) in arrays.items():
                header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}"
                header += " " * (-(len(header) + 11) % 64) + "\n"
                archive.writestr(f"{key}.npy", b"\x93NUMPY\1\0" + struct.pack("<H", len(header))
                                 + header.encode() + numbers)

    def test_archives_of_pictures_are_references(self):
        scenes = "svgscenesrc classes=all num-images=12 seed=3"
        self.pipeline(f"{scenes} ! video/x-raw,format=RGB ! filesink location=raw")
        pictures = (self.folder / "raw").read_bytes()
        self.write_archive("real.npz", pictures)
        for source, name in ((scenes, "a"), ("svgdatasetsrc size=64 location=real.npz", "b")):
            self.pipeline(f"{source} ! svgencode features=semantic ! svgfrechet location={name} part=true "
                          "! fakesink")
        features = [(self.folder / name).read_bytes() for name in "ab"]
        self.assertEqual(len(features[0]), len(features[1]))
        words = ["evaluate", "mini", "--encoder=mini", "--steps=1", "--images=12"]
        self.output_of(*words, "--reference=real.npz", "--out=npz")
        # With statistics of their own, the pictures still give precision and recall.
        card = json.loads((support.ROOT / "models/mini/card.json").read_text())
        width = card["encoder"]["width"]
        zeros = {"mu": ("<f8", f"({width},)", bytes(8 * width)),
                 "sigma": ("<f8", f"({width}, {width})", bytes(8 * width * width))}
        self.write_archive("both.npz", pictures, zeros)
        self.output_of(*words, "--reference=both.npz", "--out=both")
        one, both = (self.results(name)["results"][0] for name in ("npz", "both"))
        self.assertEqual((one["precision"], one["recall"]), (both["precision"], both["recall"]))
        self.assertNotEqual(one["frechet"], both["frechet"])
        self.assertIsNone(both["class_accuracy"])
        self.write_archive("bad.npz", pictures[1:])
        self.assert_refused([*words, "--reference=bad.npz", "--out=bad"], "uint8", 1)

    def test_refuses_what_it_cannot_measure(self):
        for words, text in ((["evaluate"], "needs cards"), (["evaluate", "mini"], "real pictures"),
                            (["evaluate", "mini", "--reference=real"], "Inception"),
                            (["evaluate", "mini", "--reference=none", "--encoder=mini"], "reference"),
                            ([*self.WORDS, "--steps=,"], "a list")):
            status = 1 if "none" in "".join(words) else 2
            self.assert_refused(words, text, status)


if __name__ == "__main__":
    unittest.main()
