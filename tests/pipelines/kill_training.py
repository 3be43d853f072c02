#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Kills trainings at random moments and compares what is resumed with a run that was left alone.

usage: kill_training.py SCRATCH_FOLDER [--kills N] [--seed S]

For each phase: one unbroken training, then trainings that are killed with SIGKILL after a random
time (checkpoints are written all the while) and resumed until they finish, over and over until N
kills have hit in total. Every finished one must have the unbroken one's files, bit by bit, and lose
no more steps than lie between checkpoints. Then Ctrl-C, which must save everything, and a disk that
is too small for a second checkpoint.
Prints a line for each finished training, and results in the way of GoogleTest.
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
STEPS, INTERVAL = 24, 2
SOURCES = {
    "encoder": "svgscenesrc seed=5 ! svgtrainencoder prototypes=64 head-width=64",
    "autoencoder": "svgscenesrc seed=5 ! svgtrainautoencoder discriminator-start=20",
    "diffusion": "svgscenesrc seed=5 ! svgencode batch-size=4 ! svgalign labels=true ! "
                 "svgtraindiffusion",
}
COMPARED = ("state.safetensors", "ema.safetensors", "state.json")


def start(phase, folder, more=""):
    line = (f"{SOURCES[phase]} model=mini batch-size=4 max-steps={STEPS} resume=true "
            f"checkpoint={folder} checkpoint-interval={INTERVAL} log={folder}.jsonl {more}")
    return subprocess.Popen([ROOT / "tools/run", "gst-launch-1.0", *line.split()],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            start_new_session=True)


def finish(process):
    output, _ = process.communicate(timeout=300)
    return process.returncode, output


def last_step(folder):
    names = sorted(p.name for p in folder.glob("step-*") if p.suffix == "")
    return int(names[-1][5:]) if names else 0


def logged_steps(folder):
    log = pathlib.Path(f"{folder}.jsonl")
    steps = 0
    for line in log.read_text().splitlines() if log.exists() else []:
        try:
            steps = json.loads(line)["step"]
        except ValueError:
            pass  # torn by the kill
    return steps


def run_with_kills(phase, folder, chance, longest):
    """Resumes until the end; returns the kills and the largest number of steps lost by one."""
    kills = lost = 0
    while last_step(folder) < STEPS:
        process = start(phase, folder)
        try:
            process.wait(timeout=chance.uniform(0.3, longest / 2))  # most do not finish
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            kills += 1
        finish(process)
        lost = max(lost, logged_steps(folder) - last_step(folder))
    return kills, lost


def compare(whole, broken):
    name = f"step-{STEPS:08d}"
    return [f for f in COMPARED
            if (whole / name / f).read_bytes() != (broken / name / f).read_bytes()]


def kill_test(phase, scratch, kills_wanted, chance):
    whole = scratch / f"{phase}-whole"
    began = time.monotonic()
    code, output = finish(start(phase, whole))
    longest = time.monotonic() - began
    if code != 0:
        return [f"the unbroken run failed: {output}"]
    problems, kills, rounds, lost = [], 0, 0, 0
    while kills < kills_wanted and not problems:
        broken = scratch / f"{phase}-{rounds}"
        hit, gone = run_with_kills(phase, broken, chance, longest)
        problems += [f"{phase} round {rounds}: {f} differs" for f in compare(whole, broken)]
        kills, rounds, lost = kills + hit, rounds + 1, max(lost, gone)
        print(f"{phase}: {kills} kills, {rounds} trainings, at most {lost} steps lost", flush=True)
        shutil.rmtree(broken)
    if lost > INTERVAL:
        problems.append(f"{phase}: a kill lost {lost} steps, checkpoints are {INTERVAL} apart")
    return problems


def interrupt_test(scratch, chance, times=10):
    """Sends Ctrl-C at random moments: a training ends within seconds and saves all its steps."""
    problems = []
    for phase in SOURCES:
        folder = scratch / f"{phase}-interrupted"
        for _ in range(times):
            process = start(phase, folder, "max-steps=100000 checkpoint-interval=100000")
            time.sleep(chance.uniform(0.2, 3))
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.communicate(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                finish(process)
                problems.append(f"{phase}: still there ten seconds after SIGINT")
            if last_step(folder) != logged_steps(folder):
                problems.append(f"{phase}: saved {last_step(folder)}, did {logged_steps(folder)}")
        print(f"{phase}: {times} interrupts, {last_step(folder)} steps kept", flush=True)
    return problems


def full_disk_test(scratch):
    """Trains on a disk with room for one checkpoint and a half; None where it cannot be mounted."""
    disk = scratch / "disk"
    disk.mkdir()
    size = sum(f.stat().st_size for f in (scratch / "autoencoder-whole").rglob("*"))
    one = size // 3  # three checkpoints are kept
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={int(one * 1.5)}", "tmpfs", disk],
                             capture_output=True, text=True)
    if mounted.returncode != 0:
        return None
    try:
        code, output = finish(start("autoencoder", disk / "run", "checkpoints-kept=1"))
        problems = []
        if code == 0 or "a checkpoint cannot be saved" not in output:
            problems.append(f"no clear error on a full disk: {output}")
        if last_step(disk / "run") != INTERVAL:
            problems.append("the first checkpoint is not intact")
        if list((disk / "run").glob("*.unfinished")):
            problems.append("an unfinished checkpoint was left")
        return problems
    finally:
        subprocess.run(["umount", disk], check=False)


def report(name, problems):
    result = "SKIPPED" if problems is None else "FAILED" if problems else "OK"
    for problem in problems or []:
        print(problem)
    print(f"[ {result:>8} ] {name}", flush=True)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("scratch", type=pathlib.Path)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    shutil.rmtree(options.scratch, ignore_errors=True)
    options.scratch.mkdir(parents=True)
    chance = random.Random(options.seed)
    share = (options.kills + len(SOURCES) - 1) // len(SOURCES)
    results = [report(f"KillTraining.{phase}",
                      kill_test(phase, options.scratch, share, chance)) for phase in SOURCES]
    results.append(report("KillTraining.interrupt", interrupt_test(options.scratch, chance)))
    results.append(report("KillTraining.full_disk", full_disk_test(options.scratch)))
    shutil.rmtree(options.scratch, ignore_errors=True)
    return 1 if "FAILED" in results else 0


if __name__ == "__main__":
    sys.exit(main())
