# SPDX-License-Identifier: MIT
"""Compares raw float32 and 8-bit streams of gst-launch-1.0 with the reference numbers.

usage: tools/helpers/python tests.pipelines.parity_pipelines tiny|mini SCRATCH_FOLDER

`tiny` is the small system with reference numbers of the published code, in the published
containers; `mini` is the embedded model. Prints `parity CASE LARGEST_ERROR TOLERANCE` for each case
and exits with 1 when one is out of its tolerance.
"""

import array
import json
import pathlib
import shutil
import sys

from tests.pipelines import run_pipe
from tools.helpers import media

TINY = run_pipe.ROOT / "tests/data/tiny"
MINI = run_pipe.ROOT / "models/mini"

TINY_CARD = {
    "name": "tiny", "patch": 16, "grid": [4, 4],
    "encoder": {"file": "svg_autoencoder_tiny.ckpt", "prefix": "encoder.", "width": 48, "depth": 2,
                "heads": 3, "ffn": 192, "registers": 4, "rope_base": 100},
    "residual": {"file": "svg_autoencoder_tiny.ckpt", "prefix": "extra_vit.", "width": 32,
                 "depth": 2, "heads": 4, "mlp": 64, "outputs": 8},
    "decoder": {"file": "svg_autoencoder_tiny.ckpt", "prefix": "decoder.", "channels": 32,
                "multipliers": [1, 1, 2, 2, 4], "res_blocks": 1, "attention_levels": [4]},
    "diffusion": {"file": "dit_tiny.pt", "width": 64, "depth": 2, "heads": 4, "mlp": 256,
                  "classes": 10, "learn_sigma": True, "qk_norm": True},
    "statistics": {"file": "stats_tiny.pt"},
}

# The published guidance strings as properties.
GUIDANCE = {
    "none": "guidance-scale=1",
    "constant": "guidance=constant",
    "late": "guidance=late",
    "early-0.3": "guidance=early guidance-start=0.3",
    "linear": "guidance=linear",
    "cfg_star-1-0": "guidance=cfg-star guidance-skip=1 guidance-reverse=0",
    "cfg_star-2-2": "guidance=cfg-star guidance-skip=2 guidance-reverse=2",
}


def tokens_last(data, shape):
    """(N, C, H, W) float32 bytes as (N, H W, C)."""
    images, channels, height, width = shape
    values, tokens = media.floats(data), height * width
    return array.array("f", (values[(n * channels + c) * tokens + t] for n in range(images)
                             for t in range(tokens) for c in range(channels))).tobytes()


class Comparison:
    """Runs launch lines in a folder and keeps what does not hold."""

    def __init__(self, scratch, card):
        shutil.rmtree(scratch, ignore_errors=True)
        self.folder = scratch / "files"
        self.folder.mkdir(parents=True)
        self.scratch = scratch
        self.card = card
        self.failures = []

    def run(self, line):
        """Runs a line; the bytes that it writes to `out`."""
        status, output = run_pipe.launch(f"gst-launch-1.0 -q {line} ! filesink location=out",
                                         self.folder, self.scratch)
        if status != 0:
            raise RuntimeError(f"{line}\n{output}")
        return (self.folder / "out").read_bytes()

    def report(self, case, error, limit):
        print(f"parity {case} {error:.3g} {limit:g}", flush=True)
        if not error <= limit:
            self.failures.append(case)

    def floats(self, case, line, wanted, limit):
        found, wanted = media.floats(self.run(line)), media.floats(wanted)
        if len(found) != len(wanted):
            raise RuntimeError(f"{case}: {len(found)} values, expected {len(wanted)}\n{line}")
        self.report(case, max(abs(a - b) for a, b in zip(found, wanted)), limit)

    def bytes(self, case, line, wanted, share):
        """Compares 8-bit values: each at most one level off, and no more than a share of them."""
        found = self.run(line)
        if len(found) != len(wanted):
            raise RuntimeError(f"{case}: {len(found)} values, expected {len(wanted)}\n{line}")
        errors = [abs(a - b) for a, b in zip(found, wanted)]
        self.report(f"{case}.levels", max(errors), 1)
        self.report(f"{case}.share", sum(map(bool, errors)) / len(errors), share)

    def encoded(self, images, count, size, alignment):
        (self.folder / "images.rgb").write_bytes(images)
        return (f"filesrc location=images.rgb ! rawvideoparse width={size} height={size} "
                f"format=rgb framerate=1/1 ! svgencode model={self.card} batch-size={count} "
                f"! svgalign {alignment}")

    def decoded(self, latents, shape, properties=""):
        (self.folder / "latents.f32").write_bytes(latents)
        images, tokens, channels = shape
        return (f"filesrc location=latents.f32 blocksize={len(latents)} "
                "! other/tensors,format=static,num_tensors=1,"
                f"dimensions={channels}:{tokens}:{images},types=float32,framerate=0/1 "
                f"! svgdecode model={self.card} {properties} ! video/x-raw,format=RGB")


