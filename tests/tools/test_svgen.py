# SPDX-License-Identifier: MIT
"""The command svgen: its files, its listings, and its words about mistakes."""

import fcntl
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import termios
import unittest

from tests.tools import support
from tests.tools.svgen_support import COMMAND, Svgen, png_size


class Generate(Svgen):
    def test_a_folder_of_pictures(self):
        self.output_of("generate", "--classes", "mush,Heart,3-4", "--number", "3", "--steps", "2",
                       "made/here/")
        self.assertEqual(self.files("made/here/*"), ["00000.png", "00001.png", "00002.png"])

    def test_the_same_as_the_pipeline(self):
        self.output_of("generate", "--classes", "6", "--seed", "7", "--steps", "2", "one.png")
        subprocess.run([COMMAND[0], "gst-launch-1.0", "-q", *"svgdiffuse classes=6 seed=7 steps=2 "
                        "num-images=1 framerate=1/1 ! svgdecode ! videoconvert ! pngenc ! "
                        "filesink location=two.png".split()], cwd=self.folder, check=True)
        self.assertEqual((self.folder / "one.png").read_bytes(),
                         (self.folder / "two.png").read_bytes())

    def test_a_sheet_with_a_preset(self):
        self.output_of("generate", "--number=4", "--sheet=2", "--preset=draft", "sheet.png")
        self.assertEqual(png_size(self.folder / "sheet.png"), (128, 128))

    def test_a_weaker_model_guides(self):
        self.output_of("generate", "--steps=1", "--guidance-model=mini", "--guidance-scale=2", "one.png")
        result = self.run_svgen("generate", f"--guidance-model={support.ROOT}/tests/data/first_edition",
                                "other.png")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("name a weaker model", result.stdout)

    def test_a_video_comes_back_and_gives_features(self):
        self.output_of("generate", "--number", "3", "--steps", "1", "clip.webm")
        self.output_of("reconstruct", "clip.webm", "again.mkv")
        self.output_of("extract", "clip.webm", "features.f32")
        self.assertEqual((self.folder / "features.f32").stat().st_size, 3 * 64 * 128 * 4)
        self.output_of("extract", "--features=latent", "clip.webm", "latents.gdp")
        self.assertGreater((self.folder / "latents.gdp").stat().st_size, 3 * 64 * 152 * 4)

    def test_lines_of_json_for_programs(self):
        lines = [json.loads(line) for line in
                 self.output_of("generate", "--json", "--number=2", "--steps=30", "a/").splitlines()]
        self.assertEqual(lines[-1]["event"], "done")
        self.assertEqual(lines[-1]["files"], ["a/00000.png", "a/00001.png"])
        for line in lines[:-1]:
            self.assertEqual((line["event"], line["total"], line["unit"]), ("progress", 2, "images"))

    def test_a_bar_on_a_terminal(self):
        leader, follower = support.terminal(self)
        process = subprocess.Popen([*COMMAND, "generate", "--steps=200", "x.png"], cwd=self.folder,
                                   stdout=subprocess.DEVNULL, stderr=follower)
        os.close(follower)
        seen = b""
        try:
            while chunk := os.read(leader, 4096):
                seen += chunk
        except OSError:  # the terminal is gone
            pass
        self.assertEqual(process.wait(), 0)
        self.assertRegex(seen.decode(), r"\[#+\.+\] 0\.\d of 1 images, \d+:\d\d left")
        os.close(leader)

    def test_the_bar_fits_the_terminal(self):
        leader, follower = support.terminal(self)
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 20, 0, 0))
        process = subprocess.Popen([*COMMAND, "generate", "--steps=100", "x.png"], cwd=self.folder,
                                   stdout=subprocess.DEVNULL, stderr=follower)
        os.close(follower)
        seen = b""
        try:
            while chunk := os.read(leader, 4096):
                seen += chunk
        except OSError:
            pass
        process.wait()
        lines = [line for line in re.split(r"\r|\x1b\[K", seen.decode()) if line]
        self.assertTrue(lines)
        self.assertLess(max(len(line) for line in lines), 20, lines)
        os.close(leader)

    def test_previews_are_pictures_of_each_step(self):
        self.output_of("generate", "--steps=6", "--number=2", "--sheet=2", "--preview=new/step-%d.png",
                       "--preview-interval=2", "one.png")
        self.assertEqual(self.files("new/*"), ["step-0.png", "step-1.png"])
        self.assertEqual(png_size(self.folder / "new/step-0.png"), (128, 64))
        self.assertNotEqual((self.folder / "new/step-0.png").read_bytes(),
                            (self.folder / "new/step-1.png").read_bytes())
        self.output_of("generate", "--steps=4", "--preview=now.png", "other.png")
        self.assertEqual(self.files("now*"), ["now.png"])

    def test_previews_overwrite_nothing_and_are_png_files(self):
        (self.folder / "mine.png").write_bytes(b"mine")
        (self.folder / "mine-7.png").write_bytes(b"mine")
        for words, text, status in ((["--preview=mine.png", "one.png"], "mine.png", 2),
                                    (["--preview=mine-%d.png", "one.png"], "mine-7.png", 2),
                                    (["--preview=./one.png", "one.png"], "overwrite the pictures", 2),
                                    (["--preview=%05d.png", "--resume", "./"], "overwrite the pictures", 2),
                                    (["--preview=/proc/nosuch/now.png", "one.png"], "cannot be made", 1),
                                    (["--preview=now.jpg", "one.png"], "FILE.png", 2),
                                    (["--preview-interval=3", "one.png"], "--preview FILE.png beside it", 2)):
            self.assert_refused(["generate", "--steps=4", *words], text, status)
        self.assertEqual((self.folder / "mine.png").read_bytes(), b"mine")

    def test_a_walk_is_a_video(self):
        self.output_of("generate", "--walk=spherical", "--walk-frames=2", "--number=4", "--steps=1",
                       "--rate=12", "walk.webm")
        self.assertEqual(self.files("walk*"), ["walk.webm"])
        self.assert_refused(["generate", "--walk-frames=2", "x.webm"], "--walk linear")

    def test_an_interrupted_one_leaves_nothing(self):
        process = subprocess.Popen([*COMMAND, "generate", "--number=500", "--rate=5", "x.webm"],
                                   cwd=self.folder, stderr=subprocess.PIPE, text=True)
        self.wait_for("*.webm")
        process.send_signal(signal.SIGINT)
        text = process.communicate(timeout=60)[1]
        self.assertEqual((process.returncode, self.files()), (130, []), text)


