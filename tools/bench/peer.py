# SPDX-License-Identifier: MIT
"""Answers the requests of svgen-bench with the same parts, computed by another runtime.

usage: python -m tools.bench.peer KIND CARD DTYPE THREADS DEVICE SCRATCH       kinds: PEERS below

SCRATCH keeps exported models. Errors are measured against eager in float64.
"""

import json
import os
import pathlib
import sys
import time

import torch
from torch import nn

from tools.bench.eager_models import MEAN, STD, aligned
from tools.bench.models import load_module
from tools.helpers.tensor_files import mapped, read_tensors


class Part(nn.Module):
    """A part of the system from and to plain float32 (float64 where the model has it)."""

    def __init__(self, dtype):
        super().__init__()
        self.dtype, self.wide = dtype, torch.promote_types(dtype, torch.float32)


class Velocity(Part):
    """(N, T, C), times (N), labels (N) -> (N, T, C)."""

    def __init__(self, load, dtype):
        super().__init__(dtype)
        self.model = load("diffusion", dtype)

    def forward(self, x, t, y):
        return self.model(x.to(self.dtype), t.to(self.wide), y).to(self.wide)


class Decode(Part):
    """Latents of a square (N, T, C) -> pixels (N, 3, H, W)."""

    def __init__(self, load, dtype, layout=torch.contiguous_format):
        super().__init__(dtype)
        self.model, self.layout = load("decoder", dtype).to(memory_format=layout), layout

    def forward(self, latents):
        side = int(latents.shape[1] ** 0.5)
        z = latents.to(self.dtype).transpose(1, 2).unflatten(2, (side, side))
        return self.model(z.contiguous(memory_format=self.layout)).to(self.wide)


class Encode(Part):
    """8-bit pictures (N, H, W, 3) -> latents (N, T, C), aligned picture by picture."""

    def __init__(self, load, dtype):
        super().__init__(dtype)
        self.encoder, self.residual = load("encoder", dtype), load("residual", dtype)
        for name, values in (("mean", MEAN), ("std", STD)):
            self.register_buffer(name, torch.tensor(values, dtype=self.wide).view(1, 3, 1, 1))

    def forward(self, pictures):
        x = pictures.permute(0, 3, 1, 2).to(self.wide) / 255
        x = ((x - self.mean) / self.std).to(self.dtype)
        semantic, residual = self.encoder(x).to(self.wide), self.residual(x).to(self.wide)
        return torch.cat([semantic, aligned(semantic, residual)], 2)


PARTS = {"velocity": Velocity, "decode": Decode, "encode": Encode}


class Eager:
    """PyTorch as it comes; the decoder channels-first, as published."""

    layout = torch.contiguous_format

    def __init__(self, card_path, dtype, device, scratch):
        self.card, self.folder = json.loads(card_path.read_text()), card_path.parent
        self.dtype, self.scratch, self.made = getattr(torch, dtype), scratch, {}
        self.device = device

    def module(self, name):
        load = lambda role, dtype: load_module(self.card, self.folder, role, dtype)  # noqa: E731
        options = {"layout": self.layout} if name == "decode" else {}
        return PARTS[name](load, self.dtype, **options).eval().to(self.device)

    def prepared(self, name, arguments):
        """A callable for arguments of these shapes."""
        del arguments
        if name not in self.made:
            self.made[name] = self.module(name)
        return self.made[name]

    def __call__(self, name, *arguments):
        arguments = [argument.to(self.device) for argument in arguments]
        return self.prepared(name, arguments)(*arguments)


class ChannelsLast(Eager):
    layout = torch.channels_last


class Compiled(ChannelsLast):
    """torch.compile with frozen weights, which lets it pack them, or as a CUDA graph; the decoder
    channels-last."""

    def module(self, name):
        import torch._inductor.config as inductor  # pylint: disable=import-outside-toplevel
        if self.device == "cuda":
            # As a CUDA graph, whose result the next run overwrites.
            run = torch.compile(super().module(name), dynamic=False, mode="reduce-overhead")
            return lambda *arguments: run(*arguments).clone()
        inductor.freezing = True
        return torch.compile(super().module(name), dynamic=False)


class Exported(Eager):
    """A model written as ONNX once, read by another runtime."""

    def __init__(self, card_path, dtype, device, scratch):
        # Where precision is the runtime's own choice, it is given a float32 model.
        super().__init__(card_path, self.file_dtype(dtype), device, scratch)
        self.precision, self.threads = dtype, torch.get_num_threads()

    @staticmethod
    def file_dtype(dtype):
        return dtype

    def file(self, name, arguments):
        key = "-".join(map(str, arguments[0].shape))
        path = self.scratch / (f"{self.card['name']}-{name}-{key}-"
                               f"{str(self.dtype).rsplit('.', maxsplit=1)[-1]}.onnx")
        if not path.exists():
            unfinished = path.with_suffix(".unfinished.onnx")
            torch.onnx.export(self.module(name), tuple(arguments), unfinished, dynamo=True,
                              verbose=False, external_data=True)
            unfinished.rename(path)
        return path

    def prepared(self, name, arguments):
        key = name, arguments[0].shape
        if key not in self.made:
            self.made[key] = self.opened(self.file(name, arguments))
        return self.made[key]

    def opened(self, path):
        raise NotImplementedError


