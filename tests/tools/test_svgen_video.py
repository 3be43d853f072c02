# SPDX-License-Identifier: MIT
"""The command svgen with videos as people have them: sizes, sound, times, and many at once."""

import json
import re
import shutil
import struct
import subprocess
import unittest

from tests.tools import support
from tests.tools.svgen_support import COMMAND, Svgen, png_size

PICTURES, VIDEOS = support.ROOT / "tests/data/pictures", support.ROOT / "tests/data/videos"


def has_element(name):
    return support.run(COMMAND[0], "gst-inspect-1.0", name).returncode == 0


def seconds(text):
    hours, minutes, rest = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


class VideoTest(Svgen):
    def launch(self, pipeline):
        result = support.run(COMMAND[0], "gst-launch-1.0", "-v", *pipeline.split(), cwd=self.folder)
        self.assertEqual(result.returncode, 0, result.stdout)
        return result.stdout

    def make_clip(self, name, *, size=(64, 64), frames=6, rate="5/1", sound="opusenc", muxer="webmmux",
                  source="", video="vp8enc deadline=1", alter="", silence=0):
        """A ball with a tone of 1.2 seconds, which begins after so many seconds of silence."""
        tone = (f"audiotestsrc num-buffers=30 samplesperbuffer=1920 timestamp-offset={silence}000000000 ! audio/x-raw,rate=48000,channels=1 "
                f"! audioconvert ! {sound} ! m." if sound else "")
        self.launch(f"{muxer} name=m ! filesink location={name} {tone} "
                    f"videotestsrc num-buffers={frames} pattern=ball {source} "
                    f"! video/x-raw,width={size[0]},height={size[1]},framerate={rate} {alter} ! queue ! {video} ! m.")
        return self.folder / name

    def streams(self, name, demuxer="matroskademux", tracks=1):
        """Of the video and each track of sound: its caps, the packets' times, and its bytes."""
        found = {}
        for pad in ("video_0", "audio_0", "audio_1")[:1 + tracks]:
            text = support.run(COMMAND[0], "gst-launch-1.0", "-v", "filesrc", f"location={name}", "!", demuxer,
                               "name=d", f"d.{pad}", "!", "tee", "name=t", "t.", "!", "queue", "!", "filesink",
                               f"location=bytes-{pad}", "t.", "!", "queue", "!", "fakesink", "name=end",
                               "silent=false", "sync=false", cwd=self.folder).stdout
            packets = re.findall(r"chain .*\((\d+) bytes, dts: [^,]*, pts: ([^,]*), duration: ([^,]*),", text)
            self.assertTrue(packets, text)
            caps = re.findall(r"GstPad:sink: caps = (.*(?:width|rate)=.*)", text)[-1]
            found[pad] = {"caps": caps, "times": [packet[1] for packet in packets],
                          "durations": [packet[2] for packet in packets],
                          "bytes": (self.folder / f"bytes-{pad}").read_bytes()}
        return found

    def assert_same_sound(self, before, after, tracks=1):
        names = [name for name in before if name.startswith("audio")]
        self.assertEqual(len(names), tracks)
        for name in names:
            self.assertGreater(len(before[name]["bytes"]), 500)
            for what in ("bytes", "times", "durations"):
                self.assertEqual(before[name][what], after[name][what], (name, what))

    def assert_same_pictures_but_their_content(self, before, after, width=1):
        """`width`: how many times as wide they are."""
        for what in ("width", "height", "framerate", "pixel-aspect-ratio"):
            value = [re.search(rf"{what}=\(\w+\)([0-9/]+)", part["video_0"]["caps"]) for part in (before, after)]
            old, new = [found.group(1) if found else None for found in value]
            self.assertEqual(new, str(width * int(old)) if what == "width" else old, what)
        self.assertEqual(before["video_0"]["times"], after["video_0"]["times"])
        for old, new in zip(before["video_0"]["durations"], after["video_0"]["durations"]):
            # Matroska rounds to milliseconds what is not the rate's.
            self.assertLessEqual(abs(seconds(old) - seconds(new)), 0.001)


