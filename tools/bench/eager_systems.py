# SPDX-License-Identifier: MIT
"""Runs the comparison systems' networks in PyTorch on request, beside svgen-bench.

usage: python -m tools.bench.eager_systems NAME FOLDER DTYPE THREADS eager|compile

Answers lines of svgen-bench (`PART KEY=VALUE ...`) with seconds.
"""

import pathlib
import sys
import time

import torch

from tools.bench.eager_autoencoders import Autoencoder
from tools.bench.eager_transformers import DinoV2, Dit, DitDh, VitDecoder
from tools.helpers.tensor_files import mapped, read_tensors

MODELS = {
    "sit": lambda: Dit(4, 32, 2, False, True),
    "lightningdit": lambda: Dit(32, 16, 1, True, False, hidden=3072),
    "ditdh": DitDh,
    "sdvae": lambda: Autoencoder(4, (1, 2, 4, 4)),
    "vavae": lambda: Autoencoder(32, (1, 1, 2, 2, 4), (4,)),
    "vitdecoder": VitDecoder,
    "dinov2": DinoV2,
}


def random_model(name):
    """A network with random weights that keep the size of what passes."""
    torch.manual_seed(0)
    model = MODELS[name]().eval()
    for key, parameter in model.named_parameters():
        if "pos_embed" in key:
            continue
        if parameter.dim() > 1:
            parameter.data.normal_(0, parameter[0].numel() ** -0.5)
        elif key.endswith("bias"):
            parameter.data.normal_(0, 0.02)
    return model.requires_grad_(False)


class Jobs:
    def __init__(self, model, kind):
        compiled = torch.compile if kind == "compile" else lambda f, **_: f
        self.velocity = compiled(model, dynamic=False)
        self.encode = compiled(model.encode, dynamic=False) if hasattr(model, "encode") else None
        self.decode = compiled(model.decode, dynamic=False) if hasattr(model, "decode") else None

    def run(self, part, inputs, side):
        if part == "dit":
            noise = inputs["noise"][:1]
            return noise + self.velocity(noise, torch.zeros(1), torch.zeros(1, dtype=torch.long))
        if part == "decode":
            return self.decode(inputs[f"latents-{side}"][:1])
        return self.encode(inputs[f"pictures-{side}"][:1])


def main():
    name, folder, dtype, threads, kind = sys.argv[1:]
    torch.set_num_threads(int(threads))
    model = random_model(name)
    state = {key: value.clone() for key, value in
             read_tensors(pathlib.Path(folder) / "weights.safetensors").items()}
    model.load_state_dict(state)
    if kind == "compile":
        import torch._inductor.config as inductor  # pylint: disable=import-outside-toplevel
        inductor.freezing = True
    model = model.to(getattr(torch, dtype))
    jobs, files = Jobs(model, kind), {}
    with torch.no_grad():
        for line in sys.stdin:
            part, *words = line.split()
            keys = dict(word.split("=", 1) for word in words)
            inputs = files.setdefault(keys["inputs"], read_tensors(keys["inputs"]))
            start = time.monotonic()
            for _ in range(int(keys["repeats"])):
                result = jobs.run(part, inputs, keys["side"])
            spent = time.monotonic() - start
            if "output" in keys:
                data = result.contiguous().view(torch.uint8).flatten()
                pathlib.Path(keys["output"]).unlink(missing_ok=True)
                mapped(keys["output"], len(data), shared=True).copy_(data)
            print(spent, flush=True)


if __name__ == "__main__":
    main()
