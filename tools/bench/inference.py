# SPDX-License-Identifier: MIT
"""Times svgen side by side with the same model in other runtimes, on the same weights and noise.

usage: tools/bench/inference [--only SECTION,SECTION] [--match REGEX] [--install]
                             [--rounds N] [--again] [--quick] [--unguarded] [--out FOLDER]
                             [--write docs/performance.md] [--list]

Sections: dit, decode, encode, jobs, start, streams, curves and, where there is a CUDA device, cuda.

Peers: PyTorch eager (as published, and with the decoder channels-last), torch.compile, and ONNX
Runtime and OpenVINO on an export, which --install puts into an environment of their own. Both sides
are processes of their own with the same settings; only one runs at a time, in rounds of ABBA and
BAAB, and a round counts when other processes used less than 3 % of a processor. Each result is kept
in OUT/cells: run again, only what is missing is measured. Errors are relative to float64.

A peer that says it cannot do something is "not supported"; one that fails in another way is an error
with its last line, and the exit status is 1.

--list only names the cells. OUT/results.json holds all results; --write puts tables and curves into a
document, where they are replaced by title. --quick: the embedded model, one round. --unguarded
measures on a busy machine, for trying things out, and says so in the tables.
"""

import sys

from tools.helpers.environment import in_project_environment

if __name__ == "__main__":
    in_project_environment()
    from tools.bench.compare_inference import main
    sys.exit(main(__doc__))
