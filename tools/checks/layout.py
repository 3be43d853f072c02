# SPDX-License-Identifier: MIT
"""Checks that the tree keeps its shape: includes, sizes, first lines, and a test for each source.

usage: tools/checks/layout [--root FOLDER] [--figures]

Prints one line per problem and exits with 1 when there is one. --figures prints the tree in figures
instead: files, median and largest file and function, twins, and includes from room to room.
"""

import argparse
import pathlib
import re
import sys

from tools.checks import figures
from tools.helpers.environment import ROOT

CODE = {".cpp", ".h", ".cu", ".cuh"}
FILE_LINES, HEADER_LINES, FUNCTION_LINES = 400, 200, 60

LIBTORCH = r"(torch|ATen|c10)/"
GSTREAMER = r"(gst|glib|gio|gmodule|glib-object)(/|\.h)"
OPENCV = r"opencv2?/"

LIBRARY = ("lib/svgen", "lib/media", "lib/scenes", "lib/data")

# Folder -> what must not be included in it, and why.
FORBIDDEN = {
    **{room: [(LIBTORCH, "LibTorch is the backend's alone")] for room in LIBRARY},
    "lib": [(GSTREAMER, "the library knows nothing of GStreamer"),
            (OPENCV, "the library is free of OpenCV")],
    "lib/backend/ops/cuda": [(LIBTORCH, "kernels take raw pointers and a stream")],
    "plugins": [(LIBTORCH, "plugins reach the arithmetic through lib/svgen only")],
    "plugins/common": [(OPENCV, "only plugins/svgtrain reads images")],
    "plugins/svg": [(OPENCV, "only plugins/svgtrain reads images")],
}

# The backend's rooms: each may use those before it.
BACKEND = ("interop", "runtime", "ops", "nn", "weights", "models", "latent", "diffusion", "systems",
           "engine", "eval", "train")

# Room -> the rooms that it may include, beside itself; the same as in docs/architecture.md.
USES = {
    "lib/svgen": (),
    "lib/media": ("lib/svgen",),
    "lib/scenes": ("lib/svgen", "lib/media"),
    "lib/data": ("lib/svgen", "lib/media"),
    **{f"lib/backend/{room}": LIBRARY + tuple(f"lib/backend/{other}" for other in BACKEND[:i])
       for i, room in enumerate(BACKEND)},
    "lib/backend": LIBRARY + tuple(f"lib/backend/{room}" for room in BACKEND),
    "plugins/common": LIBRARY,
    "plugins/svg": LIBRARY + ("plugins/common",),
    "plugins/svgtrain": LIBRARY + ("plugins/common",),
}
# What an include's path is relative to, tried in this order.
INCLUDE_FOLDERS = {"lib/backend": ("lib/backend", "lib"), "lib": ("lib",), "plugins": ("plugins", "lib")}

# Sources without a test of the same path, and why.
WITHOUT_TEST = {
    "lib/backend/backend.cpp": "the C entry point; every engine test goes through it",
    "plugins/svg/plugin.cpp": "registers the elements; every element test goes through it",
}


class Source:
    """A file of C++ or CUDA, its code lines free of comments and literals."""

    def __init__(self, root, path):
        self.path = path.relative_to(root).as_posix()
        self.suffix = path.suffix
        self.text = path.read_text(errors="replace")
        self.lines = self.text.splitlines()

    def includes(self):
        for number, line in enumerate(self.lines, 1):
            found = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
            if found:
                yield number, found.group(1)

    def functions(self):
        """(first line number, lines) of every outermost function body, by counting braces."""
        stack, statement, start = [], "", 1
        for number, line in enumerate(code_only(self.text).splitlines(), 1):
            if line.lstrip().startswith("#"):
                continue
            for character in line:
                if not statement.strip():
                    start = number
                if character == "{":
                    stack.append((is_function(statement, stack), start))
                    statement = ""
                elif character == "}":
                    function, first = stack.pop() if stack else (False, number)
                    if function:
                        yield first, number - first + 1
                    statement = ""
                elif character == ";":
                    statement = ""
                else:
                    statement += character
            statement += " "


def code_only(text):
    """The text with comments and the insides of literals blanked, line structure kept."""
    pattern = (r'R"(\w*)\(.*?\)\1"|//[^\n]*|/\*.*?\*/'
               r"|\"(?:\\.|[^\"\\\n])*\"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])*'")
    return re.sub(pattern, lambda found: re.sub(r"[^\n]", " ", found.group(0)), text,
                  flags=re.DOTALL)