class Mistakes(Svgen):
    def test_get_words(self):
        for words, text in (
                (["gnerate"], "did you mean generate?"),
                (["generate", "--clases=1", "x.png"], "did you mean --classes?"),
                (["generate", "--classes=Hart", "x.png"], "did you mean heart?"),
                (["generate", "--classes=m", "x.png"], "there is no class m"),
                (["generate", "--number=two", "x.png"], "found two; in --number"),
                (["generate", "--number"], "--number needs a value"),
                (["generate", "-n", "2", "x.png"], "two dashes; found -n"),
                (["generate", "--guidance-end=2", "x.png"], "expected 0 to 1; found 2; in --guidance-end"),
                (["generate"], "generate needs one output"),
                (["generate", "x.bmp"], "found .bmp"),
                (["generate", "--number=2", "x.png"], "--sheet COLUMNS"),
                (["generate", "--number=2", "x%s.png"], "has one number"),
                (["generate", "--number=2", "%d%d.png"], "has one number"),
                (["generate", "--number=4", "x.png"], "do not go into one file"),
                (["generate", "--model=nosuch", "x.png"], "no such model"),
                (["extract", "x.png", "y.csv"], "found .csv"),
                (["reconstruct", "x.png"], "needs an input and an output")):
            self.assert_refused(words, text, 1 if "--model=nosuch" in words else 2)

    def test_of_files_get_words(self):
        (self.folder / "text.png").write_text("no picture\n")
        self.assert_refused(["reconstruct", "nosuch.png", "x.png"], "there is no such file", 1)
        self.assert_refused(["reconstruct", "text.png", "x.png"], "svgen: ", 1)
        self.assert_refused(["generate", "text.png"], "--force overwrites it")
        self.assertEqual((self.folder / "text.png").read_text(), "no picture\n")
        self.assert_refused(["generate", "--steps=zwei", "x.png"], "steps")
        self.assert_refused(["generate", "/proc/nosuch/x.png"], "cannot be made", 1)
        self.output_of("generate", "--force", "--steps=1", "text.png")
        self.assertEqual(png_size(self.folder / "text.png"), (64, 64))


class Looking(Svgen):
    def test_one_broken_card_does_not_hide_the_others(self):
        support.write(self.folder, {"svgen/models/bad/card.json": "{ no"})
        environment = {**os.environ, "XDG_DATA_HOME": str(self.folder)}
        result = support.run(*COMMAND, "info", env=environment)
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertRegex(result.stdout, r"(?m)^bad +broken: .*card\.json\)$")
        self.assertRegex(result.stdout, r"(?m)^mini +64x64 +ready")
        result = support.run(*COMMAND, "doctor", env=environment)
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertRegex(result.stdout, r"(?m)^PROBLEM +models .*bad/card\.json")

    def test_version(self):
        self.assertRegex(self.output_of("--version"), r"^svgen \d+\.\d+\.\d+, GStreamer 1\.")

    def test_info_names_models_and_what_is_in_one(self):
        self.assertRegex(self.output_of("info"), r"(?m)^mini +64x64 +ready")
        text = self.output_of("info", "mini")
        self.assertIn("13 mushroom", text)
        self.assertRegex(text, r"(?m)^sampling +steps 10, shift 0\.15, solver euler, ")
        found = json.loads(self.output_of("info", "--json", "mini"))
        self.assertEqual((found[0]["width"], len(found[0]["classes"])), (64, 16))
        self.assertEqual(found[0]["parts"]["decoder"]["problem"], "")
        self.assertEqual([found[0][key] for key in ("steps", "guidance-scale", "solver", "guidance-skip")],
                         [10, 4, "euler", 0])

    def test_the_doctor_finds_nothing_here(self):
        rows = [json.loads(line) for line in self.output_of("doctor", "--json").splitlines()]
        self.assertTrue(all(row["fine"] for row in rows), rows)
        self.assertEqual(rows[-1]["check"], "picture")

    def test_the_doctor_says_what_is_missing(self):
        shutil.copytree(support.ROOT / "models/mini", self.folder / "broken")
        (self.folder / "broken/dit.safetensors").unlink()
        result = self.run_svgen("doctor", "--model=broken")
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertRegex(result.stdout, r"(?m)^PROBLEM +picture +.*dit\.safetensors")

    def test_help_lists_everything(self):
        text = self.output_of("--help")
        for command in ("generate", "reconstruct", "edit", "extract", "models", "info", "fetch", "doctor"):
            self.assertIn(command, text)
            self.assertIn("usage: svgen " + command, self.output_of(command, "--help"))
        self.assertRegex(self.output_of("generate", "--help"),
                         r"(?m)^  --solver NAME +solver of the flow: euler, heun, .*ddim \(the model's\)$")


if __name__ == "__main__":
    unittest.main()
