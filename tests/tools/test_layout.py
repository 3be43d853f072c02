# SPDX-License-Identifier: MIT
"""The layout check finds each kind of problem, and none in a tree that follows the rules."""

import pathlib
import re
import tempfile
import unittest

from tests.tools import support
from tools.checks import figures, layout

HEAD = "// SPDX-License-Identifier: MIT\n// Says what it is for.\n"


def body(lines):
    return "{\n" + "  work();\n" * (lines - 2) + "}\n"


class Layout(unittest.TestCase):
    def problems(self, files):
        with tempfile.TemporaryDirectory() as folder:
            support.write(folder, files)
            return list(layout.problems(pathlib.Path(folder)))

    def functions(self, text):
        with tempfile.TemporaryDirectory() as folder:
            support.write(folder, {"x.cpp": text})
            root = pathlib.Path(folder)
            return list(layout.Source(root, root / "x.cpp").functions())

    def test_accepts_a_tree_that_is_right(self):
        self.assertEqual(self.problems({
            "lib/svgen/card.h": HEAD + "#pragma once\n",
            "lib/svgen/card.cpp": HEAD + '#include "svgen/card.h"\n#include <vector>\n',
            "tests/svgen/test_card.cpp": HEAD,
            "lib/backend/nn/mlp.cpp": HEAD + "#include <ATen/core/Tensor.h>\n",
            "tests/backend/nn/test_mlp.cpp": HEAD + "#include <torch/torch.h>\n"}), [])

    def test_keeps_libraries_in_their_folders(self):
        for path, include in (("lib/svgen/a.h", "torch/torch.h"), ("lib/svgen/a.h", "ATen/ATen.h"),
                              ("lib/svgen/a.h", "gst/gst.h"), ("lib/svgen/a.h", "opencv2/core.hpp"),
                              ("lib/backend/a.h", "gst/gst.h"), ("lib/backend/a.h", "glib.h"),
                              ("lib/backend/ops/cuda/a.h", "ATen/core/Tensor.h"),
                              ("plugins/common/a.h", "torch/torch.h"),
                              ("plugins/svg/a.h", "c10/core/Device.h"),
                              ("plugins/svg/a.h", "opencv2/imgproc.hpp")):
            found = self.problems({path: f"{HEAD}#pragma once\n#include <{include}>\n"})
            self.assertEqual(len(found), 1, (path, include, found))
            self.assertIn(f"{path}:4: includes {include}", found[0])

    def test_keeps_rooms_in_their_order(self):
        headers = {"lib/data/a.h": HEAD + "#pragma once\n",
                   "lib/backend/train/a.h": HEAD + "#pragma once\n",
                   "plugins/svg/a.h": HEAD + "#pragma once\n"}
        for path, include, other in (("lib/media/b.h", "data/a.h", "lib/data"),
                                     ("lib/backend/engine/b.h", "train/a.h", "lib/backend/train"),
                                     ("plugins/svgtrain/b.h", "svg/a.h", "plugins/svg")):
            text = f'{HEAD}#pragma once\n#include "{include}"\n'
            found = self.problems(headers | {path: text})
            self.assertEqual(len(found), 1, (path, include, found))
            self.assertIn(f"{path}:4: {path.rsplit('/', 1)[0]} must not use {other}", found[0])
        self.assertEqual(self.problems(headers | {
            "lib/backend/train/b.h": HEAD + '#pragma once\n#include "data/a.h"\n'}), [])

    def test_its_table_is_that_of_the_documentation(self):
        page = (support.ROOT / "docs/architecture.md").read_text()
        table = {}
        for room, allowed in re.findall(r"^\| `([\w/]+)/` \| .*? \| (.*?) \|$", page, re.MULTILINE):
            table[room] = tuple(re.findall(r"`([\w/]+)/`", allowed))
        order = re.search(r"\n```\n(interop → .*)\n```\n", page)[1].split(" → ")
        self.assertEqual(tuple(order), layout.BACKEND)
        self.assertEqual(table, {room: allowed for room, allowed in layout.USES.items()
                                 if not room.startswith("lib/backend")})

    def test_limits_the_size_of_files(self):
        files = {"tests/long.cpp": HEAD + "int x;\n" * 399, "tests/long.h": HEAD + "\n" * 200,
                 "tests/long.py": "# SPDX-License-Identifier: MIT\n" * 401}
        found = "\n".join(self.problems(files))
        for expected in ("long.cpp: 401 lines", "long.h: 202 lines", "long.py: 401 lines"):
            self.assertIn(expected, found)

    def test_limits_the_size_of_functions(self):
        found = self.problems({"tests/a.cpp": HEAD + "void f() " + body(61)})
        self.assertEqual(found, ["tests/a.cpp:3: a function of 61 lines, the limit is 60"])
        self.assertEqual(self.problems({"tests/a.cpp": HEAD + "void f() " + body(60)}), [])

    def test_asks_for_licence_and_purpose(self):
        self.assertIn("tests/a.cpp:1", self.problems({"tests/a.cpp": "int x;\n"})[0])
        self.assertIn("tests/a.cpp:2", self.problems(
            {"tests/a.cpp": "// SPDX-License-Identifier: MIT\n#include <vector>\n"})[0])
        self.assertIn("pragma", self.problems({"tests/a.h": HEAD})[0])

    def test_asks_for_the_test_of_each_source(self):
        for path, test in (("lib/svgen/a.cpp", "tests/svgen/test_a.cpp"),
                           ("lib/backend/nn/a.cpp", "tests/backend/nn/test_a.cpp"),
                           ("lib/backend/ops/cuda/a.cu", "tests/cuda/test_a.cpp"),
                           ("plugins/svg/a.cpp", "tests/plugins/svg/test_a.cpp")):
            self.assertEqual(self.problems({path: HEAD}), [f"{path}: no test {test}"])

    def test_counts_the_lines_of_functions_only(self):
        text = ("namespace a {\nstruct S {\n  int x = 0;\n  int get() const {\n    return x;\n  }\n"
                "};\nconstexpr int kTable[] = {\n  1,\n  2,\n};\n"
                "template <typename T>\nvoid f(T value,\n       int b) {\n  if (b) {\n    g([] {\n"
                "      h();\n    });\n  }\n}\n}\n")
        self.assertEqual(self.functions(text), [(4, 3), (12, 9)])

    def test_is_not_confused_by_comments_and_literals(self):
        text = ('// {\nvoid f() {\n  g("{", \'{\', R"({)");  /* { */\n}\n'
                "int n = 1'000'000;\nvoid h() {\n}\n")
        self.assertEqual(self.functions(text), [(2, 3), (6, 2)])


