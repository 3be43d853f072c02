# SPDX-License-Identifier: MIT
"""Files that are there whole or not at all: written beside, then renamed."""

import contextlib
import os
import pathlib
import signal


def end_on_signals():
    """Makes kill and a hang-up end the program as Ctrl-C does, so that it cleans up behind itself; one
    that is ignored, as under nohup, stays so."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


@contextlib.contextmanager
def unfinished(path):
    """A name beside `path` to write to; it becomes `path` at the end, or is removed on failure."""
    path = pathlib.Path(path)
    beside = path.with_name(f".{path.name}.unfinished-{os.getpid()}")
    try:
        yield beside
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def write_text(path, text):
    with unfinished(path) as beside:
        beside.write_text(text)
