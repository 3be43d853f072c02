# SPDX-License-Identifier: MIT
"""The runner of .pipe files, on stock elements: what holds, what fails, what is skipped."""

import contextlib
import io
import os
import tempfile
import unittest

from tests.pipelines import launching
from tests.tools import support
from tools.helpers import media, pipe_file

RUNNER = support.ROOT / "tests/pipelines/run-pipe"
SNOW = ("gst-launch-1.0 videotestsrc pattern=snow num-buffers=2 ! video/x-raw,width=16,height=16 "
        "! pngenc ! multifilesink location=image-%d.png\n")


class RunPipe(unittest.TestCase):
    def setUp(self):
        self.folder = support.scratch_folder(self, "pipes ")
        (self.folder / "build/plugins").mkdir(parents=True)

    def run_pipe(self, text):
        support.write(self.folder, {"x.pipe": text})
        environment = dict(os.environ, SVGEN_BUILD=str(self.folder / "build"))
        return support.run(RUNNER, self.folder / "x.pipe", self.folder / "scratch", env=environment)

    def expect(self, *lines, launch=SNOW):
        text = "# about: A test.\n" + "".join(f"# expect: {line}\n" for line in lines) + launch
        return self.run_pipe(text)

    def assert_holds(self, result):
        self.assertEqual(result.returncode, 0, result.stdout)

    def assert_fails(self, result, text):
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn(text, result.stdout)

    def test_accepts_what_holds(self):
        self.assert_holds(self.expect("eos", "files image-*.png 2", "picture image-*.png 16x16",
                                      "contrast image-*.png 30", "distinct image-*.png",
                                      "psnr image-0.png image-0.png 90"))

    def test_names_every_expectation_that_does_not_hold(self):
        result = self.expect("files image-*.png 3", "picture image-0.png 8x8",
                             "psnr image-0.png image-1.png 60", "size none 3")
        self.assertEqual(result.returncode, 1)
        for text in ("2 files", "width=(int)16", " dB", "no file none"):
            self.assertIn(text, result.stdout)

    def test_refuses_words_it_does_not_know(self):
        self.assert_fails(self.expect("something"), "unknown expectation")
        self.assert_fails(self.expect("files too many words here"), "expected `files")

    def test_checks_an_error_and_where_it_comes_from(self):
        launch = "gst-launch-1.0 filesrc location=none ! fakesink\n"
        self.assert_holds(self.expect("error filesrc Resource not found", launch=launch))
        self.assert_fails(self.expect("error fakesink Resource", launch=launch), "errors of fake")
        self.assert_fails(self.expect("eos", launch=launch), "exit status")
        self.assert_fails(self.expect("error filesrc Resource"), "no error")

    def test_a_crash_is_not_the_expected_error(self):
        launch = "echo ERROR: from element /a/B:filesrc0: Resource; kill -SEGV $$\n"
        self.assert_fails(self.expect("error filesrc Resource", launch=launch), "killed")

    def test_checks_a_link_that_must_not_work(self):
        launch = "gst-launch-1.0 videotestsrc ! pngdec ! fakesink\n"
        self.assert_holds(self.expect("error link could not link", launch=launch))

    def test_prepares_files(self):
        self.assert_holds(self.run_pipe(
            "# about: A test.\n# prepare: photos\n# prepare: gst-launch-1.0 -q videotestsrc\n"
            "#   num-buffers=3 ! vp8enc ! webmmux ! filesink location=a.webm\n"
            "# expect: frames a.webm 3\n# expect: caps a.webm width=(int)320\n# expect: same a b\n"
            "cat ball.png > a; cat ball.png > b\n"))

    def test_runs_twice_and_compares(self):
        self.assert_holds(self.expect("repeats image-*.png"))
        self.assert_fails(self.expect("repeats time", launch="date +%N > time\n"),
                          "the second was not")

    def test_skips_with_a_reason(self):
        for need in ("weights no-such-model", "element nosuchelement"):
            result = self.run_pipe(f"# about: A test.\n# needs: {need}\n# expect: eos\n{SNOW}")
            self.assertEqual(result.returncode, 77, result.stdout)
            self.assertIn(f"needs {need}", result.stdout)

    def test_refuses_files_that_break_the_format(self):
        for text in ("# expect: eos\nx\n", "# about: a\nx\n", "# about: a\n# expect: eos\n",
                     "# about: a\n# expct: eos\nx\n", "# about: a\n# expect: eos\nx\ny\n",
                     "# about: a\n# expect: eos\nx \\\n"):
            support.write(self.folder, {"x.pipe": text})
            with self.assertRaises(pipe_file.PipeError, msg=text):
                pipe_file.parse(self.folder / "x.pipe")

    def test_every_pipeline_can_be_read(self):
        for path in (support.ROOT / "pipelines").glob("*.pipe"):
            self.assertTrue(pipe_file.parse(path).launch.startswith("gst-launch-1.0 "), path)


class Launching(unittest.TestCase):
    def setUp(self):
        self.folder = support.scratch_folder(self)

    def run_script(self, script, **options):
        """Runs a script by launching.run(): (result, how often it stood still)."""
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            result = launching.run("bash", "-c", script, cwd=self.folder, **options)
        return result, printed.getvalue().count(launching.STOOD_STILL)

    def test_a_run_that_stands_still_after_its_error_is_tried_again(self):
        script = "echo ERROR: x; [ -e been ] && exit 1; touch been; sleep 60 & wait"
        result, still = self.run_script(script, patience=0.3)
        self.assertEqual((result.returncode, result.stdout, still), (1, "ERROR: x\n", 1))

    def test_one_that_always_does_fails(self):
        result, still = self.run_script("echo ERROR: x; sleep 60", patience=0.1)
        self.assertTrue(result.returncode < 0 and result.stood_still, result)
        self.assertEqual(still, launching.TRIES - 1)

    def test_one_that_hangs_without_an_error_is_not_tried_again(self):
        result, still = self.run_script("sleep 60", timeout=0.3)
        self.assertIn("killed after", result.stdout)
        self.assertEqual(still, 0)

    def test_what_a_process_writes_while_it_is_read_is_complete(self):
        with tempfile.TemporaryFile() as log:
            os.write(log.fileno(), b"first\n")
            os.lseek(log.fileno(), 3, os.SEEK_SET)  # a process writes to the same open file
            self.assertEqual(launching.text_of(log), "first\n")
            self.assertEqual(os.lseek(log.fileno(), 0, os.SEEK_CUR), 3)


class Psnr(unittest.TestCase):
    def test_is_the_textbook_formula(self):
        self.assertAlmostEqual(media.psnr(bytes([0, 0]), bytes([0, 255])), 3.0103, places=4)
        self.assertEqual(media.psnr(b"ab", b"ab"), float("inf"))

    def test_refuses_different_lengths(self):
        for first, second in ((b"a", b"ab"), (b"", b"")):
            with self.assertRaises(ValueError):
                media.psnr(first, second)


if __name__ == "__main__":
    unittest.main()
