# SPDX-License-Identifier: MIT
"""Times the networks of the comparison systems at full size beside PyTorch eager and torch.compile.

usage: tools/bench/systems [--only TEXT] [--rounds N] [--peers eager,compile] [--out FOLDER]

Writes random weights under their published names, runs svgen and the peer in turn (the protocol of
docs/performance.md), compares the results, and prints a row for each: the peer's time over svgen's.
"""

import argparse
import json
import os
import pathlib
import shutil
import sys

from tools.helpers.environment import BUILD, ROOT, in_project_environment

if __name__ == "__main__":
    in_project_environment()

import torch

from tools.bench import eager_systems
from tools.bench.protocol import Guard, Worker, environment, machine, machine_text, paired
from tools.helpers.tensor_files import write_tensors

KL = {"channels": 128, "res_blocks": 2}
SD = {"kind": "kl", "file": "weights.safetensors", **KL, "multipliers": [1, 2, 4, 4]}
VA = {"kind": "kl", "file": "weights.safetensors", **KL, "multipliers": [1, 1, 2, 2, 4],
      "attention_levels": [4]}
WEIGHTS = {"file": "weights.safetensors"}
FEATURES = {"channels": 768, "grid": [16, 16], "cell": 16}

# Name of the row: network, part of svgen-bench, card.
ROWS = {
    "SiT-XL/2 (DiT-XL/2)": ("sit", "dit", {
        "system": "sit", "latent": {"channels": 4, "grid": [32, 32], "cell": 8},
        "diffusion": {**WEIGHTS, "preset": "dit-xl", "patch": 2}}),
    "LightningDiT-XL/1": ("lightningdit", "dit", {
        "system": "lightningdit", "latent": {"channels": 32, "grid": [16, 16], "cell": 16},
        "diffusion": {**WEIGHTS, "preset": "lightningdit-xl"}}),
    "DiT-DH-XL": ("ditdh", "dit", {"system": "rae", "latent": FEATURES,
                                   "diffusion": {**WEIGHTS, "preset": "dit-dh-xl"}}),
    "SD-VAE decode": ("sdvae", "decode", {
        "latent": {"channels": 4, "grid": [32, 32], "cell": 8}, "decoder": SD}),
    "VA-VAE decode": ("vavae", "decode", {
        "latent": {"channels": 32, "grid": [16, 16], "cell": 16}, "decoder": VA}),
    "ViT-XL decode": ("vitdecoder", "decode", {
        "latent": FEATURES, "decoder": {"kind": "vit", **WEIGHTS, "preset": "vit-xl"}}),
    "SD-VAE encode": ("sdvae", "encode", {
        "latent": {"channels": 4, "grid": [32, 32], "cell": 8}, "encoder": SD}),
    "VA-VAE encode": ("vavae", "encode", {
        "latent": {"channels": 32, "grid": [16, 16], "cell": 16}, "encoder": VA}),
    "DINOv2-B encode": ("dinov2", "encode", {
        "latent": {"grid": [16, 16], "cell": 16},
        "encoder": {"kind": "dinov2", **WEIGHTS, "preset": "dinov2-vitb14", "registers": 4}}),
}


def prepare(out, network, row, card):
    """The folder with a row's card, weights and inputs."""
    folder = out / network
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "weights.safetensors").exists():
        write_tensors(folder / "weights.safetensors", eager_systems.random_model(network).state_dict())
    name = row.replace("/", "-").replace(" ", "-")
    (folder / f"{name}.json").write_text(json.dumps({"name": name, **card}))
    latent = card["latent"]
    side, channels = latent["grid"][0], latent.get("channels", 768)
    torch.manual_seed(1)
    inputs = folder / "inputs.safetensors"
    write_tensors(inputs, {
        "noise": torch.randn(1, side * side, channels),
        f"latents-{side}": torch.randn(1, side * side, channels),
        f"pictures-{side}": torch.randint(0, 256, (1, side * latent["cell"], side * latent["cell"], 3),
                                          dtype=torch.uint8)})
    return folder / f"{name}.json", inputs, side


def measure(options, row, dtype, peer):
    network, part, card = ROWS[row]
    path, inputs, side = prepare(options.out, network, row, card)
    threads = os.cpu_count()
    variables = environment(BUILD, threads) | {
        "TORCHINDUCTOR_CACHE_DIR": str(options.out / "inductor"), "PYTHONPATH": str(ROOT)}
    with Worker([BUILD / "tools/svgen-bench", path, dtype, threads, "cpu"], variables) as ours, \
            Worker([sys.executable, "-W", "ignore", "-m", "tools.bench.eager_systems", network,
                    path.parent, dtype, threads, peer], variables) as theirs:
        def request(worker, repeats, *more):
            return float(worker.ask(part, f"inputs={inputs}", "batch=1", f"side={side}", "steps=1",
                                    "guidance=1", f"repeats={repeats}", *more)[0]) / repeats
        files = {worker: options.out / f"{i}.raw" for i, worker in enumerate((ours, theirs))}
        seconds = [request(worker, 1, f"output={files[worker]}") for worker in (ours, theirs)]
        seconds = [request(worker, 1) for worker in (ours, theirs)]
        found, wanted = (torch.from_file(str(files[worker]), size=files[worker].stat().st_size // 4)
                         for worker in (ours, theirs))
        error = float((found - wanted).norm() / wanted.norm())
        repeats = max(1, round(0.7 / max(seconds)))
        guard = Guard([ours.pid, theirs.pid], not options.unguarded)
        result = paired(lambda: request(theirs, repeats), lambda: request(ours, repeats),
                        options.rounds, guard)
    return {"row": row, "dtype": dtype, "peer": peer, "ratio": result["ratio"],
            "low": result["low"], "high": result["high"], "ours": min(result["b"]),
            "peer_seconds": min(result["a"]), "error": error}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--only", default="", help="rows whose name, dtype and peer hold this text")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", default="eager,compile")
    parser.add_argument("--dtypes", default="float32,bfloat16")
    parser.add_argument("--unguarded", action="store_true", help="count disturbed rounds, too")
    parser.add_argument("--clean", action="store_true", help="remove a network's files when done")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "out/bench-systems")
    options = parser.parse_args()
    options.out = options.out.resolve()
    options.out.mkdir(parents=True, exist_ok=True)
    print(machine_text(machine()), flush=True)
    print("| network | dtype | peer | peer / svgen | svgen, s | difference |\n|---|---|---|---|---|---|")
    rows = []
    for row in ROWS:
        for dtype in options.dtypes.split(","):
            for peer in options.peers.split(","):
                if options.only not in f"{row} {dtype} {peer}":
                    continue
                found = measure(options, row, dtype, peer)
                rows.append(found)
                print("| {row} | {dtype} | {peer} | {ratio:.2f} ({low:.2f}-{high:.2f}) | {ours:.3f} | "
                      "{error:.1e} |".format(**found), flush=True)
                (options.out / "rows.json").write_text(json.dumps(rows, indent=1) + "\n")
        if options.clean:
            shutil.rmtree(options.out / ROWS[row][0], ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
