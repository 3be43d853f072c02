# SPDX-License-Identifier: MIT
"""Documents that tools write a part of; what is written by hand is kept."""

import re
import shutil

from tools.helpers.files import write_text


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines) + "\n"


def sections_of(text):
    """{title: what stands below it}."""
    return dict(re.findall(r"^## (.+)\n((?:(?!^## ).*\n)*)", text, re.MULTILINE))


def put_sections(path, mark, sections, titles, pictures):
    """Puts {title: text} behind the mark, in the place of those of the same title and in the order of
    `titles`. What stands above the mark and sections of other titles, which follow, are kept. The
    folder of their pictures goes beside the text."""
    text = path.read_text() if path.exists() else ""
    above, _, below = text.partition(mark)
    found = sections_of(below) | sections
    order = [title for title in titles if title in found]
    order += [title for title in found if title not in titles]
    joined = "\n".join(f"## {title}\n\n{found[title].strip()}\n" for title in order)
    write_text(path, f"{above}{mark}\n\n{joined}")
    shutil.copytree(pictures, path.parent / "pictures", dirs_exist_ok=True)