def compare_tiny(scratch, comparison_type=Comparison):
    """Compares the elements with the published numbers, by Comparison or a class derived from it."""
    card = dict(TINY_CARD)
    for part in ("encoder", "residual", "decoder", "diffusion", "statistics"):
        card[part] = dict(card[part], file=str(TINY / card[part]["file"]))
    comparison = comparison_type(scratch, "card.json")
    (comparison.folder / "card.json").write_text(json.dumps(card))
    cases = media.read_safetensors(TINY / "cases.safetensors")
    _, shape, noise = cases["smp.noise"]
    media.write_safetensors(comparison.folder / "noise.safetensors",
                            {"noise": ("F32", shape, noise)})
    labels = ",".join(map(str, array.array("q", cases["smp.y"][2])))
    source = (f"svgdiffuse model=card.json initial-noise=noise.safetensors classes={labels} "
              f"num-images={shape[0]} batch-size={shape[0]} shift=0.15")

    def sample(case, solver, guidance, steps, properties=""):
        comparison.floats(
            case, f"{source} normalized=true solver={solver} steps={steps} guidance-scale=1.5 "
            f"{GUIDANCE[guidance]} {properties}", cases[case][2],
            5e-5 if "w4" in case else 2e-5)

    for solver in ("euler", "heun"):
        for guidance in GUIDANCE:
            for steps in (5, 25):
                sample(f"smp.{solver}.{guidance}.N{steps}", solver, guidance, steps)
    for case in ("gen.euler.constant.N5", "gen.euler.cfg_star-1-0.N25"):
        _, solver, guidance, steps = case.split(".")
        comparison.bytes(
            f"{case}.u8", f"{source} solver={solver} steps={steps[1:]} guidance-scale=1.5 "
            f"{GUIDANCE[guidance]} ! svgdecode ! video/x-raw,format=RGB", cases[f"{case}.u8"][2],
            0.001)
    images = cases["img.u8"][2]
    for batch, alignment in (("b3", "statistics=batch"), ("b1", "statistics=frame")):
        latent = tokens_last(cases[f"enc.latent_{batch}"][2], cases[f"enc.latent_{batch}"][1])
        line = comparison.encoded(images, 3, 64, alignment)
        comparison.floats(f"enc.latent_{batch}", line, latent, 2e-5)
        comparison.floats(f"enc.tokens_norm_{batch}", f"{line} normalize=true",
                          cases[f"enc.tokens_norm_{batch}"][2], 2e-5)
        comparison.bytes(f"rec.{batch}.u8", comparison.decoded(latent, (3, 16, 56)),
                         cases[f"rec.{batch}.u8"][2], 0.001)
    return comparison.failures


def compare_mini(scratch, comparison_type=Comparison):
    """Compares the elements with an independent run of the embedded model."""
    comparison = comparison_type(scratch, "mini")
    cases = media.read_safetensors(MINI / "cases.safetensors")
    labels = ",".join(map(str, array.array("q", cases["classes"][2])))
    source = (f"svgdiffuse model=mini initial-noise={MINI}/cases.safetensors classes={labels} "
              "num-images=16 batch-size=16")
    comparison.floats("mini.latent_normalised", f"{source} normalized=true",
                      cases["latent_normalised"][2], 1e-3)
    comparison.bytes("mini.generated", f"{source} ! svgdecode ! video/x-raw,format=RGB",
                     cases["generated"][2], 0.001)
    encoded = comparison.encoded(cases["input"][2], 8, 64, "statistics=fixed")
    comparison.floats("mini.input_latent", encoded, cases["input_latent"][2], 1e-3)
    comparison.bytes("mini.reconstruction", f"{encoded} ! svgdecode ! video/x-raw,format=RGB",
                     cases["reconstruction"][2], 0.001)
    return comparison.failures


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("tiny", "mini"):
        print(__doc__, file=sys.stderr)
        return 2
    compare = {"tiny": compare_tiny, "mini": compare_mini}[sys.argv[1]]
    failures = compare(pathlib.Path(sys.argv[2]).resolve())
    for case in failures:
        print(f"out of tolerance: {case}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
