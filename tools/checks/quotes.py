# SPDX-License-Identifier: MIT
"""Checks that README.md and docs quote the .pipe files and the example program word for word.

usage: tools/checks/quotes [--root FOLDER] [--write]

A quote is a fenced block below a comment that names its source: `<!-- pipe: NAME -->` for the
launch line of pipelines/NAME.pipe, `<!-- file: PATH -->` for a whole file. --write brings the
quotes up to date.
"""

import argparse
import pathlib
import re
import sys

from tools.helpers import pipe_file
from tools.helpers.environment import ROOT

QUOTE = re.compile(r"(<!-- (pipe|file): (\S+) -->\n+```\w*\n)(.*?)(```)", re.DOTALL)
MARK = re.compile(r"^<!-- (?:pipe|file): ", re.MULTILINE)


def quoted_text(root, kind, name):
    if kind == "pipe":
        return pipe_file.parse(root / "pipelines" / f"{name}.pipe").launch + "\n"
    return (root / name).read_text()


def documents(root):
    return [*sorted(root.glob("*.md")), *sorted((root / "docs").rglob("*.md"))]


def check(root, path, write):
    """The problems of one document; with write the quotes are mended instead."""
    text, problems = path.read_text(), []
    shown = path.relative_to(root)

    def mend(found):
        head, kind, name, quote, tail = found.groups()
        try:
            wanted = quoted_text(root, kind, name)
        except OSError as problem:
            problems.append(f"{shown}: {problem}")
            return found.group(0)
        if quote != wanted and not write:
            problems.append(f"{shown}: the quote of {kind} {name} differs from its source")
        return head + wanted + tail

    mended = QUOTE.sub(mend, text)
    if len(MARK.findall(text)) != len(QUOTE.findall(text)):
        problems.append(f"{shown}: a quote comment without a fenced block below it")
    if write and mended != text:
        path.write_text(mended)
        print(f"{shown}: quotes written")
    return problems


def main():
    parser = argparse.ArgumentParser(prog="tools/checks/quotes",
                                     description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=pathlib.Path, default=ROOT)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    root = arguments.root.resolve()
    problems = [problem for path in documents(root)
                for problem in check(root, path, arguments.write)]
    if problems:
        print("\n".join(problems) + "\nrun tools/checks/quotes --write")
        return 1
    print("all quotes agree")
    return 0


if __name__ == "__main__":
    sys.exit(main())