class Sizes(VideoTest):
    def test_a_clip_keeps_its_size_rate_duration_and_sound(self):
        self.make_clip("clip.webm", size=(160, 90), frames=4, rate="10000/3003")
        before = self.streams("clip.webm")
        self.output_of("reconstruct", "--size=source", "--batch=3", "clip.webm", "again.webm")
        after = self.streams("again.webm")
        self.assert_same_pictures_but_their_content(before, after)
        self.assert_same_sound(before, after)

    def test_an_edited_clip_keeps_them_too(self):
        self.make_clip("clip.webm", size=(1280, 720), frames=4)
        shutil.copy(PICTURES / "sq.png", self.folder / "mask.png")
        before = self.streams("clip.webm")
        self.output_of("edit", "--size=source", "--strength=0.5", "--classes=ball", "--steps=4", "--noise=fixed",
                       "--mask=mask.png", "clip.webm", "edited.webm")
        after = self.streams("edited.webm")
        self.assert_same_pictures_but_their_content(before, after)
        self.assert_same_sound(before, after)

    def test_odd_sizes_and_pixels_that_are_no_squares_come_back(self):
        self.make_clip("clip.mkv", size=(102, 57), frames=3, sound="", muxer="matroskamux",
                       alter=",pixel-aspect-ratio=4/3")
        self.output_of("reconstruct", "--size=source", "clip.mkv", "again.mkv")
        self.assert_same_pictures_but_their_content(self.streams("clip.mkv", tracks=0),
                                                        self.streams("again.mkv", tracks=0))

    def test_pixels_so_wide_that_a_picture_takes_gigabytes_are_refused(self):
        self.make_clip("clip.mkv", frames=1, sound="", muxer="matroskamux", alter=",pixel-aspect-ratio=60000/1")
        self.assert_refused(["reconstruct", "--size=source", "clip.mkv", "again.mkv"], "so wide pixels", 1)

    def test_a_turned_video_comes_back_upright(self):
        self.output_of("reconstruct", "--size=source", VIDEOS / "rot90.mp4", "again.mkv")
        text = self.launch(f"filesrc location={VIDEOS}/rot90.mp4 ! decodebin ! videoconvert "
                           "! videoflip video-direction=auto ! fakesink")
        width, height = re.findall(r"FakeSink.*width=\(int\)(\d+), height=\(int\)(\d+)", text)[-1]
        self.assertRegex(self.streams("again.mkv", tracks=0)["video_0"]["caps"],
                         rf"width=\(int\){width}, height=\(int\){height}")

    def test_a_size_of_whole_cells(self):
        self.output_of("reconstruct", "--size=96x64", PICTURES / "sq.png", "x.png")
        self.assertEqual(png_size(self.folder / "x.png"), (96, 64))
        self.assert_refused(["reconstruct", "--size=100x61", PICTURES / "sq.png", "y.png"],
                            "--size 104x64 is the nearest size")
        for value in ("big", "0x64", "64x", "99999x64"):
            self.assert_refused(["reconstruct", f"--size={value}", PICTURES / "sq.png", "y.png"],
                                f"found {value}; in --size")
        self.assert_refused(["reconstruct", "--size=source", "--fit=crop", PICTURES / "sq.png", "y.png"],
                            "leave --fit out")

    def test_without_a_size_it_is_the_models(self):
        self.output_of("reconstruct", PICTURES / "quad.jpg", "x.png")
        self.assertEqual(png_size(self.folder / "x.png"), (64, 64))


class Times(VideoTest):
    def test_variable_rates_and_a_late_start_are_kept(self):
        self.make_clip("clip.webm", frames=30, rate="25/1", sound="vorbisenc",
                       source="timestamp-offset=400000000", alter="! identity drop-probability=0.4")
        before = self.streams("clip.webm")
        self.assertEqual(before["video_0"]["times"][-1][:9], "0:00:01.5", before["video_0"]["times"])
        for option, width in (("--fit=crop", 1), ("--compare", 2)):
            self.output_of("reconstruct", option, "--force", "clip.webm", "again.webm")
            after = self.streams("again.webm")
            self.assert_same_pictures_but_their_content(before, after, width)
            self.assert_same_sound(before, after)

    def test_the_left_of_a_comparison_is_the_input(self):
        subprocess.run([COMMAND[0], *"gst-launch-1.0 -q videotestsrc num-buffers=1 pattern=smpte ! "
                        "video/x-raw,format=RGB,width=80,height=48 ! pngenc ! filesink location=in.png".split()],
                       cwd=self.folder, check=True)
        self.output_of("reconstruct", "in.png", "alone.png", "--size=source")
        self.output_of("reconstruct", "in.png", "both.png", "--size=source", "--compare")
        rows = {name: self.rows(name) for name in ("in", "alone", "both")}
        self.assertEqual(rows["both"], [left + right for left, right in zip(rows["in"], rows["alone"])])

    def rows(self, name):
        self.launch(f"filesrc location={name}.png ! pngdec ! videoconvert ! video/x-raw,format=RGB "
                    f"! filesink location={name}.raw")
        data = (self.folder / f"{name}.raw").read_bytes()
        step = png_size(self.folder / f"{name}.png")[0] * 3
        return [data[at:at + step] for at in range(0, len(data), step)]


