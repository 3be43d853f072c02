# SPDX-License-Identifier: MIT
"""The comparison systems through gst-launch-1.0, from files in their published containers.

usage: tools/helpers/python tests.pipelines.systems_pipelines SCRATCH_FOLDER

Writes tiny models with weights by the fill rule as their authors publish them, generates and decodes
with one launch line each, and compares with the numbers of the published code. Prints and exits as
tests.pipelines.parity_pipelines does.
"""

import array
import json
import math
import pathlib
import sys

from tests.pipelines import run_pipe, torch_files
from tests.pipelines.parity_pipelines import Comparison, tokens_last
from tools.helpers import media

DATA = run_pipe.ROOT / "tests/data/baselines"
NUMBERS = json.loads((DATA / "baselines.json").read_text())
UNIT_VARIANCE = 1.7320508

KL_SD = {"channels": 32, "multipliers": [1, 2, 2], "res_blocks": 1}
KL_VA = {"channels": 32, "multipliers": [1, 1, 2], "res_blocks": 1, "attention_levels": [2]}


def hash_fill(key, shape, amplitude, centre=0):
    """float32 values centre + amplitude (2u - 1), u a hash of the key and the place."""
    start = 2166136261
    for byte in key.encode():
        start = (start ^ byte) * 16777619 & 0xFFFFFFFF
    values = array.array("f")
    for i in range(math.prod(shape)):
        x = (start + i * 0x9E3779B9) & 0xFFFFFFFF
        x = (x ^ (x >> 16)) * 0x85EBCA6B & 0xFFFFFFFF
        x = (x ^ (x >> 13)) * 0xC2B2AE35 & 0xFFFFFFFF
        x ^= x >> 16
        values.append(centre + amplitude * (2 * (x / 4294967296) - 1))
    return torch_files.Tensor(shape, values.tobytes())


def weight(name, shape):
    if len(shape) > 1:
        return hash_fill(name, shape, math.sqrt(3 / math.prod(shape[1:])))
    return hash_fill(name, shape, 0.1, 1 if name.endswith(("weight", "gamma")) else 0)


def position_table(side, width):
    """The sine-cosine table (1, side^2, width), columns first."""
    quarter = width // 4
    frequencies = [10000 ** (-k / quarter) for k in range(quarter)]
    values = array.array("f")
    for row in range(side):
        for column in range(side):
            for position in (column, row):
                values.extend(math.sin(position * f) for f in frequencies)
                values.extend(math.cos(position * f) for f in frequencies)
    return torch_files.Tensor((1, side * side, width), values.tobytes())


def with_row_of_zeros(table):
    """A position table with the row of a class token in front."""
    _, rows, width = table.shape
    return torch_files.Tensor((1, rows + 1, width), bytes(4 * width) + table.data)


def vision_transformer(width):
    """A tiny DINOv2 with registers in Meta's spelling."""
    shapes = {"cls_token": (1, 1, width), "register_tokens": (1, 4, width),
              "mask_token": (1, width), "pos_embed": (1, 17, width),
              "patch_embed.proj.weight": (width, 3, 14, 14), "patch_embed.proj.bias": (width,),
              "norm.weight": (width,), "norm.bias": (width,)}
    for i in range(2):
        for name, inputs, outputs in (("attn.qkv", width, 3 * width), ("attn.proj", width, width),
                                      ("mlp.fc1", width, 4 * width), ("mlp.fc2", 4 * width, width)):
            shapes[f"blocks.{i}.{name}.weight"] = (outputs, inputs)
            shapes[f"blocks.{i}.{name}.bias"] = (outputs,)
        for name in ("norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias", "ls1.gamma",
                     "ls2.gamma"):
            shapes[f"blocks.{i}.{name}"] = (width,)
    return {name: weight(name, shape) for name, shape in shapes.items()}


