# SPDX-License-Identifier: MIT
"""The tree in figures: sizes, twins, and how its rooms use each other."""

import collections
import posixpath
import re
import statistics

TWIN = 6  # lines
# What an include's path may be relative to.
FOLDERS = ("lib/backend", "lib", "plugins", "tools")


def print_figures(sources):
    """`sources`: those of tools/checks/layout."""
    for title, prefixes in (("library", ("lib/",)), ("elements", ("plugins/",)),
                            ("tests", ("tests/",)), ("all", ("",))):
        chosen = [source for source in sources if source.path.startswith(prefixes)]
        if chosen:
            print(f"{title}: {sizes(chosen)}")
    product = [source for source in sources if source.path.startswith(("lib/", "plugins/"))]
    found = twins(product)
    print(f"twins of {TWIN} lines and more in lib/ and plugins/: {len(found)}")
    for places in found:
        print(f"  {', '.join(places)}")
    edges = room_edges(product)
    both = [(a, b) for a, b in edges if a < b and (b, a) in edges]
    print(f"includes from room to room: {sum(edges.values())} over {len(edges)} edges, "
          f"{len(both)} pairs of rooms include each other")
    for (user, used), count in sorted(edges.items()):
        print(f"  {user} -> {used}: {count}")


def sizes(sources):
    files = sorted((len(source.lines), source.path) for source in sources)
    bodies = sorted((lines, f"{source.path}:{first}") for source in sources
                    for first, lines in source.functions())
    text = (f"{len(files)} files, {sum(lines for lines, _ in files)} lines; median file "
            f"{statistics.median(lines for lines, _ in files):g}, largest {files[-1][0]} "
            f"({files[-1][1]})")
    if not bodies:
        return text
    return (f"{text}; {len(bodies)} functions, median "
            f"{statistics.median(lines for lines, _ in bodies):g}, largest {bodies[-1][0]} "
            f"({bodies[-1][1]})")


def telling_lines(source):
    """(number, text) of the lines that say something: no blank ones, comments, includes, braces."""
    for number, line in enumerate(source.lines, 1):
        text = line.strip()
        if text and not re.match(r"//|#|[{}();]*$|}.*namespace|namespace|using |public:|private:", text):
            yield number, text


def twins(sources):
    """[places] of runs of telling lines that stand more than once, each run at its longest."""
    places = collections.defaultdict(list)
    for source in sources:
        lines = list(telling_lines(source))
        for i in range(len(lines) - TWIN + 1):
            places[tuple(text for _, text in lines[i:i + TWIN])].append((source.path, lines[i][0], i))
    found, last = [], None
    for run in (run for run in places.values() if len(run) > 1):
        # A run that goes on where the one before it began is the same one, a line further.
        if last is None or [(path, i - 1) for path, _, i in run] != [(path, i) for path, _, i in last]:
            found.append([f"{path}:{number}" for path, number, _ in run])
        last = run
    return found


def room_of(path):
    """The folder of a file; of the backend and of lib/ its room."""
    parts = path.split("/")
    depth = 3 if path.startswith("lib/backend/") and len(parts) > 3 else 2
    return "/".join(parts[:min(depth, len(parts) - 1)])


def room_edges(sources):
    """{(room, room it includes): includes}."""
    known = {source.path for source in sources}
    edges = collections.Counter()
    for source in sources:
        for _, name in source.includes():
            used = next((path for path in (posixpath.join(folder, name) for folder in FOLDERS)
                         if path in known), None)
            if used is not None and room_of(used) != room_of(source.path):
                edges[room_of(source.path), room_of(used)] += 1
    return edges
