# SPDX-License-Identifier: MIT
"""Measures in rounds of ABBA and BAAB; a round in which other processes ran does not count."""

import contextlib
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

FOREIGN_LOAD = 0.03  # of a processor
PATIENCE = 1800  # seconds that a round waits for the machine to be quiet


def busy_seconds(pids):
    """(all processors' busy seconds, those of the given processes and of children they waited for)."""
    tick = os.sysconf("SC_CLK_TCK")
    values = list(map(int, pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:]))
    total = sum(values[:3]) + sum(values[5:8])
    own = 0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        own += sum(map(int, fields[11:15]))
    return total / tick, own / tick


class Guard:
    """Runs work while nothing else runs, and repeats what was disturbed."""

    def __init__(self, pids, enabled=True):
        self.pids, self.enabled = [os.getpid(), *pids], enabled
        self.repeated, self.foreign = 0, 0.0  # foreign: the largest load of rounds that count

    def load_during(self, work):
        """(work's result, other processes' load, whether that is too much)."""
        before, start = busy_seconds(self.pids), time.monotonic()
        result = work()
        after, passed = busy_seconds(self.pids), time.monotonic() - start
        foreign = (after[0] - before[0]) - (after[1] - before[1])
        # The counters tick in hundredths.
        return result, max(0, foreign) / passed, foreign > FOREIGN_LOAD * passed + 0.05

    @staticmethod
    def wait():
        time.sleep(1)

    def __call__(self, work):
        deadline = time.monotonic() + PATIENCE
        while True:
            while self.enabled and self.load_during(self.wait)[2]:
                if time.monotonic() > deadline:
                    sys.exit("the machine is busy: nothing was measured")
            result, load, contaminated = self.load_during(work)
            if not (contaminated and self.enabled):
                self.foreign = max(self.foreign, load)
                return result
            self.repeated += 1


def quartiles(values):
    return statistics.quantiles(values, n=4) if len(values) > 1 else [values[0]] * 3


def paired(a, b, rounds, guard):
    """Runs rounds of a() and b(), each of which returns seconds; gives their means in each round and
    the quartiles of the ratios a / b."""
    def one_round(first, second):
        times = [first(), second(), second(), first()]
        return (times[0] + times[3]) / 2, (times[1] + times[2]) / 2

    pairs = []
    for i in range(rounds):
        order = (a, b) if i % 2 == 0 else (b, a)
        pairs.append(guard(lambda: one_round(*order))[::1 if i % 2 == 0 else -1])
    low, middle, high = quartiles([x / y for x, y in pairs])
    return {"a": [x for x, _ in pairs], "b": [y for _, y in pairs], "rounds": rounds,
            "ratio": middle, "low": low, "high": high, "repeated": guard.repeated,
            "foreign": guard.foreign}


class Worker:
    """A process that answers each line of words with one, as svgen-bench and its peers do."""

    def __init__(self, command, environment=None):
        self.started = time.monotonic()
        self.said = tempfile.TemporaryFile()
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.said, text=True,
                                        env=os.environ | (environment or {}))
        self.pid = self.process.pid

    def ask(self, *words):
        """Sends a line, returns the words of the answer; raises one that begins with "error" or
        "unsupported"."""
        try:
            self.process.stdin.write(" ".join(map(str, words)) + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline().split()
        except BrokenPipeError:
            answer = []
        if not answer:
            raise WorkerError(
                self, f"the process ended with {self.process.wait()}: {self.last_line()}")
        if answer[0] in ("error", "unsupported"):
            raise WorkerError(self, " ".join(answer[1:]), answer[0] == "unsupported")
        return answer

    def last_line(self):
        """The last line of its standard error."""
        self.said.seek(0)
        lines = self.said.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def close(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.said.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class WorkerError(Exception):
    """A worker reported an error or ended; `unsupported`: it says that it cannot do that at all."""

    def __init__(self, worker, text, unsupported=False):
        super().__init__(text)
        self.worker, self.unsupported = worker, unsupported


def environment(build, threads):
    """The variables of a side: as many threads for each, and for svgen's the backend of a build."""
    return {"OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "passive",
            "GOMP_SPINCOUNT": "10000", "SVGEN_BACKEND": str(build / "lib/backend/libsvgen-torch.so")}


def machine():
    """Describes the processor and PyTorch."""
    import torch  # pylint: disable=import-outside-toplevel
    with open("/proc/cpuinfo") as info:
        model = next(line.split(":")[1].strip() for line in info if line.startswith("model name"))
    found = re.findall(r"(MKL-DNN v[\d.]+|Math Kernel Library Version [\d.]+)", torch.__config__.show())
    return {"processor": model, "processors": os.cpu_count(), "torch": torch.__version__,
            "instructions": torch.backends.cpu.get_cpu_capability(),
            "libraries": ", ".join(text.replace("MKL-DNN", "oneDNN").replace(
                "Math Kernel Library Version", "MKL") for text in found)}


def machine_text(found):
    return ("{processor}, {processors} processors, {instructions}; PyTorch {torch} ({libraries})"
            .format(**found))
