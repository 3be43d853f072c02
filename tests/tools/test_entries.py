# SPDX-License-Identifier: MIT
"""The entries of the tools written in Python find their modules from anywhere, and only those."""

import importlib.util
import os
import re
import shutil
import sys
import unittest

from tests.tools import support

LAUNCHER = support.ROOT / "tools/helpers/python"
ENTRY = re.compile(r'#!/bin/sh\n# SPDX-License-Identifier: MIT\n'
                   r'exec "\$\(dirname "\$\(readlink -f "\$0"\)"\)/(\S+)" (\S+) "\$@"\n')
SHOW = ("# SPDX-License-Identifier: MIT\nimport os, sys\nfrom tools.shown import other\n"
        "print(os.getcwd(), other.__file__, sys.argv[1:], sep='\\n')\n")


class Entries(unittest.TestCase):
    def test_name_the_launcher_and_a_module_of_their_own_name(self):
        found = {path: ENTRY.fullmatch(path.read_text())
                 for folder in ("tools", "tests") for path in (support.ROOT / folder).rglob("*")
                 if path.suffix == "" and path.is_file()}
        entries = {path: match.groups() for path, match in found.items() if match}
        self.assertGreater(len(entries), 10)
        for path, (launcher, module) in entries.items():
            self.assertTrue((path.parent / launcher).samefile(LAUNCHER), path)
            self.assertEqual(module.split(".")[-1], path.name.replace("-", "_"))
            self.assertIsNotNone(importlib.util.find_spec(module), path)
            self.assertTrue(os.access(path, os.X_OK), path)


class Launcher(unittest.TestCase):
    def setUp(self):
        self.folder = support.scratch_folder(self, "with space ")
        self.tree = self.folder / "a tree"
        support.write(self.tree, {"tools/__init__.py": "", "tools/shown/show.py": SHOW,
                                  "tools/shown/other.py": "", "tools/shown/show":
                                  (support.ROOT / "tools/checks/layout").read_text().replace(
                                      "tools.checks.layout", "tools.shown.show")})
        (self.tree / "tools/helpers").mkdir()
        shutil.copy(LAUNCHER, self.tree / "tools/helpers")
        self.entry = self.tree / "tools/shown/show"
        self.entry.chmod(0o755)

    def lines(self, command, *words, **options):
        result = support.run(command, *words, **options)
        self.assertEqual(result.returncode, 0, result.stdout)
        return result.stdout.splitlines()

    def test_keeps_folder_and_words_and_needs_no_path(self):
        self.assertEqual(self.lines(self.entry, "a b", "*", "", cwd=self.folder),
                         [str(self.folder), f"{self.tree}/tools/shown/other.py", "['a b', '*', '']"])

    def test_is_found_through_a_link(self):
        link = self.folder / "link"
        link.symlink_to(self.entry)
        self.assertIn(str(self.tree), self.lines(link, cwd=self.folder)[1])

    def test_modules_in_the_callers_folder_are_not_taken(self):
        support.write(self.folder, {"tools/__init__.py": "", "json.py": "raise SystemExit('mine')"})
        self.assertIn(str(self.tree), self.lines(self.entry, cwd=self.folder)[1])

    def test_what_else_is_on_the_path_stays_there(self):
        support.write(self.tree, {
            "tools/shown/show.py": "import os\nprint(os.environ['PYTHONPATH'])\n"})
        self.assertEqual(self.lines(self.entry, env=os.environ | {"PYTHONPATH": "/mine"}),
                         [f"{self.tree}:/mine"])

    def test_another_python_goes_on_with_module_and_words(self):
        """in_project_environment() with a .venv that is this Python once more."""
        for name in ("tools/helpers/environment.py", "tools/helpers/__init__.py"):
            shutil.copy(support.ROOT / name, self.tree / name)
        support.write(self.tree, {
            ".venv/bin/python": f'#!/bin/sh\nAGAIN=yes exec "{sys.executable}" "$@"\n',
            "tools/shown/show.py":
                "import os, sys\nfrom tools.helpers.environment import in_project_environment\n"
                "if 'AGAIN' not in os.environ:\n    in_project_environment(ONE='1', TWO='2')\n"
                "print(os.environ['ONE'], os.environ['TWO'], sys.argv[1:], __name__)\n"})
        (self.tree / ".venv/bin/python").chmod(0o755)
        self.assertEqual(self.lines(self.entry, "a b", env=os.environ | {"ONE": "mine"}),
                         ["mine 2 ['a b'] __main__"])


if __name__ == "__main__":
    unittest.main()
