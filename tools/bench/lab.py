# SPDX-License-Identifier: MIT
"""Measures the cells of tools/bench/inference, each once, and keeps their results."""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import threading
import time

import torch

from tools.bench import models
from tools.bench.cells import device_of, name_of
from tools.bench.protocol import Guard, Worker, WorkerError, environment, paired
from tools.helpers.environment import BUILD, ROOT, finding_modules, python_with
from tools.helpers.tensor_files import read_tensors

RUNTIMES = (  # packages
    "onnx==1.22.0", "onnxscript==0.7.2", "onnxruntime==1.32.0", "openvino==2026.4.1")
INSTALLED = ("onnxruntime", "openvino")  # peers that need them
IMAGES = 16  # of the inputs: the largest batch
SIDES = (8, 32, 64)  # of the curves, in tokens, beside the card's own
WARM_FRAMES = 2  # of a pipeline, which do not count
SHORTEST = 0.5  # seconds of one measurement


class NotInstalled(Exception):
    """The runtime of a peer is not installed."""


class BenchRunner:
    def __init__(self, options):
        self.options, self.out = options, options.out.resolve()
        for folder in ("cells", "oracle", "scratch", "models", "pictures"):
            (self.out / folder).mkdir(parents=True, exist_ok=True)
        self.cards, self.python = {}, None
        if options.install:
            self.python = python_with(self.out / "venv", *RUNTIMES)
        elif (self.out / "venv").exists():
            self.python = self.out / "venv/bin/python"

    # What is run.

    def card(self, model):
        """(path, content) of a model's card; writes what is missing."""
        if model not in self.cards:
            path = ROOT / "models" / model / "card.json" if model == "mini" else \
                models.write_model(self.out / "models", model)
            card = json.loads(path.read_text())
            side = card["grid"][0]
            inputs = self.inputs(model)
            if not inputs.exists():
                models.write_inputs(inputs, card, IMAGES, {side, *SIDES} if model != "mini" else {side})
            self.cards[model] = path, card
        return self.cards[model]

    def inputs(self, model):
        return self.out / f"inputs-{model}.safetensors"

    def environment(self, threads):
        """The variables of a worker, the same for all sides."""
        return environment(BUILD, threads) | {"TORCHINDUCTOR_CACHE_DIR": str(self.out / "inductor")}

    def ours(self, cell):
        return Worker([BUILD / "tools/svgen-bench", self.card(cell["model"])[0], cell["dtype"],
                       cell["threads"], device_of(cell)], self.environment(cell["threads"]))

    def peer(self, cell):
        python, folders = sys.executable, []
        if cell["peer"] in INSTALLED:
            if self.python is None:
                raise NotInstalled
            python = self.python  # with this Python's PyTorch
            folders = [path for path in sys.path if path.endswith("site-packages")]
        return Worker([python, "-W", "ignore", "-m", "tools.bench.peer", cell["peer"],
                       self.card(cell["model"])[0], cell["peer_dtype"], cell["threads"],
                       device_of(cell), self.out / "scratch"],
                      self.environment(cell["threads"]) | finding_modules(*folders))

    def request(self, cell):
        side = cell.get("side", self.card(cell["model"])[1]["grid"][0])
        return [cell["part"], f"inputs={self.inputs(cell['model'])}", f"batch={cell.get('batch', 1)}",
                f"side={side}", f"steps={cell.get('steps', 1)}", f"guidance={cell.get('guidance', 1)}"]

    # How it is measured.

    def measure(self, cell):
        """A cell's result, from its file when there is one; None where a peer is not installed."""
        start = time.monotonic()
        try:
            return self.kept(name_of(cell), lambda: {
                "cell": cell, **KINDS[cell["kind"]](self, cell),
                "spent": round(time.monotonic() - start, 1)})
        except NotInstalled:
            return None

    def finished(self, name):
        """The kept result of a cell, or None. A peer's failure is none: it is measured again."""
        found = self.outcome(name)
        return None if found and "failed" in found else found

    def outcome(self, name):
        """The kept result of a cell, also a peer's failure, or None. What was measured without the
        guard counts only in runs without it."""
        path = self.out / f"cells/{name}.json"
        found = json.loads(path.read_text()) if path.exists() else None
        counts = found and (found["guarded"] or self.options.unguarded or
                            "unsupported" in found or "failed" in found)
        return found if counts else None

    def kept(self, name, measure):
        found = None if self.options.again else self.finished(name)
        if found is None:
            found = measure() | {"guarded": not self.options.unguarded}
            (self.out / f"cells/{name}.json").write_text(json.dumps(found, indent=1) + "\n")
        return found

    def guard(self, *workers):
        return Guard([worker.pid for worker in workers], not self.options.unguarded)

    def pair(self, cell):
        oracle, started = self.oracle(cell), {}
        with contextlib.ExitStack() as running:
            def start(side):
                started[side] = running.enter_context(getattr(self, side)(cell))
                return started[side]
            try:
                return self.compare(cell, start, oracle)
            except WorkerError as error:
                if error.worker is not started["peer"]:
                    raise
                return {"unsupported" if error.unsupported else "failed": str(error)}

    def compare(self, cell, start, oracle):
        request, sides = self.request(cell), {}
        files = {side: self.out / f"scratch/{side}.raw" for side in ("peer", "ours")}
        found = {"first": {}, "peak": {}}
        for side, file in files.items():  # one after the other
            sides[side] = start(side)
            sides[side].ask(*request, f"output={file}")
            found["first"][side] = time.monotonic() - sides[side].started
        found["accuracy"] = self.accuracy(cell, files["ours"], files["peer"], oracle)
        once = min(float(worker.ask(*request)[0]) for worker in sides.values())
        repeats = 1 if self.options.quick else max(1, round(SHORTEST / once))

        def seconds(side):
            took, peak, _ = sides[side].ask(*request, f"repeats={repeats}")
            found["peak"][side] = int(peak)
            return float(took) / repeats

        rounds = paired(lambda: seconds("peer"), lambda: seconds("ours"), self.options.rounds,
                        self.guard(*sides.values()))
        return found | {"repeats": repeats, "rounds": rounds}

    # What it is compared with.

    def oracle(self, cell):
        """The file of a part's float64 result for the first image; None for whole jobs and other sides."""
        model, part, side = cell["model"], cell["part"], cell.get("side")
        if part in ("image", "frame") or side is not None:
            return None
        path = self.out / f"oracle/{part}-{model}.raw"
        if not path.exists():
            print("    float64", flush=True)
            exact = cell | {"peer": "eager", "peer_dtype": "float64", "batch": 1}
            with self.peer(exact) as worker:
                worker.ask(*self.request(exact), f"output={path}")
        return path

    def accuracy(self, cell, ours, peer, oracle):
        if cell["part"] in ("image", "frame"):
            a, b = (values(path, torch.uint8).double() for path in (ours, peer))
            error = float((a - b).square().mean())
            return {"levels": int((a - b).abs().max()),
                    "psnr": 10 * float(torch.tensor(255 ** 2 / error).log10()) if error else None}
        a, b = (values(path, torch.float32).double() for path in (ours, peer))
        if cell["part"] == "dit":  # noise + velocity
            noise = read_tensors(self.inputs(cell["model"]))["noise"]
            noise = noise[:cell["batch"]].flatten().double()
            a, b = a - noise, b - noise
        found = {"apart": distance(a, b)}
        if cell["part"] == "decode":
            found["levels"] = float((a - b).abs().max() * 127.5)
        if oracle:
            exact = values(oracle, torch.float64)
            if cell["part"] == "dit":
                exact = exact - noise[:len(exact)]
            found |= {"ours": distance(a[:len(exact)], exact), "peer": distance(b[:len(exact)], exact)}
        return found

    # Whole processes.

    def start(self, cell):
        """Times from the command to one evaluation: the peer's first answer, a pipeline's whole run."""
        path, _ = self.card(cell["model"])
        line = (f"svgdiffuse model={path} dtype={cell['dtype']} num-images=1 steps=1 "
                "guidance-scale=1 ! fakesink")
        memory = {}

        def peer():
            with self.peer(cell) as worker:
                memory["peer"] = list(map(int, worker.ask(*self.request(cell))[1:]))
                return time.monotonic() - worker.started

        def ours():
            seconds, _, memory["ours"] = self.launch(line, cell["threads"])
            return seconds

        peer(), ours()  # into the page cache
        rounds = paired(peer, ours, self.options.rounds, self.guard())
        weights = path.parent / self.card(cell["model"])[1]["diffusion"]["file"]
        return {"rounds": rounds, "memory": {
            "peer": dict(zip(("peak", "anonymous"), memory["peer"])), "ours": memory["ours"],
            "weights": weights.stat().st_size >> 20}}

    def launch(self, line, threads):
        """(seconds, {sink: times of its buffers}, memory in MiB) of a launch line."""
        start, buffers, memory = time.monotonic(), {}, {}
        process = subprocess.Popen(
            [ROOT / "tools/run", "gst-launch-1.0", "-v", *line.split()], stdout=subprocess.PIPE,
            text=True, env=os.environ | self.environment(threads) | {"SVGEN_BUILD": str(BUILD)})
        watcher = threading.Thread(target=watch, args=(process, memory))
        watcher.start()
        for text in process.stdout:
            if "last-message = chain" in text:
                buffers.setdefault(text.split("GstFakeSink:")[1].split(":")[0], []).append(
                    time.monotonic())
        if process.wait() != 0:
            sys.exit(f"bench: a line failed: {line}")
        watcher.join()
        return time.monotonic() - start, buffers, memory

    def chains(self, cell):
        """Times reconstructing pipelines side by side in one process."""
        runs = []

        def run():
            runs.append(self.frames(cell, cell["count"]))
            return runs[-1]["seconds"]

        guard = self.guard()
        for _ in range(self.options.rounds):
            guard(run)
        runs = sorted(runs, key=lambda found: found["seconds"])
        return {"frame": runs[len(runs) // 2], "all": [found["seconds"] for found in runs],
                "repeated": guard.repeated}

    def frames(self, cell, count):
        """Seconds per frame of `count` chains together, and between the frames of a chain (gaps)."""
        path, card = self.card(cell["model"])
        side, dtype = card["grid"][0] * card["patch"], f"model={path} dtype={cell['dtype']}"
        length = WARM_FRAMES + (4 if self.options.quick else max(6, 24 // count))
        line = " ".join(
            f"videotestsrc num-buffers={length} ! video/x-raw,format=RGB,width={side},height={side},"
            f"framerate=30/1 ! svgencode {dtype} ! svgalign {dtype} statistics=frame ! "
            f"svgdecode {dtype} ! fakesink silent=false name=f{i}" for i in range(count))
        _, buffers, memory = self.launch(line, cell["threads"])
        begin = max(times[WARM_FRAMES - 1] for times in buffers.values())
        end = min(times[-1] for times in buffers.values())  # all chains run until here
        inside = sum(begin < at <= end for times in buffers.values() for at in times)
        gaps = sorted(b - a for times in buffers.values() for a, b in zip(times, times[1:])
                      if begin <= a and b <= end)
        return {"seconds": (end - begin) / inside, "frames": inside, "memory": memory,
                "gaps": {f"p{part}": gaps[min(len(gaps) - 1, len(gaps) * part // 100)]
                         for part in (50, 95, 99)}}

    def stream(self, cell):
        """Measures what share a pipeline adds to the library's own time for a frame."""
        with self.ours(cell) as ours:
            request = self.request(cell)
            ours.ask(*request)
            repeats = max(4, round(SHORTEST / float(ours.ask(*request)[0])))
            rounds = paired(
                lambda: float(ours.ask(*request, f"repeats={repeats}")[0]) / repeats,
                lambda: self.frames(cell, 1)["seconds"], self.options.rounds, self.guard(ours))
        return {"rounds": rounds, "added": 1 / rounds["ratio"] - 1}

    def peaks(self, dtype, threads, device):
        """{"gemm", "conv"}: operations a second."""
        command = [sys.executable, "-W", "ignore", "-m", "tools.bench.peaks", dtype, str(threads),
                   device, *(["--quick"] if self.options.quick else [])]
        environment = os.environ | self.environment(threads) | finding_modules()
        name = f"peaks-{dtype}-" + (f"threads{threads}" if device == "cpu" else device)
        if device == "cuda" and not torch.cuda.is_available():
            return self.finished(name)  # brought from where the cells were measured
        return self.kept(name, lambda: json.loads(
            self.guard()(lambda: subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True,
                                                env=environment).stdout)))


KINDS = {"pair": BenchRunner.pair, "start": BenchRunner.start, "stream": BenchRunner.stream,
         "chains": BenchRunner.chains}


def values(path, dtype):
    return torch.from_file(str(path), size=path.stat().st_size // dtype.itemsize, dtype=dtype)


def distance(a, b):
    """The L2 distance of a from b, relative to b."""
    return float((a - b).norm() / b.norm())


def watch(process, memory):
    """Notes the most memory of each kind (MiB) that a process has until it ends."""
    status = pathlib.Path(f"/proc/{process.pid}/status")
    while process.poll() is None:
        try:
            text = status.read_text()
        except OSError:
            return
        for key, name in (("VmHWM:", "peak"), ("RssAnon:", "anonymous"), ("RssFile:", "file")):
            if key in text:
                memory[name] = max(memory.get(name, 0), int(text.split(key)[1].split()[0]) >> 10)
        time.sleep(0.02)
