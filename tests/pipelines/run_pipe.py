# SPDX-License-Identifier: MIT
"""Runs one .pipe file twice in a scratch folder and checks what it expects.

usage: tests/pipelines/run-pipe FILE.pipe SCRATCH_FOLDER

The launch line runs through tools/run, so SVGEN_BUILD chooses the build folder. Exit status: 0 when
everything holds in both runs, 77 when something it needs is missing here, 1 otherwise.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys

from tests.pipelines import expectations, launching
from tools.helpers import pipe_file

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIP = 77
TIMEOUT = 180  # seconds for one run


def has_cuda():
    return shutil.which("nvidia-smi") is not None and subprocess.run(
        ["nvidia-smi", "-L"], capture_output=True, check=False).returncode == 0


def has_weights(model):
    """True when a card of that name lies in the models folders with all its files beside it."""
    folders = os.environ.get("SVGEN_MODEL_PATH", "").split(":") + [str(ROOT / "models")]
    for card in (pathlib.Path(folder, model, "card.json") for folder in folders if folder):
        if card.exists():
            entries = [value for value in json.loads(card.read_text()).values()
                       if isinstance(value, dict) and "file" in value]
            return all((card.parent / entry["file"]).exists() for entry in entries)
    return False


def has_element(name):
    return subprocess.run([str(ROOT / "tools/run"), "gst-inspect-1.0", "--exists", name],
                          check=False).returncode == 0


NEEDS = {"cuda": has_cuda, "weights": has_weights, "element": has_element}


def missing_need(pipe):
    """The first need that is not met here, or None."""
    for need in pipe.needs:
        word, *arguments = need.split()
        if word not in NEEDS:
            raise pipe_file.PipeError(f"unknown need `{need}`; known: {', '.join(NEEDS)}")
        if not NEEDS[word](*arguments):
            return need
    return None


def environment(scratch):
    result = dict(os.environ, G_DEBUG="fatal-criticals", LC_ALL="C",
                  GST_REGISTRY_1_0=str(scratch / "registry.bin"))
    # A GStreamer debug setting of the caller would mix into the checked output.
    for name in ("GST_DEBUG", "GST_DEBUG_FILE"):
        result.pop(name, None)
    return result


def launch(line, folder, scratch):
    """(status, output) of a shell line in folder; the whole process group dies at the timeout."""
    result = launching.run(ROOT / "tools/run", "bash", "-c", line, timeout=TIMEOUT, cwd=folder,
                           env=environment(scratch))
    return result.returncode, result.stdout


def prepare(step, folder, scratch):
    word = step.split()[0]
    if word == "photos":
        for photo in (ROOT / "tests/data/photos").glob("*.[jp]*g"):
            shutil.copy(photo, folder)
    elif word == "gst-launch-1.0":
        status, output = launch(step, folder, scratch)
        if status != 0:
            raise pipe_file.PipeError(f"preparing failed: {step}\n{output}")
    else:
        raise pipe_file.PipeError(f"unknown preparation `{step}`")


def run_once(pipe, folder, scratch, earlier):
    """Runs the launch line beside the prepared files: (whether all holds, {written file: digest})."""
    prepared = set(os.listdir(folder))
    status, output = launch(pipe.launch, folder, scratch)
    run = expectations.Run(str(folder), output, status, earlier)
    problems = [text for text in (expectations.check(run, line) for line in pipe.expect) if text]
    if problems:
        print(output)
        print(f"exit status {status}; files: {sorted(os.listdir(folder))}")
        print("\n".join(problems))
    written = {name: expectations.digest(folder / name)
               for name in set(os.listdir(folder)) - prepared if (folder / name).is_file()}
    return not problems, written


def run_pipe(path, scratch):
    pipe = pipe_file.parse(path)
    missing = missing_need(pipe)
    if missing:
        print(f"skipped: {pipe.name} needs {missing}, which is not here")
        return SKIP
    shutil.rmtree(scratch, ignore_errors=True)
    folder = scratch / "files"
    folder.mkdir(parents=True)
    for step in pipe.prepare:
        prepare(step, folder, scratch)
    print(f"{pipe.launch}\n")
    held, written = run_once(pipe, folder, scratch, None)
    if held:
        for name in written:
            (folder / name).unlink()
        held, _ = run_once(pipe, folder, scratch, written)
        if not held:
            print("the first run was right, the second was not")
    return 0 if held else 1


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    return run_pipe(sys.argv[1], pathlib.Path(sys.argv[2]).resolve())


if __name__ == "__main__":
    sys.exit(main())
