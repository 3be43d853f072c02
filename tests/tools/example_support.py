# SPDX-License-Identifier: MIT
"""Helpers of the tests of tools/examples: compiling as a first comment says, servers, and skips."""

import importlib.util
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

from tests.tools import support

RUN = support.ROOT / "tools/run"
EXAMPLES = support.ROOT / "tools/examples"
WARNINGS = {"cc": "-std=c11 -Wall -Wextra -Werror", "c++": "-Wall -Wextra -Werror"}
SKIP = 77  # the exit status that meson counts as a skip


def torch():
    """The folder of LibTorch, or None."""
    found = sorted(support.ROOT.glob(".venv/lib/python3*/site-packages/torch"))
    return os.environ.get("TORCH") or (str(found[0]) if found else None)


def environment():
    """Variables that lead to the library in the build folder, and those that compile lines mention."""
    variables = dict(os.environ, PKG_CONFIG_PATH=str(support.BUILD / "meson-uninstalled"),
                     LD_LIBRARY_PATH=str(support.BUILD / "lib/svgen"), SVGEN=str(support.ROOT),
                     TORCH=torch() or "")
    variables.pop("PYTHONSAFEPATH", None)  # with it examples could not import what lies beside them
    return variables


def compile_line(source):
    """The command of a first comment: from the compiler to the line that ends with -o NAME."""
    text = re.sub(r"^(?://| \*)", "", source.read_text(), flags=re.MULTILINE)
    return " ".join(re.search(rf"^ +(c(?:c|\+\+) .*?-o {source.stem})$", text,
                              re.MULTILINE | re.DOTALL).group(1).split())


def compiled(test_class, name):
    """Compiles an example; the program is there until the last test of the class."""
    folder = tempfile.TemporaryDirectory()
    test_class.addClassCleanup(folder.cleanup)
    source = EXAMPLES / name
    compiler, rest = compile_line(source).split(" ", 1)
    if torch() == "/usr":  # as the comment of the example says
        rest = rest.replace("-isystem $TORCH/include -L $TORCH/lib -Wl,-rpath,$TORCH/lib ", "")
    chosen = os.environ.get({"cc": "CC", "c++": "CXX"}[compiler], compiler)
    rest = rest.replace(name, shlex.quote(str(source)), 1)
    result = support.run("sh", "-c", f"{chosen} {WARNINGS[compiler]} {rest}", cwd=folder.name,
                         env=environment())
    if result.returncode != 0:
        raise AssertionError(result.stdout)
    return pathlib.Path(folder.name, source.stem)


def run(*command, **options):
    """Runs an example with library and elements as they lie in the build folder."""
    return support.run(RUN, *command, env=environment(), **options)


def pixels(launch):
    """The RGB bytes that come out of a pipeline."""
    with tempfile.TemporaryDirectory() as folder:
        result = run("gst-launch-1.0", "-q", *shlex.split(launch), "!", "video/x-raw,format=RGB",
                     "!", "filesink", "location=pixels.rgb", cwd=folder)
        if result.returncode != 0:
            raise AssertionError(result.stdout)
        return pathlib.Path(folder, "pixels.rgb").read_bytes()


def pixels_of_png(path):
    return pixels(f"filesrc location={shlex.quote(str(path))} ! pngdec ! videoconvert")


class Server:
    """A program that first prints its address and then serves until it is interrupted."""

    def __init__(self, add_cleanup, *command):
        self.process = subprocess.Popen(
            [str(word) for word in (RUN, *command)], text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env=environment())
        add_cleanup(self.stop)
        self.address = self.process.stdout.readline().strip()

    def stop(self):
        """Interrupts it; (exit status, what it printed since), or (None, "") the second time."""
        if self.process is None:
            return None, ""
        process, self.process = self.process, None
        process.send_signal(signal.SIGINT)
        try:
            output, _ = process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise
        return process.returncode, output


def missing(modules=(), libraries=(), programs=()):
    """["name (package)"] of what is not here: Python modules, pkg-config libraries, programs."""
    def has_library(name):
        return subprocess.run(["pkg-config", "--exists", name], check=False).returncode == 0

    tests = ((modules, importlib.util.find_spec), (libraries, has_library),
             (programs, shutil.which))
    return [f"{name} ({names[name]})" for names, is_here in tests for name in names
            if not is_here(name)]


def main(needs=()):
    """Runs the tests of a file; all are skipped when something that they need is missing."""
    if needs:
        print(f"skipped: needs {', '.join(needs)}; asked by {sys.executable}")
        sys.exit(SKIP)
    unittest.main(module="__main__")
