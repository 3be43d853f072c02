# SPDX-License-Identifier: MIT
"""The whole system as functions written from the equations, for numbers to agree with; for times to
compare with, tools/bench/eager_models.py has modules of the published structure.

float32, nothing fused, from a card and its safetensors files; independent of the library and of those
modules. Only what cards of small models need: gated encoder, Euler, constant guidance.
"""

import json
import math
import pathlib

import torch
from torch.nn import functional as F

from tools.helpers.tensor_files import read_tensors

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of the encoders' pixels


class Weights:
    """Tensors below a prefix, as float32."""

    def __init__(self, tensors, prefix=""):
        self.tensors, self.prefix = tensors, prefix

    def __getitem__(self, name):
        return self.tensors[self.prefix + name].float()

    def __contains__(self, name):
        return self.prefix + name in self.tensors

    def below(self, name):
        return Weights(self.tensors, self.prefix + name + ".")

    def linear(self, name, x):
        return F.linear(x, self[name + ".weight"], self[name + ".bias"])

    def norm(self, name, x, eps):
        return F.layer_norm(x, x.shape[-1:], self[name + ".weight"], self[name + ".bias"], eps)

    def conv(self, name, x, padding=0, stride=1):
        return F.conv2d(x, self[name + ".weight"], self[name + ".bias"], stride, padding)


def attention(q, k, v):
    """softmax(q k^T / sqrt(d)) v of (N, heads, T, d)."""
    shares = torch.softmax(q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1]), -1)
    return shares @ v


