# SPDX-License-Identifier: MIT
"""Times training steps side by side with the same steps written in plain PyTorch eager.

usage: tools/bench/training [--rounds N] [--only NAME] [--json FILE] [--ours NAME ...]

Every configuration runs in rounds of ABBA and BAAB (A: PyTorch, B: svgen) after two warm-up steps
each; a round counts when other processes used less than 3 % of a processor. Reported: medians, the
median of the rounds' ratios A/B, and its quartiles. --ours times svgen alone, with its peak memory:
for sizes of which two do not fit into memory.
"""

import sys

from tools.helpers.environment import KEEPING_MEMORY, in_project_environment

if __name__ == "__main__":
    # Both sides keep their memory, as tools/train does.
    in_project_environment(**KEEPING_MEMORY)
    from tools.bench.compare_training import main
    sys.exit(main(__doc__))