class Sound(VideoTest):
    def test_what_a_webm_does_not_hold_is_said_and_goes_into_a_mkv(self):
        self.make_clip("clip.mkv", sound="lamemp3enc ! mpegaudioparse", muxer="matroskamux")
        self.assert_refused(["reconstruct", "clip.mkv", "again.webm"], "ends with .mkv, or leave", 1)
        before = self.streams("clip.mkv")
        self.output_of("reconstruct", "clip.mkv", "again.mkv")
        self.assert_same_sound(before, self.streams("again.mkv"))
        self.output_of("reconstruct", "--no-sound", "clip.mkv", "again.webm")
        self.assertNotIn(b"A_MPEG", (self.folder / "again.webm").read_bytes())

    def test_of_films_of_cameras(self):
        if not has_element("voaacenc"):
            self.skipTest("there is no encoder of AAC")
        self.make_clip("clip.mov", sound="voaacenc", muxer="qtmux", video="jpegenc")
        before = self.streams("clip.mov", "qtdemux")
        self.output_of("reconstruct", "--size=source", "clip.mov", "again.mkv")
        after = self.streams("again.mkv")
        self.assertEqual(before["audio_0"]["bytes"], after["audio_0"]["bytes"])
        self.assertEqual(len(before["video_0"]["times"]), len(after["video_0"]["times"]))

    def test_every_track_of_it(self):
        self.launch("webmmux name=m ! filesink location=clip.webm "
                    "audiotestsrc num-buffers=40 ! opusenc ! m. audiotestsrc num-buffers=40 freq=300 "
                    "! audioconvert ! vorbisenc ! m. "
                    "videotestsrc num-buffers=5 ! video/x-raw,width=64,height=64,framerate=5/1 ! vp8enc deadline=1 ! m.")
        before = self.streams("clip.webm", tracks=2)
        self.output_of("reconstruct", "clip.webm", "again.webm")
        self.assert_same_sound(before, self.streams("again.webm", tracks=2), tracks=2)

    def test_may_begin_long_after_the_pictures(self):
        self.make_clip("clip.mkv", size=(1280, 720), frames=16, source="pattern=snow", muxer="matroskamux",
                       video="jpegenc quality=95", silence=3)
        before = self.streams("clip.mkv")
        self.output_of("reconstruct", "--batch=1", "clip.mkv", "again.mkv")
        after = self.streams("again.mkv")
        for what in ("bytes", "times"):
            self.assertEqual(before["audio_0"][what], after["audio_0"][what], what)
        self.assertEqual(before["video_0"]["times"], after["video_0"]["times"])

    def test_pictures_have_none(self):
        self.make_clip("clip.webm", frames=2)
        self.output_of("reconstruct", "clip.webm", "pictures/")
        self.assertEqual(self.files("pictures/*"), ["00000.png", "00001.png"])


