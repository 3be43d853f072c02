# SPDX-License-Identifier: MIT
"""Runs pipelines that may fail, to their end.

gst-launch-1.0 of GStreamer 1.26.2 sometimes stands still when an element posts an error while the
pipeline prerolls, about once in a hundred, with stock elements, too:
`gst-launch-1.0 videotestsrc ! identity error-after=1 ! fakesink`. Such a run is ended by its process
id and tried again. Each prints a line with STOOD_STILL, which tools/helpers/count_results.py counts.
"""

import dataclasses
import os
import signal
import subprocess
import tempfile
import time

STOOD_STILL = "gst-launch-1.0 stood still after an error; tried again"
PATIENCE = 20  # seconds from the error to the end of the process, on a busy machine
TRIES = 4


@dataclasses.dataclass
class Run:
    """The result of a run; names as in subprocess.CompletedProcess."""
    returncode: int
    stdout: str
    seconds: float
    peak: float  # MiB
    stood_still: bool = False


def text_of(log):
    """What a process has written so far. It shares the file's position with this one, so seeking
    here would make it write over its own lines."""
    return os.pread(log.fileno(), os.fstat(log.fileno()).st_size, 0).decode(errors="replace")


def has_failed(text):
    return "ERROR: " in text


def end(process):
    """Kills a process and what it started; reaps it: (exit status, resources that it used)."""
    os.killpg(process.pid, signal.SIGKILL)
    _, status, usage = os.wait4(process.pid, 0)
    return os.waitstatus_to_exitcode(status), usage


def run_once(command, timeout, patience, options):
    with tempfile.TemporaryFile() as log:
        start = time.monotonic()
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                                   stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
                                   **options)
        failed, note, still = None, "", False
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            now = time.monotonic()
            if pid != 0:
                code = os.waitstatus_to_exitcode(status)
                break
            if failed is None and has_failed(text_of(log)):
                failed = now
            still = failed is not None and now - failed > patience
            if still or now - start > timeout:
                code, usage = end(process)
                note = f"\nkilled after {now - start:.0f} seconds"
                break
            time.sleep(0.02)
        process.returncode = code  # so that nobody waits for it again
        return Run(code, text_of(log) + note, now - start, usage.ru_maxrss / 1024, still)


def run(*command, timeout=180, patience=PATIENCE, **options):
    """Runs a command, stdout and stderr together; tries again when it stands still."""
    for _ in range(TRIES - 1):
        result = run_once(command, timeout, patience, options)
        if not result.stood_still:
            return result
        print(STOOD_STILL, flush=True)
    return run_once(command, timeout, patience, options)
