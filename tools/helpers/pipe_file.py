# SPDX-License-Identifier: MIT
"""Reads .pipe files: a launch line with what it needs and what it must do.

    # about: one sentence for a reader.
    # needs: cuda | weights MODEL | element NAME      (skipped where it is missing)
    # prepare: photos | gst-launch-1.0 ...
    # expect: WORD ARGUMENT...                        (tests/pipelines/expectations.py)
    gst-launch-1.0 ... \\
      ...

A comment line indented by three spaces continues the one before it. The launch line stands exactly
as a user would type it and may span lines that end in a backslash.
"""

import dataclasses
import pathlib

KEYS = ("about", "needs", "prepare", "expect")


class PipeError(Exception):
    """A .pipe file that breaks the format."""


@dataclasses.dataclass
class PipeFile:
    name: str
    about: list
    needs: list
    prepare: list
    expect: list
    launch: str  # as it stands in the file, without the last newline


def parse(path):
    """The PipeFile at path. Raises PipeError with file and line for what it does not understand."""
    path = pathlib.Path(path)
    entries = {key: [] for key in KEYS}
    launch = []
    current = None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        where = f"{path}:{number}"
        if line.startswith("#   ") and current is not None:
            entries[current][-1] += " " + line[4:].strip()
        elif line.startswith("# SPDX-License-Identifier:"):
            current = None
        elif line.startswith("#"):
            current, separator, text = line[1:].strip().partition(":")
            if not separator or current not in entries:
                raise PipeError(f"{where}: expected one of {', '.join(KEYS)} and a colon: {line}")
            entries[current].append(text.strip())
        elif line.strip():
            current = None
            launch.append(line)
    for key in ("about", "expect"):
        if not entries[key]:
            raise PipeError(f"{path}: no `# {key}:` line")
    if not launch:
        raise PipeError(f"{path}: no launch line")
    if any(not line.endswith("\\") for line in launch[:-1]) or launch[-1].endswith("\\"):
        raise PipeError(f"{path}: exactly one launch line, its parts joined by backslashes")
    return PipeFile(name=path.stem, launch="\n".join(launch), **entries)
