# SPDX-License-Identifier: MIT
"""Times one build of svgen beside another: has a change cost anything?

usage: tools/bench/builds BEFORE AFTER [--rounds N] [--only JOB ...] [--unguarded]

BEFORE and AFTER are build folders; svgen-bench and svgen-bench-training are built there. Jobs: one
evaluation of SVG-XL, decoding and encoding a 256x256 picture, and a training step of SVG-B, each in
float32 and bfloat16, as rounds of ABBA and BAAB (A: BEFORE). Reported: medians, the median of the
rounds' ratios A/B (above 1: AFTER is faster), and its quartiles. A round counts when other processes
used less than 3 % of a processor; --unguarded counts all.
"""

import sys

from tools.helpers.environment import in_project_environment

if __name__ == "__main__":
    in_project_environment()
    from tools.bench.compare_builds import main
    sys.exit(main(__doc__))
