# SPDX-License-Identifier: MIT
"""The transformers of the comparison systems as PyTorch modules, to compare times with: written as one
would for eager, with the published names of tensors."""

import math

import torch
from torch import nn
from torch.nn import functional as F

from tools.bench.eager_models import MEAN, STD, attend


def position_table(side, width):
    quarter = width // 4
    f = 10000 ** (-torch.arange(quarter, dtype=torch.float64) / quarter)
    rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    halves = [p.reshape(-1, 1) * f for p in (columns, rows)]
    return torch.cat([g(a) for a in halves for g in (torch.sin, torch.cos)], 1).float()[None]


def pair_tables(side, head):
    """cos, sin (T, head) for neighbouring pairs, rows first."""
    quarter = head // 4
    f = 10000 ** (-torch.arange(quarter, dtype=torch.float64) / quarter)
    rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    angles = torch.cat([p.reshape(-1, 1) * f for p in (rows, columns)], 1)
    angles = angles.repeat_interleave(2, 1).float()
    return angles.cos(), angles.sin()


class RmsNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        wide = x.float()
        return (wide * torch.rsqrt(wide.square().mean(-1, True) + 1e-6)).to(x.dtype) * self.weight


class SwiGlu(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.w12, self.w3 = nn.Linear(width, 2 * hidden), nn.Linear(hidden, width)

    def forward(self, x):
        gate, value = self.w12(x).chunk(2, -1)
        return self.w3(F.silu(gate) * value)


class Gelu(nn.Module):
    def __init__(self, width, hidden, approximate="tanh"):
        super().__init__()
        self.fc1, self.fc2, self.approximate = nn.Linear(width, hidden), nn.Linear(hidden, width), \
            approximate

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x), approximate=self.approximate))


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.qkv, self.proj = heads, nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x, tables=None):
        def turn(q, k):
            cos, sin = (table.to(q.dtype) for table in tables)
            turned = [torch.stack([-y[..., 1::2], y[..., 0::2]], -1).flatten(-2) for y in (q, k)]
            return q * cos + turned[0] * sin, k * cos + turned[1] * sin
        return self.proj(attend(self.qkv(x), self.heads, turn if tables else None))


class Block(nn.Module):
    """A block of DiT, or with `lightning` one of LightningDiT's."""

    def __init__(self, width, heads, hidden, lightning):
        super().__init__()
        plain = {"eps": 1e-6, "elementwise_affine": False}
        self.norm1 = RmsNorm(width) if lightning else nn.LayerNorm(width, **plain)
        self.norm2 = RmsNorm(width) if lightning else nn.LayerNorm(width, **plain)
        self.attn = Attention(width, heads)
        self.mlp = SwiGlu(width, hidden) if lightning else Gelu(width, hidden)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 6 * width))

    def forward(self, x, c, tables=None):
        m = self.adaLN_modulation(c)
        m = (m if m.dim() == 3 else m[:, None]).chunk(6, 2)
        x = x + m[2] * self.attn(self.norm1(x) * (1 + m[1]) + m[0], tables)
        return x + m[5] * self.mlp(self.norm2(x) * (1 + m[4]) + m[3])


def time_features(t):
    f = torch.exp(torch.arange(128, device=t.device) * (-math.log(10000) / 128))
    return torch.cat([torch.cos(t[:, None] * f), torch.sin(t[:, None] * f)], 1)


class Final(nn.Module):
    def __init__(self, width, out, lightning):
        super().__init__()
        self.norm_final = RmsNorm(width) if lightning else nn.LayerNorm(
            width, eps=1e-6, elementwise_affine=False)
        self.linear = nn.Linear(width, out)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 2 * width))

    def forward(self, x, c):
        m = self.adaLN_modulation(c)
        shift, scale = (m if m.dim() == 3 else m[:, None]).chunk(2, 2)
        return self.linear(self.norm_final(x) * (1 + scale) + shift)