def is_function(statement, stack):
    """True for the head of a function that is not inside another function."""
    if any(function for function, _ in stack):
        return False
    head = statement.strip()
    if re.match(r"(inline\s+)?namespace\b|extern\b\s*$", head):
        return False
    without_template = re.sub(r"template\s*<.*?>\s*(?=\w)", "", head)
    if re.match(r"(class|struct|union|enum)\b[^()]*$", without_template):
        return False
    return "(" in head and not re.search(r"=\s*$", head)


def sources(root):
    for folder in ("lib", "plugins", "tests", "tools"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in CODE:
                yield Source(root, path)


def include_problems(source):
    for folder, rules in FORBIDDEN.items():
        if not source.path.startswith(folder + "/"):
            continue
        for number, name in source.includes():
            for pattern, reason in rules:
                if re.match(pattern, name):
                    yield f"{source.path}:{number}: includes {name}, but {reason}"


def room_of(path):
    """The longest room that the path lies in, or None."""
    rooms = [room for room in USES if path.startswith(room + "/")]
    return max(rooms, key=len) if rooms else None


def edge_problems(root, source):
    """Includes across rooms that the table does not allow."""
    room = room_of(source.path)
    if room is None:
        return
    folders = next(found for folder, found in INCLUDE_FOLDERS.items()
                   if source.path.startswith(folder + "/"))
    for number, name in source.includes():
        found = next((f"{folder}/{name}" for folder in folders if (root / folder / name).exists()), None)
        other = room_of(found) if found else None
        if other not in (None, room, *USES[room]):
            yield f"{source.path}:{number}: {room} must not use {other}"


def size_problems(source):
    limit = HEADER_LINES if source.suffix in (".h", ".cuh") else FILE_LINES
    if len(source.lines) > limit:
        yield f"{source.path}: {len(source.lines)} lines, the limit is {limit}; split it by idea"
    for first, lines in source.functions():
        if lines > FUNCTION_LINES:
            yield (f"{source.path}:{first}: a function of {lines} lines, the limit is "
                   f"{FUNCTION_LINES}")


def first_line_problems(source):
    first, second = (source.lines + ["", ""])[:2]
    if first != "// SPDX-License-Identifier: MIT":
        yield f"{source.path}:1: the first line is not `// SPDX-License-Identifier: MIT`"
    elif not re.match(r"// \S", second):
        yield f"{source.path}:2: the second line does not say what the file is for"
    # A precompiled header is a main file, of which g++ does not want that.
    header = source.suffix in (".h", ".cuh") and "/precompiled/" not in source.path
    if header and "#pragma once" not in source.lines:
        yield f"{source.path}: no #pragma once"


# Path of a source -> path of its test.
TESTS = (
    (r"lib/backend/ops/cuda/(.*)\.cu$", r"tests/cuda/test_\1.cpp"),
    (r"lib/((?:svgen|media|scenes|data|backend)/(?:.*/)?)([^/]+)\.cpp$", r"tests/\1test_\2.cpp"),
    (r"(plugins/(?:.*/)?)([^/]+)\.cpp$", r"tests/\1test_\2.cpp"),
)


def test_of(path):
    """The test that mirrors a source, or None where there is nothing to mirror."""
    for source, test in TESTS:
        if re.match(source, path):
            return re.sub(source, test, path)
    return None


def test_problems(root, source):
    test = test_of(source.path)
    if test is None or source.path in WITHOUT_TEST:
        return
    if not (root / test).exists():
        yield f"{source.path}: no test {test}"


def table_problems(root):
    for path in WITHOUT_TEST:
        if not (root / path).exists():
            yield f"tools/checks/layout: the exception {path} does not exist"


def script_problems(root):
    for folder in ("tests", "tools"):
        for path in sorted((root / folder).rglob("*.py")):
            lines = path.read_text().splitlines()
            name = path.relative_to(root).as_posix()
            if len(lines) > FILE_LINES:
                yield f"{name}: {len(lines)} lines, the limit is {FILE_LINES}"
            if "# SPDX-License-Identifier: MIT" not in lines[:2]:
                yield f"{name}:1: no `# SPDX-License-Identifier: MIT` on top"


def problems(root):
    yield from script_problems(root)
    for source in sources(root):
        yield from include_problems(source)
        yield from edge_problems(root, source)
        yield from size_problems(source)
        yield from first_line_problems(source)
        yield from test_problems(root, source)
    if root == ROOT:
        yield from table_problems(root)


def main():
    parser = argparse.ArgumentParser(prog="tools/checks/layout",
                                     description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=pathlib.Path, default=ROOT)
    parser.add_argument("--figures", action="store_true")
    arguments = parser.parse_args()
    root = arguments.root.resolve()
    if arguments.figures:
        figures.print_figures(list(sources(root)))
        return 0
    found = list(problems(root))
    print("\n".join(found) if found else "the layout holds")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
