# SPDX-License-Identifier: MIT
"""Prints `N passed, N failed, N skipped` for the last `meson test`, counting cases and pipelines.

usage: tools/helpers/python tools.helpers.count_results BUILD/meson-logs

Runs of gst-launch-1.0 that stood still and were tried again (tests/pipelines/launching.py) are
counted apart.

GoogleTest programs count by case, other tests by their exit status, and each line `skipped: REASON`
that they print counts as a skip. A program that crashed, timed out or failed without naming a case
counts as one failure. Exits with 1 on failures or when nothing ran.
"""

import json
import pathlib
import sys
import xml.etree.ElementTree as xml

STOOD_STILL = "gst-launch-1.0 stood still after an error; tried again"
FAILURES = {"FAIL", "ERROR", "TIMEOUT", "INTERRUPT", "UNEXPECTEDPASS"}


def case_outcome(case):
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    # GoogleTest marks disabled cases as not run.
    if case.find("skipped") is not None or case.get("status") == "notrun":
        return "skipped"
    return "passed"


def cases_by_test(junit):
    """{meson's test name: [(case name, outcome)]} of the tests that report cases."""
    cases = {}
    for suite in junit.iter("testsuite"):
        # meson names the suites of a GoogleTest program "PROJECT.TEST.SUITE".
        test, _, suite_name = suite.get("name", "").partition(".")[2].rpartition(".")
        if not test:
            continue
        for case in suite.iter("testcase"):
            name = f"{suite_name}.{case.get('name')}"
            skipped = case.find("skipped")
            if skipped is not None and skipped.get("message"):
                name += f": {skipped.get('message')}"
            cases.setdefault(test, []).append((name, case_outcome(case)))
    return cases


def plain_outcome(result):
    if result in FAILURES:
        return "failed"
    return "skipped" if result == "SKIP" else "passed"


def count(log_lines, junit):
    """[(name, outcome)] of everything that ran; log_lines are meson's, one JSON object each."""
    cases = cases_by_test(junit)
    outcomes = []
    for line in log_lines:
        entry = json.loads(line)
        name = entry["name"]
        reported = cases.get(name)
        if not reported:
            outcome = plain_outcome(entry["result"])
            skips = [line for line in entry.get("stdout", "").splitlines()
                     if line.startswith("skipped: ")]
            if outcome != "skipped" or not skips:
                outcomes.append((name, outcome))
            outcomes += [(f"{name}: {line.removeprefix('skipped: ')}", "skipped") for line in skips]
            continue
        outcomes += [(f"{name}: {case}", outcome) for case, outcome in reported]
        if entry["result"] in FAILURES and all(outcome != "failed" for _, outcome in reported):
            outcomes.append((f"{name} ({entry['result'].lower()} outside a case)", "failed"))
    return outcomes


def count_still(log_lines):
    """Runs that were tried again, in what the tests printed."""
    return sum(json.loads(line).get("stdout", "").count(STOOD_STILL) for line in log_lines)


def main():
    logs = pathlib.Path(sys.argv[1])
    log, junit = logs / "testlog.json", logs / "testlog.junit.xml"
    if not log.exists():
        print("no test ran", file=sys.stderr)
        print("0 passed, 1 failed, 0 skipped")
        return 1
    tree = xml.parse(junit).getroot() if junit.exists() else xml.Element("testsuites")
    lines = log.read_text().splitlines()
    outcomes = count(lines, tree)
    if count_still(lines):
        print(f"{count_still(lines)} runs: {STOOD_STILL}")
    for wanted in ("skipped", "failed"):
        for name, outcome in outcomes:
            if outcome == wanted:
                print(f"{wanted}: {name}")
    passed, failed, skipped = (
        sum(outcome == wanted for _, outcome in outcomes)
        for wanted in ("passed", "failed", "skipped"))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not outcomes else 0


if __name__ == "__main__":
    sys.exit(main())