def transformer(system, width=0):
    """The tiny transformer of a system under its published names."""
    config = NUMBERS[system]["config"]
    side = config["input_size"] // config.get("patch_size", 1)
    width = width or config["hidden_size"]
    state = {name: weight(name, shape) for name, shape in NUMBERS[system]["state_dict"].items()
             if name != "pos_embed"}
    state["pos_embed"] = position_table(side, width)
    return state


def kl_shapes(config, latent):
    """{name: shape} of a KL autoencoder in CompVis's spelling, both halves."""
    shapes, channels = {}, config["channels"]
    widths = [channels * m for m in config["multipliers"]]
    attending, top = config.get("attention_levels", []), widths[-1]

    def conv(name, inputs, outputs, kernel=3):
        shapes[f"{name}.weight"], shapes[f"{name}.bias"] = [outputs, inputs, kernel, kernel], [outputs]

    def norm(name, width):
        shapes[f"{name}.weight"] = shapes[f"{name}.bias"] = [width]

    def block(name, inputs, outputs):
        norm(f"{name}.norm1", inputs)
        conv(f"{name}.conv1", inputs, outputs)
        norm(f"{name}.norm2", outputs)
        conv(f"{name}.conv2", outputs, outputs)
        if inputs != outputs:
            conv(f"{name}.nin_shortcut", inputs, outputs, 1)

    def attention(name, width):
        norm(f"{name}.norm", width)
        for part in ("q", "k", "v", "proj_out"):
            conv(f"{name}.{part}", width, width, 1)

    def level(name, inputs, outputs, blocks, attends):
        for i in range(blocks):
            block(f"{name}.block.{i}", outputs if i else inputs, outputs)
            if attends:
                attention(f"{name}.attn.{i}", outputs)

    last = len(widths) - 1
    for half in ("encoder", "decoder"):
        block(f"{half}.mid.block_1", top, top)
        attention(f"{half}.mid.attn_1", top)
        block(f"{half}.mid.block_2", top, top)
    for i, width in enumerate(widths):
        finer, coarser = widths[max(i - 1, 0)] if i else channels, widths[min(i + 1, last)]
        level(f"encoder.down.{i}", finer, width, config["res_blocks"], i in attending)
        level(f"decoder.up.{i}", coarser, width, config["res_blocks"] + 1, i in attending)
        if i < last:
            conv(f"encoder.down.{i}.downsample.conv", width, width)
        if i > 0:
            conv(f"decoder.up.{i}.upsample.conv", width, width)
    conv("encoder.conv_in", 3, channels)
    norm("encoder.norm_out", top)
    conv("encoder.conv_out", top, 2 * latent)
    conv("quant_conv", 2 * latent, 2 * latent, 1)
    conv("decoder.conv_in", latent, top)
    norm("decoder.norm_out", widths[0])
    conv("decoder.conv_out", widths[0], 3)
    conv("post_quant_conv", latent, latent, 1)
    return shapes


def autoencoder(config, latent):
    return {name: weight(name, shape) for name, shape in kl_shapes(config, latent).items()}


def older_diffusers(state):
    """The same SD-VAE as it was first published for diffusers: other names, matrices for 1x1."""
    renamed = {}
    for entry in json.loads((DATA / "sdvae_keys.json").read_text()).values():
        renamed[entry["diffusers_old"]] = torch_files.Tensor(entry["shape"],
                                                             state[entry["compvis"]].data)
    return renamed


def card(system, latent, kl, file, **parts):
    halves = {part: {"kind": "kl", "file": file, **kl} for part in ("encoder", "decoder")}
    return {"name": system, "system": system, "latent": latent, **halves, **parts}


