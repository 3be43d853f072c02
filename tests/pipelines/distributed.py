#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Trains in two processes and compares with one process that takes batches of twice the size.

usage: distributed.py SCRATCH_FOLDER

Both phases: the same losses and weights to float tolerance. Then a process that is killed, which
must end the other one with an error, and a resume in another number of processes. Prints a line
`distributed PHASE QUANTITY LARGEST_RELATIVE_ERROR TOLERANCE` for each comparison.
"""

import array
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
STEPS = 4
LINES = {
    "autoencoder": "svgscenesrc seed=5 ! svgtrainautoencoder discriminator-start=2",
    "diffusion": "svgscenesrc seed=5 ! svgencode batch-size=2 ! "
                 "svgalign labels=true statistics=fixed ! svgtraindiffusion",
}
# Relative, of each step. Adam divides by the gradient's own size, so weights with hardly any gradient
# move by rounding, which a fresh decoder with a discriminator multiplies from step to step.
LOSS_TOLERANCE = {"autoencoder": (1e-6, 5e-4, 5e-3, 5e-2), "diffusion": (1e-6, 1e-6, 1e-5, 1e-5)}
WEIGHT_TOLERANCE = {"autoencoder": 1e-2, "diffusion": 1e-3}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(phase, folder, batch, more="", rank=None, port=None):
    line = (f"{LINES[phase]} model=mini ema-decay=0 batch-size={batch} checkpoint={folder} "
            f"log={folder}.jsonl {more}")
    env = dict(os.environ)
    if rank is not None:
        env |= {"RANK": str(rank), "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1",
                "MASTER_PORT": str(port)}
    return subprocess.Popen([ROOT / "tools/run", "gst-launch-1.0", *line.split()], env=env,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            start_new_session=True)


def start_two(phase, folder, more=""):
    port = free_port()
    return [start(phase, folder, 2, more, rank, port) for rank in (0, 1)]


def finish(processes, code=0):
    for process in processes:
        output, _ = process.communicate(timeout=300)
        if process.returncode != code:
            raise SystemExit(f"expected exit status {code}, found {process.returncode}:\n{output}")


def losses(folder):
    lines = pathlib.Path(f"{folder}.jsonl").read_text().splitlines()
    return [json.loads(line)["loss"] for line in lines]


def weights(folder):
    data = (sorted(folder.glob("step-*"))[-1] / "ema.safetensors").read_bytes()
    header = struct.unpack("<Q", data[:8])[0]
    return array.array("f", data[8 + header:])


def check(phase, quantity, found, wanted, tolerance):
    assert len(found) == len(wanted) > 0, f"{quantity}: {len(found)} against {len(wanted)}"
    scale = max(abs(x) for x in wanted)
    error = max(abs(a - b) for a, b in zip(found, wanted)) / scale
    print(f"distributed {phase} {quantity} {error:.3g} {tolerance:g}", flush=True)
    return error <= tolerance


def compare(phase, scratch):
    one, two = scratch / f"{phase}-one", scratch / f"{phase}-two"
    finish([start(phase, one, 4, f"max-steps={STEPS}")])
    finish(start_two(phase, two, f"max-steps={STEPS}"))
    by_step = zip(losses(two), losses(one), LOSS_TOLERANCE[phase], strict=True)
    return all([check(phase, f"loss-{step}", [found], [wanted], tolerance)
                for step, (found, wanted, tolerance) in enumerate(by_step, 1)] +
               [check(phase, "weights", weights(two), weights(one), WEIGHT_TOLERANCE[phase])])


def kill_one(scratch):
    """The other process ends with an error, and one process goes on where two were."""
    folder = scratch / "killed"
    processes = start_two("diffusion", folder, "checkpoint-interval=1")
    deadline = time.monotonic() + 120
    while not list(folder.glob("step-00000002*")) and time.monotonic() < deadline:
        time.sleep(0.1)
    os.killpg(processes[1].pid, signal.SIGKILL)
    output, _ = processes[0].communicate(timeout=60)
    processes[1].wait()
    told = processes[0].returncode != 0 and "another process of the training is gone" in output
    if not told:
        print(output)
    last = int(sorted(p.name for p in folder.glob("step-*") if not p.suffix)[-1][5:])
    finish([start("diffusion", folder, 4, f"resume=true max-steps={last + 2}")])
    return told and len(losses(folder)) == last + 2


def main():
    scratch = pathlib.Path(sys.argv[1])
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    results = [compare(phase, scratch) for phase in LINES]
    results.append(kill_one(scratch))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
