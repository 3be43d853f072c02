# SPDX-License-Identifier: MIT
"""tools/test ends with a count of passed, failed and skipped tests."""

import json
import unittest
import xml.etree.ElementTree as xml

from tests.pipelines import launching
from tools.helpers import count_results

GTEST = """
<testsuite name="svgen.svgen:unit / lib.Card">
  <testcase name="reads" status="run"/>
  <testcase name="refuses" status="run"><failure message="no"/></testcase>
  <testcase name="needs_a_gpu" status="run"><skipped message="none"/></testcase>
</testsuite>
<testsuite name="svgen.svgen:unit / lib.All/Sizes"><testcase name="fit/0" status="run"/></testsuite>
"""


def count(entries, suites=""):
    log = [json.dumps({"name": name, "result": result}) for name, result in entries]
    outcomes = count_results.count(log, xml.fromstring(f"<testsuites>{suites}</testsuites>"))
    return tuple(sum(found == wanted for _, found in outcomes)
                 for wanted in ("passed", "failed", "skipped"))


class CountResults(unittest.TestCase):
    def test_counts_the_cases_of_a_googletest_program(self):
        self.assertEqual(count([("svgen:unit / lib", "FAIL")], GTEST), (2, 1, 1))

    def test_counts_other_tests_as_one_each(self):
        entries = [("svgen:pipelines / a", "OK"), ("svgen:pipelines / b", "SKIP"),
                   ("svgen:pipelines / c", "FAIL")]
        self.assertEqual(count(entries), (1, 1, 1))

    def test_a_program_that_dies_before_it_reports_is_a_failure(self):
        for result in ("FAIL", "ERROR", "TIMEOUT", "INTERRUPT"):
            self.assertEqual(count([("svgen:unit / lib", result)]), (0, 1, 0))

    def test_a_program_that_fails_beside_its_cases_adds_a_failure(self):
        suites = """<testsuite name="svgen.svgen:unit / lib.Card">
                    <testcase name="reads" status="run"/></testsuite>"""
        self.assertEqual(count([("svgen:unit / lib", "TIMEOUT")], suites), (1, 1, 0))

    def test_a_disabled_case_is_a_skip(self):
        suites = """<testsuite name="svgen.svgen:unit / lib.Card">
                    <testcase name="DISABLED_x" status="notrun"/></testsuite>"""
        self.assertEqual(count([("svgen:unit / lib", "OK")], suites), (0, 0, 1))

    def test_what_a_test_skips_is_counted_with_its_reason(self):
        log = [json.dumps({"name": "a", "result": result, "stdout": f"x\nskipped: {reason}\n"})
               for result, reason in (("OK", "no ptys"), ("SKIP", "needs cuda"))]
        self.assertEqual(count_results.count(log, xml.Element("testsuites")), [
            ("a", "passed"), ("a: no ptys", "skipped"), ("a: needs cuda", "skipped")])

    def test_the_reason_of_a_googletest_program_is_told(self):
        log = [json.dumps({"name": "svgen:unit / lib", "result": "OK"})]
        outcomes = count_results.count(log, xml.fromstring(f"<testsuites>{GTEST}</testsuites>"))
        self.assertIn(("svgen:unit / lib: Card.needs_a_gpu: none", "skipped"), outcomes)

    def test_runs_that_were_tried_again_are_counted(self):
        still = launching.STOOD_STILL
        log = [json.dumps({"name": "a", "result": "OK", "stdout": f"{still}\nx\n{still}\n"}),
               json.dumps({"name": "b", "result": "OK"})]
        self.assertEqual(count_results.count_still(log), 2)

    def test_cases_of_another_program_are_not_taken(self):
        entries = [("svgen:unit / lib", "FAIL"), ("svgen:unit / backend", "OK")]
        self.assertEqual(count(entries, GTEST), (3, 1, 1))


if __name__ == "__main__":
    unittest.main()