def heads_of(x, heads):
    """(N, T, 3 D) -> q, k, v (N, heads, T, d)."""
    n, t, width = x.shape
    return x.view(n, t, 3, heads, width // (3 * heads)).permute(2, 0, 3, 1, 4)


def merged(x):
    return x.transpose(1, 2).flatten(2)  # (N, T, D)


def modulate(x, shift, scale):
    return F.layer_norm(x, x.shape[-1:], eps=1e-6) * (1 + scale) + shift


class PlainModel:
    def __init__(self, card_path):
        folder = pathlib.Path(card_path).parent
        self.card = json.loads(pathlib.Path(card_path).read_text())
        opened = {}

        def role(key):
            entry = self.card[key]
            tensors = opened.setdefault(entry["file"], read_tensors(folder / entry["file"]))
            return Weights(tensors, entry.get("prefix", ""))

        self.encoder, self.residual, self.decoder, self.dit = map(
            role, ("encoder", "residual", "decoder", "diffusion"))
        statistics = role("statistics")
        self.mean = statistics["dinov3_sp_mean"].flatten()
        self.std = statistics["dinov3_sp_std"].flatten()

    # Encoders: pixels (N, 3, H, W) normalised -> tokens (N, T, C).

    def rotation(self, rows, columns, head):
        """cos and sin (T, head): row angles, then column angles, twice; coordinates in [-1, 1]."""
        base = self.card["encoder"].get("rope_base", 100)
        periods = base ** (torch.arange(head // 4) / (head // 4))
        y, x = torch.meshgrid(*(2 * (torch.arange(n) + 0.5) / n - 1 for n in (rows, columns)),
                              indexing="ij")
        angles = torch.cat([2 * math.pi * c.reshape(-1, 1) / periods for c in (y, x)], 1)
        angles = angles.repeat(1, 2)
        return angles.cos(), angles.sin()

    def semantic_tokens(self, pixels):
        w, card = self.encoder, self.card["encoder"]
        patches = w.conv("patch_embed.proj", pixels, stride=self.card["patch"])
        rows, columns = patches.shape[2:]
        n = len(pixels)
        x = torch.cat([w["cls_token"].expand(n, -1, -1), w["storage_tokens"].expand(n, -1, -1),
                       patches.flatten(2).transpose(1, 2)], 1)
        prefix = x.shape[1] - rows * columns
        cos, sin = self.rotation(rows, columns, card["width"] // card["heads"])

        def rotated(q):
            head, tail = q[:, :, :prefix], q[:, :, prefix:]
            first, second = tail.chunk(2, -1)
            return torch.cat([head, tail * cos + torch.cat([-second, first], -1) * sin], 2)

        for i in range(card["depth"]):
            b = w.below(f"blocks.{i}")
            bias = b["attn.qkv.bias"] * b["attn.qkv.bias_mask"]
            q, k, v = heads_of(F.linear(b.norm("norm1", x, 1e-5), b["attn.qkv.weight"], bias),
                               card["heads"])
            mixed = merged(attention(rotated(q), rotated(k), v))
            x = x + b["ls1.gamma"] * b.linear("attn.proj", mixed)
            h = b.norm("norm2", x, 1e-5)
            h = F.silu(b.linear("mlp.w1", h)) * b.linear("mlp.w2", h)
            x = x + b["ls2.gamma"] * b.linear("mlp.w3", h)
        return w.norm("norm", x, 1e-5)[:, prefix:]

    def residual_tokens(self, pixels):
        w, card = self.residual, self.card["residual"]
        patches = w.conv("conv_proj", pixels, stride=self.card["patch"]).flatten(2).transpose(1, 2)
        x = torch.cat([w["class_token"].expand(len(pixels), -1, -1), patches], 1)
        x = x + w["encoder.pos_embedding"]
        for i in range(card["depth"]):
            b = w.below(f"encoder.layers.encoder_layer_{i}")
            y = F.linear(b.norm("ln_1", x, 1e-6), b["self_attention.in_proj_weight"],
                         b["self_attention.in_proj_bias"])
            x = x + b.linear("self_attention.out_proj", merged(attention(*heads_of(y, card["heads"]))))
            x = x + b.linear("mlp.3", F.gelu(b.linear("mlp.0", b.norm("ln_2", x, 1e-6))))
        x = w.norm("encoder.ln", x, 1e-6)[:, 1:]
        return w.linear("heads.2", F.gelu(w.linear("heads.0", x)))

    def encode(self, pictures):
        """8-bit pictures (N, H, W, 3) -> latents (N, T, C), aligned with the card's scalars."""
        x = (pictures.float() / 255 - torch.tensor(MEAN)) / torch.tensor(STD)
        x = x.permute(0, 3, 1, 2)
        a = self.card["alignment"]
        residual = self.residual_tokens(x)
        residual = (residual - a["residual_mean"]) * (a["semantic_std"] / (a["residual_std"] + 1e-6)) \
            + a["semantic_mean"]
        return torch.cat([self.semantic_tokens(x), residual], 2)

    # Decoder: latents (N, T, C) -> 8-bit pictures.

    def group_norm(self, w, name, x, swish):
        x = F.group_norm(x, self.card["decoder"].get("groups", 32), w[name + ".weight"],
                         w[name + ".bias"], 1e-6)
        return F.silu(x) if swish else x

    def resnet(self, w, x):
        h = w.conv("conv1", self.group_norm(w, "norm1", x, True), 1)
        h = w.conv("conv2", self.group_norm(w, "norm2", h, True), 1)
        return (w.conv("nin_shortcut", x) if "nin_shortcut.weight" in w else x) + h

    def attend(self, w, x):
        y = self.group_norm(w, "norm", x, False)
        q, k, v = (w.conv(name, y).flatten(2).transpose(1, 2) for name in "qkv")
        return x + w.conv("proj_out", attention(q, k, v).transpose(1, 2).reshape(x.shape))

    def decode(self, latents):
        w, card = self.decoder, self.card["decoder"]
        rows, columns = self.card["grid"]
        h = w.conv("conv_in", latents.transpose(1, 2).reshape(len(latents), -1, rows, columns), 1)
        mid = w.below("mid")
        h = self.resnet(mid.below("block_1"), h)
        h = self.resnet(mid.below("block_2"), self.attend(mid.below("attn_1"), h))
        for level in reversed(range(len(card["multipliers"]))):
            up = w.below(f"up.{level}")
            for i in range(card["res_blocks"] + 1):
                h = self.resnet(up.below(f"block.{i}"), h)
                if f"attn.{i}.q.weight" in up:
                    h = self.attend(up.below(f"attn.{i}"), h)
            if level > 0:
                h = up.conv("upsample.conv", F.interpolate(h, scale_factor=2, mode="nearest"), 1)
        x = w.conv("conv_out", self.group_norm(w, "norm_out", h, True), 1)
        levels = ((x + 1) * 127.5 + 0.5).floor().clamp(0, 255).to(torch.uint8)
        return levels.permute(0, 2, 3, 1)  # (N, H, W, 3)

    # Transformer and sampler, on normalised latents.

    def velocity(self, x, t, labels):
        w, card = self.dit, self.card["diffusion"]
        k = torch.exp(-math.log(10000) * torch.arange(128) / 128)
        angles = t[:, None] * k
        c = torch.cat([angles.cos(), angles.sin()], 1)
        c = w.linear("t_embedder.mlp.2", F.silu(w.linear("t_embedder.mlp.0", c)))
        c = F.silu(c + w["y_embedder.embedding_table.weight"][labels])
        h = w.linear("ln1", x) + w["pos_embed"]
        for i in range(card["depth"]):
            b = w.below(f"blocks.{i}")
            m = b.linear("adaLN_modulation.1", c).unsqueeze(1).chunk(6, 2)
            q, k, v = heads_of(b.linear("attn.qkv", modulate(h, m[0], m[1])), card["heads"])
            if card.get("qk_norm", True):
                q, k = b.norm("attn.q_norm", q, 1e-5), b.norm("attn.k_norm", k, 1e-5)
            h = h + m[2] * b.linear("attn.proj", merged(attention(q, k, v)))
            y = F.gelu(b.linear("mlp.fc1", modulate(h, m[3], m[4])), approximate="tanh")
            h = h + m[5] * b.linear("mlp.fc2", y)
        shift, scale = w.linear("final_layer.adaLN_modulation.1", c).unsqueeze(1).chunk(2, 2)
        return w.linear("final_layer.linear", modulate(h, shift, scale))[..., :x.shape[2]]

    def sample(self, noise, labels):
        """Normalised latents: Euler steps on the shifted grid, constant guidance."""
        s = self.card["sampling"]
        u = torch.linspace(0, 1, s["steps"] + 1, dtype=torch.float64)
        times = s["shift"] * u / (1 + (s["shift"] - 1) * u)
        null = torch.full_like(labels, self.card["diffusion"]["classes"])
        scale, x = s["guidance_scale"], noise
        for t, after in zip(times, times[1:]):
            now = torch.full((len(x),), float(t))
            v = scale * self.velocity(x, now, labels) + (1 - scale) * self.velocity(x, now, null)
            x = x + v * float(after - t)
        return x

    def unnormalised(self, latents):
        return latents * self.std + self.mean