class ManyInputs(VideoTest):
    def test_one_that_is_broken_takes_nothing_from_the_others(self):
        self.make_clip("clip.webm")
        shutil.copy(VIDEOS / "rot90.mp4", self.folder / "turned.mp4")
        shutil.copy(PICTURES / "o6.webp", self.folder)
        (self.folder / "broken.webm").write_text("no video\n")
        result = self.run_svgen("reconstruct", "clip.webm", "broken.webm", "nosuch.png", "turned.mp4", "o6.webp",
                                "made/here")
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertEqual(self.files("made/here/*"), ["clip.webm", "o6.png", "turned.mkv"])
        lines = result.stdout.splitlines()
        self.assertEqual(len(lines), 6, result.stdout)
        self.assertRegex(lines[3], r"^svgen: broken\.webm: ")
        self.assertRegex(lines[4], r"^svgen: nosuch\.png: there is no such file")
        self.assertEqual(lines[5], "svgen: 2 of 5 inputs failed; finished: 3")

    def test_names_are_kept_apart_and_inputs_are_never_overwritten(self):
        for name in ("a/x.png", "b/x.png", "x.webm"):
            (self.folder / name).parent.mkdir(exist_ok=True)
            shutil.copy(PICTURES / "sq.png", self.folder / name)
        before = (self.folder / "a/x.png").read_bytes()
        self.assert_refused(["reconstruct", "a/x.png", "b/x.png", "out"], "would become one file")
        self.assert_refused(["reconstruct", "a/x.png", "b/x.png", "out-1.5"], "end its name with /")
        result = self.run_svgen("reconstruct", "--force", "b/x.png", "x.webm", "a")
        self.assertIn("x.png and x.webm", result.stdout)
        shutil.copy(PICTURES / "quad.jpg", self.folder / "y.jpg")
        result = self.run_svgen("reconstruct", "--force", "a/x.png", "y.jpg", "a")
        self.assertIn("overwrite its input", result.stdout)
        self.assertEqual(((self.folder / "a/x.png").read_bytes(), self.files("a/*")), (before, ["x.png", "y.jpg"]))

    def test_a_wrong_option_is_wrong_at_once(self):
        self.assert_refused(["reconstruct", "--batch=0", PICTURES / "sq.png", PICTURES / "quad.jpg", "out"],
                            "found 0; in --batch")

    def test_a_file_that_is_there_is_left_to_itself(self):
        support.write(self.folder, {"out/sq.png": "precious"})
        result = self.run_svgen("reconstruct", PICTURES / "sq.png", PICTURES / "quad.jpg", "out")
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn("--force overwrites it", result.stdout)
        self.assertEqual(((self.folder / "out/sq.png").read_text(), self.files("out/*")), ("precious", ["quad.jpg", "sq.png"]))


class Edits(VideoTest):
    def test_a_mask_has_no_sound(self):
        self.make_clip("mask.webm", frames=1)
        self.output_of("edit", "--strength=0.5", "--classes=ball", "--steps=1", "--mask=mask.webm",
                       PICTURES / "sq.png", "x.mkv")
        self.assertNotIn(b"A_OPUS", (self.folder / "x.mkv").read_bytes())

    def test_words_about_mistakes(self):
        picture = PICTURES / "sq.png"
        for words, text in ((["--classes=Hart", picture, "x.png"], "did you mean heart?"),
                            (["--mask-blur=2", picture, "x.png"], "name its file with --mask"),
                            (["--size=0x0", picture, "x.png"], "in --size"),
                            ([picture], "edit needs an input and an output")):
            self.assert_refused(["edit", *words], text)
        text = self.output_of("edit", "--help")
        for option in ("strength", "mask-blur", "guidance-scale", "compare", "size"):
            self.assertRegex(text, rf"(?m)^  --{option} ")