class OnnxRuntime(Exported):
    def opened(self, path):
        import onnxruntime  # pylint: disable=import-outside-toplevel
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        session = onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])
        names = [entry.name for entry in session.get_inputs()]
        return lambda *arguments: torch.from_numpy(session.run(
            None, dict(zip(names, (value.numpy() for value in arguments))))[0])


class OpenVino(Exported):
    @staticmethod
    def file_dtype(dtype):
        del dtype
        return "float32"

    def opened(self, path):
        import openvino  # pylint: disable=import-outside-toplevel
        model = openvino.Core().compile_model(path, "CPU", {
            "INFERENCE_PRECISION_HINT": {"float32": "f32", "bfloat16": "bf16"}[self.precision],
            "PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": self.threads})
        return lambda *arguments: torch.from_numpy(
            model([value.numpy() for value in arguments])[0].copy())


PEERS = {"eager": Eager, "eager-channels-last": ChannelsLast, "compile": Compiled,
         "onnxruntime": OnnxRuntime, "openvino": OpenVino}


def levels(pixels):
    return ((pixels + 1) * 127.5 + 0.5).floor().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)


class Jobs:
    """Does what svgen-bench does on request, with the parts of a peer."""

    def __init__(self, peer):
        self.peer, self.card = peer, peer.card
        if "statistics" in self.card:
            found = read_tensors(peer.folder / self.card["statistics"]["file"])
            self.mean, self.std = (found[key].to(peer.device)
                                   for key in ("dinov3_sp_mean", "dinov3_sp_std"))

    def labels(self, count):
        return torch.arange(count, device=self.peer.device) % self.card["diffusion"]["classes"]

    def dit(self, noise):
        noise = noise.to(self.peer.device)
        y, t = self.labels(len(noise)), torch.zeros(len(noise), device=noise.device)
        return lambda: noise + self.peer("velocity", noise, t, y)

    def decode(self, latents):
        return lambda: self.peer("decode", latents)

    def encode(self, pictures):
        return lambda: self.peer("encode", pictures)

    def sample(self, x, steps, guidance):
        """As published: guidance takes two evaluations, one after the other."""
        shift = self.card["sampling"]["shift"]
        x = x.to(self.peer.device)
        u = torch.linspace(0, 1, steps + 1, device="cpu").double()
        times = (shift * u / (1 + (shift - 1) * u)).float()
        y = self.labels(len(x))
        null = torch.full_like(y, self.card["diffusion"]["classes"])
        for t, after in zip(times, times[1:]):
            now = torch.full((len(x),), float(t), device=x.device)
            v = self.peer("velocity", x, now, y)
            if guidance != 1:
                v = guidance * v + (1 - guidance) * self.peer("velocity", x, now, null)
            x = x + v * (after - t)
        return x * self.std + self.mean

    def image(self, noise, steps, guidance):
        return lambda: levels(self.peer("decode", self.sample(noise, steps, guidance)))

    def frame(self, pictures):
        return lambda: levels(self.peer("decode", self.peer("encode", pictures)))


INPUTS = {"dit": "noise", "image": "noise", "decode": "latents-{side}", "encode": "pictures-{side}",
          "frame": "pictures-{side}"}


def answer(jobs, inputs, line):
    part, *words = line.split()
    keys = dict(word.split("=", 1) for word in words)
    path = keys["inputs"]
    if path not in inputs:
        inputs[path] = read_tensors(path)
    batch = inputs[path][INPUTS[part].format(**keys)][:int(keys.get("batch", 1))].clone()
    options = (int(keys["steps"]), float(keys["guidance"])) if part == "image" else ()
    run = getattr(jobs, part)(batch, *options)
    start = time.monotonic()
    for _ in range(int(keys.get("repeats", 1))):
        result = run().cpu()
    spent = time.monotonic() - start
    if "output" in keys:
        data = result.contiguous().view(torch.uint8).flatten()
        pathlib.Path(keys["output"]).unlink(missing_ok=True)
        mapped(keys["output"], len(data), shared=True).copy_(data)
    status = pathlib.Path("/proc/self/status").read_text()
    memory = [int(status.split(key)[1].split()[0]) // 1024 for key in ("VmHWM:", "RssAnon:")]
    return " ".join(map(str, [spent, *memory]))


def kind_of(error):
    """The first word that answers a failure: "unsupported" if the runtime says it cannot do that."""
    cannot = isinstance(error, NotImplementedError) or type(error).__name__ in (
        "NotImplemented", "UnsupportedOperatorError")  # ONNX Runtime's and the export's
    return "unsupported" if cannot else "error"


def main():
    kind, card, dtype, threads, device, scratch = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what libraries print is no answer
    torch.set_num_threads(int(threads))
    torch.backends.cudnn.allow_tf32 = False  # float32 is float32
    with torch.no_grad():
        jobs, inputs = None, {}
        for line in sys.stdin:
            try:
                jobs = jobs or Jobs(PEERS[kind](pathlib.Path(card), dtype, device,
                                                pathlib.Path(scratch)))
                answers.write(answer(jobs, inputs, line) + "\n")
            except Exception as error:  # pylint: disable=broad-exception-caught
                words = f"{type(error).__name__}: {error}".split()
                answers.write(" ".join([kind_of(error), *words])[:400] + "\n")


if __name__ == "__main__":
    main()
