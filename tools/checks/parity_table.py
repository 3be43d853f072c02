# SPDX-License-Identifier: MIT
"""Writes the table of docs/parity.md: the largest error of every case against the reference.

usage: tools/checks/parity-table [--print]     after tools/build

Runs the reference tests and the parity pipelines of the build folder and collects their lines
`parity CASE LARGEST_ERROR TOLERANCE`.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

from tools.helpers.environment import BUILD, ROOT, finding_modules

PAGE = ROOT / "docs/parity.md"
BEGIN, END = "<!-- table: tools/checks/parity-table -->\n", "<!-- end of table -->\n"


def reference_tests(_):
    """The program of the suite `reference` in the build folder."""
    tests = json.loads(subprocess.run(["meson", "introspect", "--tests", str(BUILD)], text=True,
                                      capture_output=True, check=True).stdout)
    for test in tests:
        if any(suite.split(":")[-1] == "reference" for suite in test["suite"]):
            return test["cmd"]
    sys.exit(f"no reference tests in {BUILD}; run tools/build")


def pipelines(model):
    module = "tests.pipelines.parity_pipelines"
    return lambda scratch: [sys.executable, "-m", module, model, scratch]


# Heading -> the command that prints the lines.
SOURCES = {
    "Library": reference_tests,
    "Elements, published code": pipelines("tiny"),
    "Elements, embedded model": pipelines("mini"),
    "Elements, comparison systems": lambda scratch: [
        sys.executable, "-m", "tests.pipelines.systems_pipelines", scratch],
}


# Rows of the summary -> what the names of their cases begin with; the first row that fits counts.
PARTS = {
    "DiT": r"dit:",
    "SiT": r"sit:",
    "REPA": r"repa:",
    "LightningDiT": r"lightningdit:",
    "SD-VAE and VA-VAE": r"vae:|sdvae|vavae",
    "RAE": r"rae:",
    "RiT": r"rit:",
    "Frozen encoders of other systems": r"encoders:",
    "Encoders and alignment":
        r"enc\.|dinov3|residual|eps\.(dino|resid)|golden\.alignment|full\.encode|mini\.input",
    "Decoder": r"dec|eps\.dec",
    "Diffusion transformer": r"dit|eps\.dit|position|t_",
    "Sampling": r"smp|golden\.sampler|mini\.latent|generator",
    "Training steps": r"train",
    "Whole pictures": r"gen|rec|full\.reconstruct|mini\.",
}


def summary(cases):
    """Lines of a table: for each part the case that is nearest to its tolerance, and the pictures."""
    rows = {title: [] for title in PARTS}
    for case, (error, limit) in cases.items():
        title = next((title for title, start in PARTS.items() if re.match(start, case)), "Others")
        rows.setdefault(title, []).append((error / limit if limit else error, case, error, limit))
    lines = ["| part | cases | nearest to its tolerance | error | tolerance |", "|---|---:|---|---:|---:|"]
    for title, found in rows.items():
        # A picture's level is a whole number: one of one says little.
        _, case, error, limit = max(row for row in found if row[0] > 1 or row[3] != 1)
        lines.append(f"| {title} | {len(found)} | `{case}` | {error:.2g} | {limit:.2g} |")
    return [*lines, ""]


def measured(command):
    """{case: (largest error, tolerance)}; of a case that is reported twice, the larger error."""
    environment = os.environ | finding_modules() | {
        "SVGEN_MODEL_PATH": str(ROOT / "models"),
        "SVGEN_BACKEND": str(BUILD / "lib/backend/libsvgen-torch.so")}
    output = subprocess.run(command, env=environment, text=True, stdout=subprocess.PIPE,
                            check=True).stdout
    found = {}
    for case, error, limit in re.findall(r"^\s*parity (\S+) (\S+) (\S+)\s*$", output, re.MULTILINE):
        worst = max(float(error), found.get(case, (0.0, 0.0))[0])
        found[case] = (worst, float(limit))
    return found


def table():
    lines, everything = [], {}
    for title, command in SOURCES.items():
        with tempfile.TemporaryDirectory() as scratch:
            cases = measured(command(os.path.join(scratch, "run")))
        everything |= cases
        lines += [f"### {title}", "", "| case | largest error | tolerance |", "|---|---:|---:|"]
        lines += [f"| `{case}` | {error:.2g} | {limit:.2g} |"
                  for case, (error, limit) in sorted(cases.items())]
        lines.append("")
    return "\n".join(summary(everything) + lines)


def main():
    parser = argparse.ArgumentParser(prog="tools/checks/parity-table",
                                     description=__doc__.splitlines()[0])
    parser.add_argument("--print", action="store_true")
    arguments = parser.parse_args()
    text = table()
    if arguments.print:
        print(text)
        return 0
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(before + BEGIN + "\n" + text + END + after)
    print(f"wrote {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