class Features(Svgen):
    """Files of arrays, read back by their formats' descriptions."""

    def array(self, name):
        data = (self.folder / name).read_bytes()
        self.assertEqual(data[:8], b"\x93NUMPY\x01\x00")
        size = struct.unpack("<H", data[8:10])[0]
        self.assertEqual((10 + size) % 64, 0)
        header = eval(data[10:10 + size], {})  # pylint: disable=eval-used
        self.assertEqual((header["descr"], header["fortran_order"]), ("<f4", False))
        return header["shape"], data[10 + size:]

    def tensors(self, name):
        data = (self.folder / name).read_bytes()
        size = struct.unpack("<Q", data[:8])[0]
        header = json.loads(data[8:8 + size])
        metadata = header.pop("__metadata__")
        ends = sorted(tensor["data_offsets"] for tensor in header.values())
        self.assertEqual([end[1] for end in ends], [end[0] for end in ends[1:]] + [len(data) - 8 - size])
        for tensor in header.values():
            start, end = tensor["data_offsets"]
            tensor["data"] = data[8 + size + start:8 + size + end]
            if tensor["dtype"] == "I64":
                tensor["list"] = list(struct.unpack(f"<{(end - start) // 8}q", tensor["data"]))
        return header, metadata

    def raw(self, name, *words):
        self.output_of("extract", *words, name)
        return (self.folder / name).read_bytes()

    def test_an_array_of_a_video(self):
        raw = self.raw("x.f32", VIDEOS / "base.webm")
        self.output_of("extract", VIDEOS / "base.webm", "x.npy")
        shape, data = self.array("x.npy")
        self.assertEqual((shape, data), ((10, 64, 128), raw))
        self.assert_refused(["extract", "--features=both", VIDEOS / "base.webm", "y.npy"], "ends with .safetensors", 1)

    def test_tensors_of_several_inputs_with_one_that_is_broken(self):
        (self.folder / "broken.webm").write_text("no video\n")
        result = self.run_svgen("extract", "--features=both", PICTURES / "sq.png", "broken.webm", 300 * "n",
                                VIDEOS / "base.webm", "made/x.safetensors")
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertRegex(result.stdout, r"(?m)^svgen: 2 of 4 inputs failed; finished: 2$")
        tensors, metadata = self.tensors("made/x.safetensors")
        self.assertEqual({name: tensor["shape"] for name, tensor in tensors.items()},
                         {"semantic": [11, 64, 128], "residual": [11, 64, 24], "index": [11], "source": [11]})
        sources = json.loads(metadata["sources"])
        self.assertEqual(len(sources), 2)
        self.assertEqual([sources[i] for i in tensors["source"]["list"]],
                         [str(PICTURES / "sq.png")] + 10 * [str(VIDEOS / "base.webm")])
        self.assertEqual(tensors["index"]["list"], [0, *range(10)])
        self.assertEqual((metadata["card"], metadata["grid"]), ("mini", "8x8"))
        raw = self.raw("sq.f32", PICTURES / "sq.png") + self.raw("base.f32", VIDEOS / "base.webm")
        self.assertEqual(tensors["semantic"]["data"], raw)

    def test_tensors_of_a_dataset_have_names_and_labels(self):
        for label, name in (("cats", "sq.png"), ("dogs", "quad.jpg"), ("dogs", "rgba.png")):
            (self.folder / "set" / label).mkdir(parents=True, exist_ok=True)
            shutil.copy(PICTURES / name, self.folder / "set" / label)
        self.output_of("extract", "--features=latent", "set", "x.safetensors")
        tensors, metadata = self.tensors("x.safetensors")
        self.assertEqual((tensors["latent"]["shape"], tensors["label"]["list"]), ([3, 64, 152], [0, 1, 1]))
        sources = json.loads(metadata["sources"])
        self.assertEqual([sources[i] for i in tensors["source"]["list"]],
                         ["set/cats/sq.png", "set/dogs/quad.jpg", "set/dogs/rgba.png"])
        self.assertEqual(json.loads(metadata["classes"]), ["cats", "dogs"])
        (self.folder / "other/birds").mkdir(parents=True)
        shutil.copy(PICTURES / "sq.png", self.folder / "other/birds")
        result = self.run_svgen("extract", "set", "other", PICTURES / "sq.png", "y.safetensors")
        self.assertIn("label 0 cats; found label 0 birds", result.stdout)
        tensors_of_two, metadata = self.tensors("y.safetensors")
        self.assertEqual(tensors_of_two["label"]["list"], [0, 1, 1, -1])
        self.assertEqual(json.loads(metadata["classes"]), ["cats", "dogs"])
        self.assertEqual(len(json.loads(metadata["sources"])), 4)
        self.output_of("extract", "--features=latent", "set", "x.npy")
        self.assertEqual(self.array("x.npy"), ((3, 64, 152), tensors["latent"]["data"]))

    def test_the_libraries_read_them(self):
        try:
            import numpy  # pylint: disable=import-outside-toplevel
        except ImportError as error:
            self.skipTest(str(error))
        self.output_of("extract", PICTURES / "sq.png", "x.npy")
        array = numpy.load(self.folder / "x.npy")
        self.assertEqual((array.shape, array.dtype), ((1, 64, 128), numpy.float32))

    def test_mistakes_leave_nothing(self):
        self.assert_refused(["extract", PICTURES / "sq.png", PICTURES / "quad.jpg", "x.f32"], "one .npy or .safetensors")
        self.assert_refused(["extract", "nosuch.png", "x.npy"], "there is no such file", 1)
        self.assert_refused(["extract", VIDEOS / "audio.ogg", "x.safetensors"], "no picture and no video", 1)
        support.write(self.folder, {"x.npy": "old"})
        self.assert_refused(["extract", PICTURES / "sq.png", "x.npy"], "--force overwrites it")


if __name__ == "__main__":
    unittest.main()