class Patches(nn.Module):
    def __init__(self, channels, width, patch):
        super().__init__()
        self.proj = nn.Conv2d(channels, width, patch, patch)

    def forward(self, x):
        return self.proj(x).flatten(2).transpose(1, 2)


class Embedder(nn.Module):
    def __init__(self, inputs, width):
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(inputs, width), nn.SiLU(), nn.Linear(width, width))


class Dit(nn.Module):
    """SiT-XL/2 or LightningDiT-XL/1: cells (N, T, C) to velocities."""

    def __init__(self, channels, side, patch, lightning, double, width=1152, depth=28, heads=16,
                 hidden=4608):
        super().__init__()
        self.channels, self.side, self.patch = channels, side, patch
        self.x_embedder = Patches(channels, width, patch)
        self.t_embedder = Embedder(256, width)
        self.y_embedder = nn.ModuleDict({"embedding_table": nn.Embedding(1001, width)})
        self.pos_embed = nn.Parameter(position_table(side // patch, width))
        self.blocks = nn.ModuleList(Block(width, heads, hidden, lightning) for _ in range(depth))
        self.final_layer = Final(width, patch * patch * channels * (2 if double else 1), lightning)
        self.tables = pair_tables(side // patch, width // heads) if lightning else None

    def forward(self, x, t, y):
        dtype, n = self.x_embedder.proj.weight.dtype, len(x)
        image = x.transpose(1, 2).reshape(n, self.channels, self.side, self.side).to(dtype)
        h = self.x_embedder(image) + self.pos_embed
        c = self.t_embedder.mlp(time_features(t).to(dtype)) + self.y_embedder["embedding_table"](y)
        for block in self.blocks:
            h = block(h, c, self.tables)
        p, g = self.patch, self.side // self.patch
        out = self.final_layer(h, c).view(n, g, g, p, p, -1)[..., :self.channels]
        return out.permute(0, 1, 3, 2, 4, 5).reshape(n, self.side ** 2, self.channels).float()


class DitDh(nn.Module):
    """RAE's: the tokens of a deep transformer condition a wide one, token by token."""

    def __init__(self, channels=768, side=16, width=1152, depth=28, head=2048):
        super().__init__()
        self.channels, self.side, self.depth = channels, side, depth
        self.s_embedder, self.x_embedder = Patches(channels, width, 1), Patches(channels, head, 1)
        self.s_projector = nn.Linear(width, head)
        self.t_embedder = Embedder(512, width)
        self.t_embedder.W = nn.Parameter(torch.randn(256))
        self.y_embedder = nn.ModuleDict({"embedding_table": nn.Embedding(1001, width)})
        self.pos_embed = nn.Parameter(position_table(side, width))
        self.blocks = nn.ModuleList(
            [Block(width, 16, 3072, True) for _ in range(depth)] +
            [Block(head, 16, 5461, True) for _ in range(2)])
        self.final_layer = Final(head, channels, True)
        self.tables, self.wide_tables = pair_tables(side, width // 16), pair_tables(side, head // 16)

    def forward(self, x, t, y):
        dtype, n = self.s_projector.weight.dtype, len(x)
        image = x.transpose(1, 2).reshape(n, self.channels, self.side, self.side).to(dtype)
        angles = (1 - t)[:, None] * self.t_embedder.W.float() * 2 * math.pi
        time_row = self.t_embedder.mlp(torch.cat([angles.sin(), angles.cos()], 1).to(dtype))
        c = F.silu(time_row + self.y_embedder["embedding_table"](y))
        s = self.s_embedder(image) + self.pos_embed
        for block in self.blocks[:self.depth]:
            s = block(s, c, self.tables)
        s = self.s_projector(F.silu(s + time_row[:, None]))
        h = self.x_embedder(image)
        for block in self.blocks[self.depth:]:
            h = block(h, s, self.wide_tables)
        return -self.final_layer(h, s).float()


class HfBlock(nn.Module):
    """A layer of RAE's decoder."""

    def __init__(self, width, heads, hidden):
        super().__init__()
        self.heads = heads
        self.layernorm_before, self.layernorm_after = (nn.LayerNorm(width, 1e-12) for _ in range(2))
        self.attention = nn.ModuleDict({
            "attention": nn.ModuleDict({name: nn.Linear(width, width)
                                        for name in ("query", "key", "value")}),
            "output": nn.ModuleDict({"dense": nn.Linear(width, width)})})
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(width, hidden)})
        self.output = nn.ModuleDict({"dense": nn.Linear(hidden, width)})

    def forward(self, x):
        y, n = self.layernorm_before(x), len(x)
        q, k, v = (self.attention["attention"][name](y).view(n, -1, self.heads, x.shape[2]
                                                             // self.heads).transpose(1, 2)
                   for name in ("query", "key", "value"))
        mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        x = x + self.attention["output"]["dense"](mixed)
        y = self.intermediate["dense"](self.layernorm_after(x))
        return x + self.output["dense"](F.gelu(y))


class VitDecoder(nn.Module):
    def __init__(self, channels=768, side=16, width=1152, depth=28, hidden=4096):
        super().__init__()
        self.side = side
        self.decoder_embed = nn.Linear(channels, width)
        self.trainable_cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.decoder_pos_embed = nn.Parameter(F.pad(position_table(side, width), (0, 0, 1, 0)))
        self.decoder_layers = nn.ModuleList(HfBlock(width, 16, hidden) for _ in range(depth))
        self.decoder_norm = nn.LayerNorm(width, 1e-12)
        self.decoder_pred = nn.Linear(width, 16 * 16 * 3)

    def decode(self, latents):
        x = self.decoder_embed(latents.to(self.decoder_embed.weight.dtype))
        x = torch.cat([self.trainable_cls_token.expand(len(x), -1, -1), x], 1)
        x = x + self.decoder_pos_embed
        for layer in self.decoder_layers:
            x = layer(x)
        x = self.decoder_pred(self.decoder_norm(x)[:, 1:]).float()
        g = self.side
        x = x.view(len(x), g, g, 16, 16, 3).permute(0, 5, 1, 3, 2, 4).reshape(len(x), 3, 16 * g, -1)
        mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (MEAN, STD))
        return (x * std + mean) * 2 - 1


class VitBlock(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width, 1e-6), nn.LayerNorm(width, 1e-6)
        self.attn = Attention(width, heads)
        self.mlp = Gelu(width, 4 * width, "none")
        self.ls1, self.ls2 = (nn.ParameterDict({"gamma": torch.ones(width)}) for _ in range(2))

    def forward(self, x):
        x = x + self.ls1["gamma"] * self.attn(self.norm1(x))
        return x + self.ls2["gamma"] * self.mlp(self.norm2(x))


class DinoV2(nn.Module):
    """DINOv2-B with registers, pictures of 256 pixels scaled to 224."""

    def __init__(self, width=768, depth=12, heads=12):
        super().__init__()
        self.patch_embed = Patches(3, width, 14)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.register_tokens = nn.Parameter(torch.zeros(1, 4, width))
        self.pos_embed = nn.Parameter(torch.randn(1, 257, width) * 0.02)
        self.blocks = nn.ModuleList(VitBlock(width, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width, 1e-6)

    def encode(self, pictures):
        mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (MEAN, STD))
        x = (pictures.permute(0, 3, 1, 2).float() / 255 - mean) / std
        x = F.interpolate(x, size=(224, 224), mode="bicubic").to(self.cls_token.dtype)
        x = self.patch_embed(x) + self.pos_embed[:, 1:]
        prefix = torch.cat([self.cls_token + self.pos_embed[:, :1], self.register_tokens], 1)
        x = torch.cat([prefix.expand(len(x), -1, -1), x], 1)
        for block in self.blocks:
            x = block(x)
        return self.norm(x)[:, 5:].float()
