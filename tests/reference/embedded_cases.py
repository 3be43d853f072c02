# SPDX-License-Identifier: MIT
"""Writes cases.safetensors of a model: what plain PyTorch makes of some noise and some pictures.

usage: .venv/bin/python -m tests.reference.embedded_cases MODEL_FOLDER [--images N]

To be run in the root of the tree. The reference tests compare the library with them. Pictures that an
older file holds stay.
"""

import argparse
import pathlib

import torch

from tests.reference import plain_model
from tools.helpers.tensor_files import read_tensors, write_tensors


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.reference.embedded_cases",
                                     description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--images", type=int, default=8)
    arguments = parser.parse_args()
    path = arguments.folder / "cases.safetensors"
    pictures = read_tensors(path)["input"]
    model = plain_model.PlainModel(arguments.folder / "card.json")
    generator = torch.Generator().manual_seed(1)
    rows, columns = model.card["grid"]
    noise = torch.randn(arguments.images, rows * columns, len(model.mean), generator=generator)
    classes = torch.arange(arguments.images) % model.card["diffusion"]["classes"]
    with torch.no_grad():
        latents = model.sample(noise, classes)
        encoded = model.encode(pictures)
        write_tensors(path, {
            "noise": noise, "classes": classes, "latent_normalised": latents,
            "generated": model.decode(model.unnormalised(latents)), "input": pictures,
            "input_latent": encoded, "reconstruction": model.decode(encoded)})
    print(f"{path}: {len(noise)} images, {len(pictures)} pictures")


if __name__ == "__main__":
    main()
