# SPDX-License-Identifier: MIT
"""tools/run leaves everything to the command but GStreamer's paths."""

import os
import shutil
import signal
import subprocess
import unittest

from tests.tools import support

RUN = support.ROOT / "tools/run"


class Run(unittest.TestCase):
    def setUp(self):
        self.folder = support.scratch_folder(self, "with space ")
        self.build = self.folder / "my build"
        (self.build / "plugins").mkdir(parents=True)
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith(("GST_", "SVGEN_"))}
        self.environment["SVGEN_BUILD"] = str(self.build)

    def run_tool(self, *command, **options):
        return support.run(RUN, *command, env=self.environment, **options)

    def test_passes_the_exit_status_on(self):
        self.assertEqual(self.run_tool("bash", "-c", "exit 42").returncode, 42)

    def test_keeps_the_current_directory(self):
        self.assertEqual(self.run_tool("pwd", cwd=self.folder).stdout.strip(), str(self.folder))

    def test_keeps_arguments_apart(self):
        output = self.run_tool("printf", "<%s>", "a b", "*", "").stdout
        self.assertEqual(output, "<a b><*><>")

    def test_hands_streams_over(self):
        self.assertEqual(self.run_tool("cat", input="through\n").stdout, "through\n")

    def test_the_command_takes_the_place_of_the_script(self):
        process = subprocess.Popen([RUN, "sleep", "60"], env=self.environment)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=10), -signal.SIGTERM)

    def test_puts_the_built_elements_on_the_path(self):
        self.environment["GST_PLUGIN_PATH_1_0"] = "/elsewhere"
        output = self.run_tool("printenv", "GST_PLUGIN_PATH_1_0", "GST_REGISTRY_1_0").stdout
        self.assertEqual(output.splitlines(),
                         [f"{self.build}/plugins:/elsewhere", f"{self.build}/registry.bin"])

    def test_keeps_a_registry_that_was_chosen(self):
        self.environment["GST_REGISTRY_1_0"] = "/mine"
        self.assertEqual(self.run_tool("printenv", "GST_REGISTRY_1_0").stdout, "/mine\n")

    def test_says_what_to_do_when_nothing_is_built(self):
        shutil.rmtree(self.build)
        result = self.run_tool("true")
        self.assertEqual(result.returncode, 2)
        self.assertIn("tools/build", result.stdout)

    def test_works_through_a_path_with_spaces(self):
        copy = self.folder / "a clone/tools/run"
        copy.parent.mkdir(parents=True)
        shutil.copy(RUN, copy)
        (self.folder / "a clone/build/plugins").mkdir(parents=True)
        del self.environment["SVGEN_BUILD"]
        result = support.run(copy, "printenv", "GST_PLUGIN_PATH_1_0", env=self.environment)
        self.assertEqual(result.stdout.strip(), f"{self.folder}/a clone/build/plugins")


if __name__ == "__main__":
    unittest.main()