class Figures(unittest.TestCase):
    def sources(self, files):
        with tempfile.TemporaryDirectory() as folder:
            support.write(folder, files)
            return list(layout.sources(pathlib.Path(folder)))

    def test_finds_a_run_of_lines_that_stands_twice_once(self):
        run = "".join(f"  work({i});\n" for i in range(9))
        sources = self.sources({"lib/svgen/a.cpp": HEAD + run,
                                "lib/svgen/b.cpp": HEAD + "// Words.\n\n" + run,
                                "lib/svgen/c.cpp": HEAD + run[:run.index("work(5)")]})
        self.assertEqual(figures.twins(sources), [["lib/svgen/a.cpp:3", "lib/svgen/b.cpp:5"]])

    def test_counts_includes_from_room_to_room(self):
        sources = self.sources({
            "lib/svgen/card.h": HEAD, "lib/backend/nn/mlp.h": HEAD,
            "lib/backend/models/dit/dit.h": HEAD + '#include "nn/mlp.h"\n#include "svgen/card.h"\n',
            "lib/backend/models/sizes.h": HEAD + '#include "models/dit/dit.h"\n#include <vector>\n'})
        self.assertEqual(figures.room_edges(sources),
                         {("lib/backend/models", "lib/backend/nn"): 1,
                          ("lib/backend/models", "lib/svgen"): 1})


if __name__ == "__main__":
    unittest.main()