class Systems:
    """Writes the models and compares them."""

    def __init__(self, scratch):
        self.comparison = Comparison(scratch, "")
        self.folder = self.comparison.folder
        self.sd = autoencoder(KL_SD, 4)
        self.latent = {"channels": 4, "grid": [8, 8], "cell": 4, "scaling_factor": 0.18215}

    def write(self, name, content):
        (self.folder / name).write_text(json.dumps(content))
        self.comparison.card = name

    def diffusion(self, system, file, **sizes):
        config = NUMBERS[system]["config"]
        return {"file": file, "heads": config["num_heads"], "patch": config["patch_size"],
                "classes": config["num_classes"], **sizes}

    def generate(self, system, case, channels, side, properties):
        """One case of svgdiffuse from the noise of the reference."""
        noise = hash_fill("input.noise", (2, channels, side, side), UNIT_VARIANCE)
        media.write_safetensors(
            self.folder / "noise.safetensors",
            {"noise": ("F32", (2, side * side, channels), tokens_last(noise.data, noise.shape))})
        cases = media.read_safetensors(DATA / f"{system}.safetensors")
        _, shape, wanted = cases[case]
        tolerance = max(1e-5, 10 * NUMBERS[system]["cases"][case]["deviation"])
        self.comparison.floats(
            f"{system}:{case}",
            f"svgdiffuse model={self.comparison.card} initial-noise=noise.safetensors classes=3,7 "
            f"num-images=2 batch-size=2 normalized=true {properties}", tokens_last(wanted, shape),
            tolerance)

    def decode(self, case, side):
        """A decoded latent, and a picture that goes through both halves."""
        _, shape, wanted = media.read_safetensors(DATA / "vae.safetensors")[case]
        channels = 4 if case.startswith("sd") else 8
        latents = hash_fill("input.latent", (2, channels, side, side), 1)
        line = self.comparison.decoded(tokens_last(latents.data, latents.shape),
                                       (2, side * side, channels))
        levels = bytes(min(255, max(0, math.floor(255 * (x + 1) / 2 + 0.5)))
                       for x in array.array("f", tokens_last(wanted, shape)))
        self.comparison.bytes(f"{case}({self.comparison.card})", line, levels, 0.001)
        self.reconstruct(shape[2])

    def reconstruct(self, size):
        """Pictures through both halves keep their size."""
        pictures = bytes((i * 7) % 256 for i in range(2 * size * size * 3))
        for posterior in ("mean", "sample"):
            encoded = self.comparison.encoded(pictures, 2, size, "").replace(
                "svgencode ", f"svgencode posterior={posterior} ")
            out = self.comparison.run(f"{encoded} ! svgdecode ! video/x-raw,format=RGB")
            assert len(out) == len(pictures), "a reconstruction has the size of its input"

    def compare(self):
        # Bare pickles, as DiT and SiT are published; the autoencoder as diffusers publishes it.
        torch_files.save_zip(self.folder / "dit.pt", transformer("dit"))
        old = older_diffusers(self.sd)
        media.write_safetensors(self.folder / "sd.safetensors",
                                {name: ("F32", t.shape, t.data) for name, t in old.items()})
        for system in ("sit", "dit"):
            self.write(f"{system}.json", card(system, self.latent, KL_SD, "sd.safetensors",
                                              diffusion=self.diffusion("dit", "dit.pt")))
            if system == "sit":
                self.generate("sit", "ode.euler10", 4, 8, "solver=euler steps=9 shift=0")
                self.generate("sit", "ode.euler10.cfg4.three_channels", 4, 8,
                              "solver=euler steps=9 shift=0 guidance-scale=4 guidance-channels=3")
            else:
                self.generate("dit", "ddim10.cfg4.three_channels", 4, 8,
                              "solver=ddim steps=10 guidance-scale=4 guidance-channels=3")
            self.decode("sdvae.decode", 8)
        # A training's file, with what a trainer keeps beside the weights, in the legacy format; the
        # autoencoder within a whole checkpoint of Lightning.
        repa = transformer("repa")
        namespace = torch_files.foreign_class("repa_trainer.arguments", "Namespace")
        torch_files.save_legacy(self.folder / "repa.pt",
                                {"model": {}, "ema": repa, "args": namespace(), "steps": 4000000})
        torch_files.save_zip(self.folder / "whole.ckpt", {
            "epoch": 3, "global_step": 17,
            "callbacks": {"trainer": torch_files.foreign_class("lightning_of_others", "State")()},
            "state_dict": {
                **{f"first_stage_model.{name}": t for name, t in self.sd.items()},
                "model.diffusion_model.out.0.weight": weight("other.weight", (4,)),
                "betas": hash_fill("betas", (10,), 0.1)}})
        self.write("repa.json", card("repa", self.latent, KL_SD, "whole.ckpt",
                                     diffusion=self.diffusion("repa", "repa.pt")))
        self.generate("repa", "ode.euler10", 4, 8, "solver=euler steps=10 shift=0")
        self.generate("repa", "ode.euler10.cfg1.8.interval0_0.7", 4, 8,
                      "solver=euler steps=10 shift=0 guidance=interval guidance-start=0.29999 "
                      "guidance-scale=1.8")
        self.decode("sdvae.decode", 8)
        # VA-VAE's file keeps the encoder that it was aligned with.
        va = autoencoder(KL_VA, 8)
        va["foundation_model.model.cls_token"] = weight("foundation", (1, 1, 4))
        va["linear_proj.weight"] = weight("proj.weight", (4, 8, 1, 1))
        torch_files.save_zip(self.folder / "va.pt", {"state_dict": va})
        torch_files.save_npz(self.folder / "latents_stats.npz",
                             {"mean": hash_fill("m", (1, 8, 1, 1), 0.0),
                              "std": hash_fill("s", (1, 8, 1, 1), 0.0, 1)})
        lightning = transformer("lightningdit")
        torch_files.save_zip(self.folder / "lightningdit.pt", {"ema": lightning})
        self.write("lightningdit.json", card(
            "lightningdit", {"channels": 8, "grid": [4, 4], "cell": 4}, KL_VA, "va.pt",
            diffusion=self.diffusion("lightningdit", "lightningdit.pt"),
            statistics={"file": "latents_stats.npz"}))
        self.generate("lightningdit", "sample.euler10.shift0.3.cfg6.7", 8, 4,
                      "solver=euler steps=9 shift=0.3 guidance=interval guidance-start=0.125 "
                      "guidance-scale=6.7 guidance-channels=3")
        self.decode("vavae.decode", 8)
        self.compare_features()
        self.refuse_wrong_combinations()
        return self.comparison.failures

    def compare_features(self):
        """RAE and RiT: features of DINOv2, a ViT decoder, statistics of each element."""
        vision = vision_transformer(12)
        torch_files.save_zip(self.folder / "dinov2.pth", vision)
        decoder = {name: weight(name, shape)
                   for name, shape in NUMBERS["rae"]["decoder_state_dict"].items()
                   if name != "decoder_pos_embed"}
        decoder["decoder_pos_embed"] = with_row_of_zeros(position_table(4, 48))
        torch_files.save_npz(self.folder / "decoder.npz", decoder, compressed=True)
        torch_files.save_zip(self.folder / "stat.pt", {
            "mean": hash_fill("m", (12, 4, 4), 0.0), "var": hash_fill("v", (12, 4, 4), 0.0, 1)})
        rae = transformer("rae", width=48)
        rae["t_embedder.W"] = hash_fill("t_embedder.W", (256,), UNIT_VARIANCE)
        torch_files.save_zip(self.folder / "rae.pt", rae)
        rit = transformer("rit", width=64)
        rit["pos_embed"] = with_row_of_zeros(rit["pos_embed"])
        torch_files.save_zip(self.folder / "rit.pth", {
            "model": {}, "model_ema1": rit, "model_ema2": {},
            "args": torch_files.foreign_class("rit_trainer", "Namespace")()})
        parts = {"latent": {"channels": 12, "grid": [4, 4], "cell": 4},
                 "encoder": {"kind": "dinov2", "file": "dinov2.pth", "heads": 3, "registers": 4,
                             "affine": False},
                 "decoder": {"kind": "vit", "file": "decoder.npz", "heads": 4},
                 "statistics": {"file": "stat.pt"}}
        self.write("rae.json", {"name": "rae", "system": "rae", **parts, "diffusion": {
            "file": "rae.pt", "heads": 4, "head_heads": 4, "classes": 10}})
        self.generate("rae", "sample.euler10.shift2", 12, 4, "solver=euler steps=9 shift=0.5")
        self.generate("rae", "sample.euler10.shift2.cfg1.5", 12, 4,
                      "solver=euler steps=9 shift=0.5 guidance-scale=1.5")
        self.reconstruct(16)
        self.write("rit.json", {"name": "rit", "system": "rit", **parts, "diffusion": {
            "file": "rit.pth", "context_start": 1, "classes": 10}})
        self.generate("rit", "rit.sample.heun5", 12, 4, "solver=heun steps=5 shift=0.5")
        self.reconstruct(16)

    def refused(self, case, line, *words):
        """A line that ends with one error, which holds the words: cause and cure."""
        status, output = run_pipe.launch(f"gst-launch-1.0 {line} ! fakesink", self.folder,
                                         self.comparison.scratch)
        # A source whose buffers are refused says so too, as every source of GStreamer does.
        errors = [text for text in output.splitlines() if text.startswith("ERROR: from element")
                  and not text.endswith("Internal data stream error.")]
        lacking = [word for word in words if word not in output]
        if status != 0 and len(errors) == 1 and not lacking:
            print(f"refused {case}: as expected", flush=True)
            return
        print(f"NOT refused as expected: {case}: {len(errors)} errors, lacks {lacking}\n{output}")
        self.comparison.failures.append(case)

    def refuse_wrong_combinations(self):
        source = "svgdiffuse num-images=1 model"
        self.refused("latents of another model",
                     f"{source}=sit.json steps=1 solver=euler ! svgdecode model=lightningdit.json",
                     "lightningdit.json", "sit.json")
        sit = json.loads((self.folder / "sit.json").read_text())
        mixed = dict(sit, decoder=dict(json.loads(
            (self.folder / "lightningdit.json").read_text())["decoder"]))
        self.write("mixed.json", mixed)
        self.refused("parts of two models", f"{source}=mixed.json",
                     "do not fit together", "decoder 8", "diffusion 4")
        absent = dict(sit, decoder=dict(sit["decoder"], file="absent.safetensors"),
                      source="the hub of somebody")
        self.write("absent.json", absent)
        self.refused("a second file that is missing",
                     f"{source}=absent.json steps=1 solver=euler ! svgdecode",
                     "absent.safetensors", "the hub of somebody", "SVGEN_MODEL_PATH")
        self.write("typo.json", dict(sit, system="siit"))
        self.refused("a system with a typo", f"{source}=typo.json", "did you mean sit?",
                     "lightningdit")
        self.refused("more guided channels than there are",
                     f"{source}=sit.json steps=1 solver=euler guidance-channels=5",
                     "guidance-channels", "0 (all) to 4")
        self.refused("a flow's solver for a diffusion", f"{source}=dit.json solver=euler",
                     "predicts noise", "ddpm or ddim")
        self.refused("a diffusion's solver for a flow", f"{source}=sit.json solver=ddpm",
                     "predicts a velocity", "euler")
        self.refused("a form that never worked",
                     f"{source}=sit.json solver=euler-maruyama diffusion-form=sbdm",
                     "never worked", "sigma, linear or decreasing")
        self.refused("a guidance model of another latent",
                     f"{source}=sit.json solver=euler steps=1 guidance-scale=2 "
                     "guidance-model=lightningdit.json", "guidance model", "64 cells of 4 channels")


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    failures = Systems(pathlib.Path(sys.argv[1]).resolve()).compare()
    for case in failures:
        print(f"out of tolerance: {case}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
