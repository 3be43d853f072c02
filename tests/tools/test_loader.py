# SPDX-License-Identifier: MIT
"""A compute library that cannot be opened is an error that says what it is and which file."""

import os
import re
import shutil
import unittest

from tests.tools import support

TOOL = support.BUILD / "tools/svgen-weights-ls"
WEIGHTS = support.ROOT / "tests/data/tiny/dit_tiny.pt"
BACKEND = support.BUILD / "lib/backend/libsvgen-torch.so"
COMPILER = shutil.which(os.environ.get("CC", "cc")) or shutil.which("gcc") or "c++"


class ComputeLibrary(unittest.TestCase):
    def setUp(self):
        self.folder = support.scratch_folder(self)

    def library(self, name, source="int nothing;", *options):
        file = self.folder / name
        made = support.run(COMPILER, "-shared", "-fPIC", f"-Wl,-soname,{name}", "-x", "c", "-",
                           "-x", "none", "-o", file, *options, input=source)
        self.assertEqual(made.returncode, 0, made.stdout)
        return file

    def refusal(self, **environment):
        result = support.run(TOOL, WEIGHTS, env=os.environ | environment)
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn("troubleshooting.md", result.stdout)
        return result.stdout

    def test_another_libtorch_is_named_with_its_file(self):
        dynamic = support.run("readelf", "-d", BACKEND).stdout
        others = [self.library(name) for name in
                  re.findall(r"\[(lib(?:c10|torch|torch_cpu)\.so[.\d]*)\]", dynamic)]
        self.assertTrue(others, dynamic)
        text = self.refusal(LD_PRELOAD=" ".join(map(str, others)))
        self.assertIn("another LibTorch is in this process already", text)
        for other in others:
            self.assertIn(str(other), text)

    def test_another_libtorch_that_fits_nothing_is_not_blamed_for_a_missing_file(self):
        other = self.library("libtorch.so")
        absent = self.folder / "absent.so"
        text = self.refusal(LD_PRELOAD=str(other), SVGEN_BACKEND=str(absent))
        self.assertIn("the compute library is not there", text)
        self.assertIn(str(absent), text)

    def test_a_missing_libtorch_is_named(self):
        needed = self.library("libsvgen-test-torch.so")
        backend = self.library("backend.so", "int nothing;", "-Wl,--no-as-needed", needed)
        needed.unlink()
        text = self.refusal(SVGEN_BACKEND=str(backend))
        self.assertIn("the compute library needs libsvgen-test-torch.so, which is not there", text)
        self.assertIn(str(backend), text)

    def test_a_library_of_another_build_is_named(self):
        backend = self.library("backend.so", "void absent_here(void); void f(void) {absent_here();}")
        text = self.refusal(SVGEN_BACKEND=str(backend))
        self.assertIn("does not fit LibTorch or libsvgen as they are now", text)
        self.assertIn("absent_here", text)

    def test_what_signals_do_stays_the_applications_business(self):
        backend = self.library("backend.so", """
            #include <signal.h>
            #include <stdio.h>
            static void mine(int number) {(void)number;}
            __attribute__((constructor)) static void begin(void) {signal(SIGHUP, mine);}
            __attribute__((destructor)) static void end(void) {
              puts(signal(SIGHUP, SIG_DFL) == mine ? "taken" : "given back");
            }
            void *svgen_backend(int version) {return 0;}""")
        self.assertIn("given back", self.refusal(SVGEN_BACKEND=str(backend)))

    def test_a_library_of_another_version_is_named(self):
        backend = self.library("backend.so", "void *svgen_backend(int version) {return 0;}")
        text = self.refusal(SVGEN_BACKEND=str(backend))
        self.assertIn("does not fit this libsvgen", text)
        self.assertIn(str(backend), text)


if __name__ == "__main__":
    unittest.main()
