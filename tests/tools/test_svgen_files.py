# SPDX-License-Identifier: MIT
"""The command svgen among files and values of other people: nothing is lost or silently wrong."""

import json
import os
import shutil
import signal
import subprocess
import unittest

from tests.tools import support
from tests.tools.svgen_support import COMMAND, Svgen, png_size

PICTURES, VIDEOS = support.ROOT / "tests/data/pictures", support.ROOT / "tests/data/videos"


class NothingIsLost(Svgen):
    """Files that were there stay what they were until the new ones are complete."""

    def setUp(self):
        super().setUp()
        self.video = self.folder / "v.webm"
        shutil.copy(VIDEOS / "base.webm", self.video)

    def test_an_output_that_is_the_input_is_refused(self):
        (self.folder / "hard.webm").hardlink_to(self.video)
        (self.folder / "soft.webm").symlink_to("v.webm")
        before = self.video.read_bytes()
        for name in ("v.webm", "./v.webm", "hard.webm", "soft.webm"):
            self.assert_refused(["reconstruct", "--force", "v.webm", name], "overwrite its input")
        self.assertEqual(self.video.read_bytes(), before)
        shutil.copy(PICTURES / "sq.png", self.folder / "00007.png")
        self.assert_refused(["reconstruct", "--force", "00007.png", "./"], "overwrite its input")

    def test_force_keeps_the_old_file_when_the_run_fails(self):
        old = self.folder / "old.webm"
        old.write_text("old")
        for words, status in ((["reconstruct", VIDEOS / "audio.ogg"], 1), (["generate"], 2)):
            extra = ["--steps=banana"] if words[0] == "generate" else []
            result = self.run_svgen(*words, *extra, "--force", "old.webm")
            self.assertEqual((result.returncode, old.read_text()), (status, "old"))
        self.output_of("reconstruct", "--force", "v.webm", "old.webm")
        self.assertGreater(old.stat().st_size, 1000)

    def test_a_link_is_followed_and_stays(self):
        (self.folder / "real.png").write_text("old")
        (self.folder / "link.png").symlink_to("real.png")
        self.output_of("generate", "--steps=1", "--force", "link.png")
        self.assertTrue((self.folder / "link.png").is_symlink())
        self.assertEqual(png_size(self.folder / "real.png"), (64, 64))

    def test_what_is_no_file_is_refused(self):
        os.mkfifo(self.folder / "pipe.png")
        self.assert_refused(["generate", "--force", "pipe.png"], "is no file")

    def test_a_video_does_not_go_into_one_picture(self):
        self.assert_refused(["reconstruct", "v.webm", "one.png"], "do not go into one file", 1)

    def test_a_folder_that_holds_such_a_name_is_refused_before_anything_is_written(self):
        support.write(self.folder, {"f/00003.png": "precious", "f/other.png": "x"})
        self.assert_refused(["reconstruct", "v.webm", "f/"], "00003.png")
        self.assertIn("00003.png", self.failed_line("reconstruct", "v.webm", "f/", status=2))
        lines = self.output_of("reconstruct", "--json", "--force", "v.webm", "f/").splitlines()
        self.assertEqual(len(json.loads(lines[-1])["files"]), 10)
        self.assertEqual(len(self.files("f/*.png")), 11)
        self.assertEqual((self.folder / "f/other.png").read_text(), "x")

    def test_every_signal_leaves_nothing(self):
        for number, status in ((signal.SIGTERM, 143), (signal.SIGHUP, 129)):
            process = subprocess.Popen([*support.HEARS_HANGUPS, *COMMAND, "generate", "--number=500", "a/b/"],
                                       cwd=self.folder, stderr=subprocess.PIPE, text=True)
            self.wait_for("*.png")
            process.send_signal(number)
            process.communicate(timeout=60)
            self.assertEqual((process.returncode, self.files()), (status, ["v.webm"]))

    def test_a_signal_that_was_ignored_stays_ignored(self):
        process = subprocess.Popen(["nohup", *COMMAND, "generate", "--number=4", "a/"],
                                   cwd=self.folder, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.wait_for("00000.png")
        process.send_signal(signal.SIGHUP)
        self.assertEqual(process.wait(timeout=60), 0)
        self.assertEqual(len(self.files("a/*.png")), 4)

    def test_a_reader_that_goes_ends_the_work(self):
        process = subprocess.Popen([*COMMAND, "generate", "--json", "--number=500", "a/"],
                                   cwd=self.folder, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL)
        process.stdout.readline()
        process.stdout.close()
        self.assertEqual(process.wait(timeout=60), 1)
        self.assertEqual(self.files(), ["v.webm"])

    def test_a_full_standard_output_is_an_error(self):
        for words in (["info"], ["--version"], ["generate", "--help"],
                      ["generate", "--steps=1", "x.png"]):
            with open("/dev/full", "w", encoding="utf-8") as full:
                process = subprocess.run([*COMMAND, *words], cwd=self.folder, stdout=full,
                                         stderr=subprocess.DEVNULL, check=False)
            self.assertEqual(process.returncode, 1, words)


class SuccessMeansThatThereIsSomething(Svgen):
    def test_sound_alone_is_refused_at_once(self):
        for name in ("audio.mp3", "audio.ogg"):
            self.assert_refused(["reconstruct", VIDEOS / name, "x.webm"],
                                "no picture and no video in", 1)

    def test_a_decoder_that_gives_nothing_is_named(self):
        result = self.run_svgen("reconstruct", VIDEOS / "interlaced.mp4", "x.mkv")
        if result.returncode == 0:  # another decoder is installed, and knows such video
            self.assertGreater((self.folder / "x.mkv").stat().st_size, 1000)
            return
        for command, name in (("reconstruct", "x.mkv"), ("reconstruct", "x.png"),
                              ("extract", "x.f32")):
            self.assert_refused([command, VIDEOS / "interlaced.mp4", name], "interlaced.mp4", 1)
        self.assertRegex(result.stdout, "interlaced, which|needs a")

    def test_an_empty_stream_is_no_success(self):
        (self.folder / "empty.webm").write_bytes((VIDEOS / "base.webm").read_bytes()[:300])
        self.assert_refused(["reconstruct", "empty.webm", "x.webm"], "empty.webm", 1)


class Names(Svgen):
    def test_any_utf8_works_for_inputs_and_outputs(self):
        for name in ("back\\slash", "50%", "tab\tstop", "line\nfeed", "quote\"'! x", "käse", "a,b=c"):
            shutil.copy(PICTURES / "sq.png", self.folder / f"{name}.png")
            self.output_of("reconstruct", f"{name}.png", f"{name}-again.png")
            self.assertIn(f"{name}-again.png", self.files())
        self.output_of("generate", "--steps=1", "--number=2", "100%/x%03d.png")
        self.assertEqual(self.files("100%/*"), ["x000.png", "x001.png"])

    def test_other_bytes_are_refused_with_the_name_escaped(self):
        name = os.fsencode(self.folder) + b"/caf\xe9.png"
        shutil.copy(PICTURES / "sq.png", name)
        for words in (["reconstruct", name, "x.png"], ["generate", name + b"2.png"]):
            process = subprocess.run([*COMMAND, *words, "--json"], cwd=self.folder, check=False,
                                     stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            self.assertEqual(process.returncode, 2)
            self.assertIn("caf\\xe9.png", json.loads(process.stdout)["text"])

    def test_endings_in_any_case(self):
        self.output_of("generate", "--steps=1", "A.PNG")
        self.output_of("generate", "--steps=1", "b.jpeg")
        self.assertEqual((self.folder / "b.jpeg").read_bytes()[:2], b"\xff\xd8")


class Values(Svgen):
    """Values of options are checked before anything starts, and the error names the option."""

    def test_out_of_range_empty_or_of_another_kind(self):
        for option, found in (("--steps=0", "1 to 10000; found 0; in --steps"),
                              ("--steps=banana", "found banana; in --steps"),
                              ("--number=0", "found 0; in --number"),
                              ("--seed=-1", "from 0 on; found -1; in --seed"),
                              ("--rate=29.97", "found 29.97; in --rate"),
                              ("--rate=0", "in --rate"),
                              ("--guidance-scale=nan", "found nan; in --guidance-scale"),
                              ("--solver=Euler2", "ddim; found Euler2; in --solver"),
                              ("--preset=slow", "draft"),
                              ("--classes=", "--classes needs a value"),
                              ("--model=", "--model needs a value"),
                              ("--force=yes", "it is a switch")):
            self.assert_refused(["generate", option, "x.png"], found)
        self.assert_refused(["generate", "--steps", "", "x.png"], "--steps needs a value")
        self.assert_refused(["generate", ""], "empty")
        self.assert_refused(["reconstruct", "--batch=0", PICTURES / "sq.png", "x.png"],
                            "1 to 1024; found 0; in --batch")
        self.assert_refused(["reconstruct", "--fit=tile", PICTURES / "sq.png", "x.png"],
                            "crop, letterbox, stretch; found tile; in --fit")

    def test_names_of_classes(self):
        card = json.loads((support.ROOT / "tests/data/tiny/card.json").read_text())
        names = ["tench, Tinca tinca", "goldfish", "crane", "crane"]
        count = card["diffusion"].get("classes", 0) or len(card.get("classes", names))
        card["classes"] = (names + [f"other {i}" for i in range(count)])[:max(count, 4)]
        for part in ("encoder", "residual", "decoder", "diffusion", "statistics"):
            card[part]["file"] = str(support.ROOT / "tests/data/tiny" / card[part]["file"])
        (self.folder / "card.json").write_text(json.dumps(card))
        base = ["generate", "--model=card.json", "--steps=1", "--force", "x.png"]
        for name in ("tench, Tinca tinca", "tench", " GOLDFISH ", "1,tench"):
            self.output_of(*base, "--classes", name)
        for name in ("crane", " crane"):
            result = self.run_svgen(*base, "--classes", name)
            self.assertEqual(result.returncode, 2, result.stdout)
            self.assertIn("2 crane; 3 crane", result.stdout)

    def test_a_mistake_is_a_line_of_json_too(self):
        self.assertIn("no such model", self.failed_line("generate", "--model=nope", "x.png"))
        self.assertIn("found .bmp", self.failed_line("generate", "x.bmp", status=2))
        self.assertIn("no command", self.failed_line("gnerate", status=2))


class OnePictureOneMeaning(Svgen):
    def frame(self, path):
        """The pixels of a picture, as rows of (r, g, b)."""
        raw = self.folder / "raw"
        subprocess.run([COMMAND[0], "gst-launch-1.0", "-q", "filesrc", f"location={path}", "!",
                        "decodebin", "!", "videoconvert", "!", "video/x-raw,format=RGB,width=64",
                        "!", "filesink", f"location={raw}"], check=True)
        data = raw.read_bytes()
        return [[tuple(data[(y * 64 + x) * 3:(y * 64 + x) * 3 + 3]) for x in range(64)]
                for y in range(len(data) // 192)]

    def test_a_turned_video_stands_upright(self):
        self.output_of("reconstruct", VIDEOS / "rot90.mp4", "r/")
        rows = self.frame(self.folder / "r/00000.png")
        red, green = rows[52][8], rows[12][8]
        self.assertGreater(red[0], 2 * red[1])
        self.assertGreater(green[1], 2 * green[0])

    def test_pictures_of_another_shape_are_cropped_with_a_word(self):
        for fit, level in (("crop", 150), ("stretch", 150), ("letterbox", -1)):
            result = self.output_of("reconstruct", f"--fit={fit}", PICTURES / "wide.png",
                                    f"{fit}.png")
            self.assertEqual("note:" in result, fit != "stretch", result)
            rows = self.frame(self.folder / f"{fit}.png")
            self.assertGreater(rows[10][32][0], level, fit)

    def test_a_picture_is_what_it_is_in_a_dataset(self):
        # Pictures of the model's size, since the dataset does not scale as videoscale does.
        for name in ("sq.png", "exif6sq.png"):
            (self.folder / name / "c").mkdir(parents=True)
            shutil.copy(PICTURES / name, self.folder / name / "c")
            self.output_of("extract", "--force", PICTURES / name, "features.f32")
            subprocess.run([COMMAND[0], "gst-launch-1.0", "-q", "svgdatasetsrc",
                            f"location={self.folder / name}", "size=64", "!", "svgencode",
                            "features=semantic", "!", "filesink", f"location={self.folder}/d.f32"],
                           check=True)
            self.assertEqual((self.folder / "features.f32").read_bytes(),
                             (self.folder / "d.f32").read_bytes(), name)

    def test_pictures_of_many_kinds_are_read(self):
        for name in ("rgba.png", "quad.tiff", "cmyk.jpg"):
            self.output_of("extract", "--force", PICTURES / name, "features.f32")
            self.assertEqual((self.folder / "features.f32").stat().st_size, 64 * 128 * 4)

    def test_an_animation_is_its_first_frame_or_refused_with_words(self):
        result = self.run_svgen("reconstruct", PICTURES / "anim.webp", "w.png")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn("note:", result.stdout)
        result = self.run_svgen("reconstruct", PICTURES / "anim.gif", "g.webm")
        if result.returncode != 0:
            self.assertIn("needs a GIF decoder", result.stdout)

    def test_a_picture_of_gigabytes_is_refused_until_it_is_allowed(self):
        shutil.copy(PICTURES / "wide.png", self.folder)
        environment = {**os.environ, "SVGEN_MAX_PIXELS": "1000000"}
        result = support.run(*COMMAND, "reconstruct", "wide.png", "x.png", cwd=self.folder,
                             env=environment)
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn("9000 x 200", result.stdout)
        self.assertIn("SVGEN_MAX_PIXELS", result.stdout)

if __name__ == "__main__":
    unittest.main()
