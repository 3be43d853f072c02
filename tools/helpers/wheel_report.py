# SPDX-License-Identifier: MIT
"""Prints `cpu` or `cuda`: the build of torch in pip's installation report on standard input.

A report without what torch needs (pip's --no-deps) counts as `cpu` only where the version says so.
"""

import json
import sys


def build(report):
    versions = {item["metadata"]["name"].lower(): item["metadata"]["version"]
                for item in report["install"]}
    if versions["torch"].endswith("+cpu"):
        return "cpu"
    needs_cuda = any(name.startswith(("nvidia-", "cuda-")) for name in versions)
    return "cpu" if len(versions) > 1 and not needs_cuda else "cuda"


if __name__ == "__main__":
    print(build(json.load(sys.stdin)))
