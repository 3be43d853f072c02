# SPDX-License-Identifier: MIT
"""Writes docs/elements/*.md from what gst-inspect-1.0 says, with the pipelines that use an element.

usage: tools/checks/pages [--check]

--check compares instead, prints the differences and exits with 1 when there are any. Pages hold
nothing of the machine they were made on: no paths, no versions of a distribution, nothing that only
builds with a newer GStreamer have, and no property that a newer GStreamer's base class adds, which is
neither in our sources nor on a page yet.
"""

import argparse
import difflib
import functools
import os
import re
import subprocess
import sys

from tools.helpers import pipe_file
from tools.helpers.environment import ROOT

PAGES = ROOT / "docs/elements"
# What every GObject and GstObject has.
UNINTERESTING = {"name", "parent"}
# (element, pad, media type) of caps that only some builds offer: for svgencode tensor-meta=true.
OPTIONAL_CAPS = {("svgencode", "SRC", "video/x-raw")}


@functools.cache
def names_in_sources():
    """All words in quotes, the names of our properties among them; the sampler's have _ for -."""
    files = [ROOT / "lib/svgen/sampling.cpp", *(ROOT / "plugins").rglob("*")]
    words = re.findall(r'"([a-z][a-z0-9_-]*)"', "".join(
        path.read_text() for path in files if path.suffix in (".cpp", ".h")))
    return {word.replace("_", "-") for word in words}


@functools.cache
def names_on_pages():
    """The properties that the pages have, those of GStreamer's base classes among them."""
    return set(re.findall(r"^### `(.+)`$", "".join(path.read_text() for path in PAGES.glob("*.md")),
                          flags=re.MULTILINE))


def newer_than_the_pages(name):
    return name not in names_in_sources() and name not in names_on_pages()


def inspect(*arguments):
    environment = dict(os.environ, LC_ALL="C", GST_INSPECT_NO_COLORS="1")
    return subprocess.run([str(ROOT / "tools/run"), "gst-inspect-1.0", "--no-colors", *arguments],
                          env=environment, text=True, capture_output=True, check=True).stdout


def element_names():
    """The elements of our plugins, sorted."""
    return sorted(set(re.findall(r"^svg\w*:\s+(svg\w+): ", inspect(), flags=re.MULTILINE)))


def sections(text):
    """{title: lines} of gst-inspect output; a section's lines are indented below its title."""
    found, title = {}, None
    for line in text.splitlines():
        head = re.match(r"(\S[\w .-]*):\s*$", line)
        if head:
            title = head.group(1)
            found[title] = []
        elif line and not line.startswith(" "):
            title = None
        elif title is not None:
            found[title].append(line)
    return found


def factory_field(lines, name):
    for line in lines:
        found = re.match(rf"\s+{name}\s{{2,}}(.*)", line)
        if found:
            return found.group(1).strip()
    return ""


def pad_templates(lines):
    """The pad section without blank lines and common indentation."""
    kept = [line.rstrip() for line in lines if line.strip()]
    indent = min((len(line) - len(line.lstrip()) for line in kept), default=0)
    return [line[indent:] for line in kept]


def in_every_build(element, templates):
    """The lines of pad templates without the caps that only some builds offer."""
    kept, pad, is_optional = [], "", False
    for line in templates:
        head, media = re.match(r"(\w+) template:", line), re.match(r" {4}(\S+)", line)
        if head:
            pad, is_optional = head.group(1), False
        elif media:
            is_optional = (element, pad, media.group(1)) in OPTIONAL_CAPS
        if not is_optional:
            kept.append(line)
    return kept


def without_absence(blurb):
    """A property's description without its word that this build lacks something."""
    return re.sub(r" \(not in this build: .*\)$", "", blurb)


def properties(lines):
    """[(name, [description and range lines])] in the order of gst-inspect."""
    found = []
    for line in lines:
        head = re.match(r"  ([\w-]+)\s*: (.*)", line)
        if head:
            found.append((head.group(1), [head.group(2).strip()]))
        elif found and line.strip():
            found[-1][1].append(line.strip())
    return [(name, text) for name, text in found if name not in UNINTERESTING]


def without_default_address(line):
    """A default object or structure prints its address."""
    return re.sub(r"0x[0-9a-f]+", "...", line)


def property_rows(name, text):
    blurb, *details = [without_default_address(line) for line in text]
    flags = [line[len("flags: "):] for line in details if line.startswith("flags: ")]
    rest = [line for line in details if not line.startswith("flags: ")]
    yield f"### `{name}`"
    yield ""
    yield without_absence(blurb)
    yield ""
    for line in rest:
        value = re.match(r"\((-?\d+)\): (\S+)\s+- (.*)", line)
        yield f"- `{value.group(2)}`: {value.group(3)}" if value else f"- {line}"
    for line in flags:
        yield f"- {line}"
    yield ""


def examples(element):
    for path in sorted((ROOT / "pipelines").glob("*.pipe")):
        pipe = pipe_file.parse(path)
        if re.search(rf"\b{element}\b", pipe.launch):
            yield pipe


def page(element):
    """The markdown of one element's page."""
    found = sections(inspect(element))
    factory = found.get("Factory Details", [])
    lines = ["<!-- Written by tools/checks/pages from gst-inspect-1.0; do not edit. -->",
             f"# {element}", "", factory_field(factory, "Description"), "",
             f"{factory_field(factory, 'Long-name')} · `{factory_field(factory, 'Klass')}`", "",
             "## Pads", "", "```"]
    lines += in_every_build(element, pad_templates(found.get("Pad Templates", [])))
    lines += ["```", "", "## Properties", ""]
    for name, text in properties(found.get("Element Properties", [])):
        if not newer_than_the_pages(name):
            lines += property_rows(name, text)
    pipes = list(examples(element))
    if pipes:
        lines += ["## Examples", ""]
    for pipe in pipes:
        lines += [" ".join(pipe.about), "", f"<!-- pipe: {pipe.name} -->", "```sh", pipe.launch,
                  "```", ""]
    return "\n".join(lines).rstrip() + "\n"


def compare(pages):
    """Prints how docs/elements differs from the pages; True when it does not."""
    same = True
    on_disk = {path.stem: path.read_text() for path in sorted(PAGES.glob("*.md"))}
    for name in sorted(pages.keys() | on_disk.keys()):
        was, now = on_disk.get(name, ""), pages.get(name, "")
        if was != now:
            same = False
            sys.stdout.writelines(difflib.unified_diff(
                was.splitlines(True), now.splitlines(True), f"docs/elements/{name}.md",
                "gst-inspect-1.0"))
    if not same:
        print("\nthe pages are out of date; run tools/checks/pages")
    return same


def main():
    parser = argparse.ArgumentParser(prog="tools/checks/pages",
                                     description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    names = element_names()
    if not names:
        print("no svgen elements found; run tools/build", file=sys.stderr)
        return 1
    pages = {name: page(name) for name in names}
    if arguments.check:
        return 0 if compare(pages) else 1
    PAGES.mkdir(parents=True, exist_ok=True)
    for path in PAGES.glob("*.md"):
        path.unlink()
    for name, text in pages.items():
        (PAGES / f"{name}.md").write_text(text)
        print(f"docs/elements/{name}.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
