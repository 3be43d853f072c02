# SPDX-License-Identifier: MIT
"""The system's models as PyTorch modules of the published structure, to compare times with. Numbers
are compared with the functions of tests/reference/plain_model.py, written from the equations.

Their tensors have the published names. Written as one would write them for PyTorch eager: nn modules
and the library's fused attention. tools/bench/training trains them, tools/bench/inference runs them
beside svgen.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of the encoders' pixels


def attend(qkv, heads, change=None):
    """Self-attention of joint projections (N, T, 3 D) -> (N, T, D); `change` alters q and k first."""
    n, t, width = qkv.shape
    q, k, v = qkv.view(n, t, 3, heads, -1).permute(2, 0, 3, 1, 4)
    if change:
        q, k = change(q, k)
    return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, t, width // 3)


class Attention(nn.Module):
    def __init__(self, width, heads, qk_norm=False):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.normed = qk_norm
        if qk_norm:
            self.q_norm, self.k_norm = nn.LayerNorm(width // heads), nn.LayerNorm(width // heads)

    def forward(self, x, change=None):
        if self.normed:
            change = lambda q, k: (self.q_norm(q), self.k_norm(k))  # noqa: E731
        return self.proj(attend(self.qkv(x), self.heads, change))


class JointAttention(nn.Module):
    """Attention with the tensor names of torchvision's."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)
        nn.init.xavier_uniform_(self.in_proj_weight)

    def forward(self, x):
        return self.out_proj(attend(F.linear(x, self.in_proj_weight, self.in_proj_bias), self.heads))


def mlp(width, hidden, **gelu):
    return nn.Linear(width, hidden), nn.GELU(**gelu), nn.Linear(hidden, width)


class DitBlock(nn.Module):
    def __init__(self, width, heads, hidden, qk_norm):
        super().__init__()
        self.norm = nn.LayerNorm(width, eps=1e-6, elementwise_affine=False)
        self.attn = Attention(width, heads, qk_norm)
        fc1, act, fc2 = mlp(width, hidden, approximate="tanh")
        self.mlp = nn.ModuleDict({"fc1": fc1, "act": act, "fc2": fc2})
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 6 * width))

    def forward(self, x, c):
        shift_a, scale_a, gate_a, shift_m, scale_m, gate_m = \
            self.adaLN_modulation(c).unsqueeze(1).chunk(6, dim=2)
        x = x + gate_a * self.attn(self.norm(x) * (1 + scale_a) + shift_a)
        y = self.norm(x) * (1 + scale_m) + shift_m
        return x + gate_m * self.mlp["fc2"](self.mlp["act"](self.mlp["fc1"](y)))


class Dit(nn.Module):
    def __init__(self, tokens, channels, width, depth, heads, mlp, classes, learn_sigma=True,
                 qk_norm=True):
        super().__init__()
        self.channels = channels
        self.ln1 = nn.Linear(channels, width)
        self.pos_embed = nn.Parameter(torch.randn(1, tokens, width), requires_grad=False)
        self.t_embedder = nn.ModuleDict({"mlp": nn.Sequential(
            nn.Linear(256, width), nn.SiLU(), nn.Linear(width, width))})
        self.y_embedder = nn.ModuleDict({"embedding_table": nn.Embedding(classes + 1, width)})
        self.blocks = nn.ModuleList(DitBlock(width, heads, mlp, qk_norm) for _ in range(depth))
        self.norm = nn.LayerNorm(width, eps=1e-6, elementwise_affine=False)
        self.final_layer = nn.ModuleDict({
            "linear": nn.Linear(width, (1 + learn_sigma) * channels),
            "adaLN_modulation": nn.Sequential(nn.SiLU(), nn.Linear(width, 2 * width))})

    def forward(self, x, t, y):
        k = torch.exp(torch.arange(128, dtype=t.dtype, device=t.device) * (-math.log(10000) / 128))
        a = t[:, None] * k
        features = torch.cat([a.cos(), a.sin()], 1).to(self.pos_embed.dtype)
        c = self.t_embedder["mlp"](features) + self.y_embedder["embedding_table"](y)
        x = self.ln1(x) + self.pos_embed
        for block in self.blocks:
            x = block(x, c)
        shift, scale = self.final_layer["adaLN_modulation"](c).unsqueeze(1).chunk(2, dim=2)
        x = self.final_layer["linear"](self.norm(x) * (1 + scale) + shift)
        return x[..., :self.channels]


class Scale(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return self.gamma * x


class SwiGlu(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.w1, self.w2 = nn.Linear(width, hidden), nn.Linear(width, hidden)
        self.w3 = nn.Linear(hidden, width)

    def forward(self, x):
        return self.w3(F.silu(self.w1(x)) * self.w2(x))


class EncoderBlock(nn.Module):
    def __init__(self, width, heads, ffn):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn, self.mlp = Attention(width, heads), SwiGlu(width, ffn)
        self.ls1, self.ls2 = Scale(width), Scale(width)

    def forward(self, x, rotate):
        x = x + self.ls1(self.attn(self.norm1(x), rotate))
        return x + self.ls2(self.mlp(self.norm2(x)))


class Encoder(nn.Module):
    """DINOv3's architecture."""

    def __init__(self, patch, width, depth, heads, ffn, registers, rope_base=100):
        super().__init__()
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(3, width, patch, patch)})
        self.cls_token = nn.Parameter(torch.randn(1, 1, width))
        self.storage_tokens = nn.Parameter(torch.randn(1, registers, width))
        self.blocks = nn.ModuleList(EncoderBlock(width, heads, ffn) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.quarter, self.rope_base = width // heads // 4, rope_base
        self.periods, self.tables = None, {}  # periods: of a file that has its own

    def rotation(self, rows, columns, x):
        """cos and sin (T, head) for tokens like x, computed once for each size."""
        key = rows, columns, x.dtype
        if key not in self.tables:
            at = [2 * (torch.arange(n) + 0.5).double() / n - 1 for n in (rows, columns)]
            places = torch.stack(torch.meshgrid(*at, indexing="ij"), -1).view(-1, 2, 1)
            periods = self.periods if self.periods is not None else \
                self.rope_base ** (torch.arange(self.quarter).double() / self.quarter)
            angles = (2 * math.pi * places / periods).flatten(1).tile(2)
            wide = torch.promote_types(x.dtype, torch.float32)
            self.tables[key] = tuple(table.to(x.device, wide) for table in (angles.cos(), angles.sin()))
        return self.tables[key]

    def forward(self, pixels):
        x = self.patch_embed["proj"](pixels)
        # Angles keep float32 where the model has less.
        cos, sin = self.rotation(*x.shape[2:], x)
        prefix = torch.cat([self.cls_token, self.storage_tokens], 1).expand(len(x), -1, -1)
        count = prefix.shape[1]

        def turned(q):
            first, rest = q[:, :, :count], q[:, :, count:]
            a, b = rest.chunk(2, dim=-1)
            return torch.cat([first, rest * cos + torch.cat([-b, a], -1) * sin], 2).to(q.dtype)

        x = torch.cat([prefix.to(x.dtype), x.flatten(2).transpose(1, 2)], 1)
        for block in self.blocks:
            x = block(x, lambda q, k: (turned(q), turned(k)))
        return self.norm(x)[:, count:]


class VitBlock(nn.Module):
    def __init__(self, width, heads, hidden):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(width, eps=1e-6), nn.LayerNorm(width, eps=1e-6)
        self.self_attention = JointAttention(width, heads)
        first, gelu, second = mlp(width, hidden)
        self.mlp = nn.Sequential(first, gelu, nn.Identity(), second)  # in place of a dropout

    def forward(self, x):
        x = x + self.self_attention(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class ResidualVit(nn.Module):
    def __init__(self, grid, patch, width, depth, heads, mlp, outputs):
        super().__init__()
        self.grid = tuple(grid)
        self.conv_proj = nn.Conv2d(3, width, patch, patch)
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.encoder = nn.Module()
        self.encoder.pos_embedding = nn.Parameter(
            torch.randn(1, grid[0] * grid[1] + 1, width) * 0.02)
        self.encoder.layers = nn.ModuleDict({f"encoder_layer_{i}": VitBlock(width, heads, mlp)
                                             for i in range(depth)})
        self.encoder.ln = nn.LayerNorm(width, eps=1e-6)
        self.heads = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, outputs))

    def positions(self, size):
        table = self.encoder.pos_embedding
        if size == self.grid:
            return table
        maps = table[:, 1:].transpose(1, 2).unflatten(2, self.grid)
        resized = F.interpolate(maps, size, mode="bicubic")
        return torch.cat([table[:, :1], resized.flatten(2).transpose(1, 2)], 1)

    def forward(self, pixels):
        x = self.conv_proj(pixels)
        size = tuple(x.shape[2:])
        x = torch.cat([self.class_token.expand(len(x), -1, -1).to(x.dtype),
                       x.flatten(2).transpose(1, 2)], 1)
        x = x + self.positions(size)
        for layer in self.encoder.layers.values():
            x = layer(x)
        return self.heads(self.encoder.ln(x)[:, 1:])


class ResBlock(nn.Module):
    def __init__(self, c_in, c_out, groups):
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(groups, c_in, 1e-6), nn.GroupNorm(groups, c_out, 1e-6)
        self.conv1, self.conv2 = nn.Conv2d(c_in, c_out, 3, 1, 1), nn.Conv2d(c_out, c_out, 3, 1, 1)
        self.nin_shortcut = None if c_in == c_out else nn.Conv2d(c_in, c_out, 1)

    def forward(self, x):
        y = self.conv2(F.silu(self.norm2(self.conv1(F.silu(self.norm1(x))))))
        return (self.nin_shortcut(x) if self.nin_shortcut else x) + y


class ConvAttention(nn.Module):
    def __init__(self, channels, groups):
        super().__init__()
        self.norm = nn.GroupNorm(groups, channels, 1e-6)
        self.q, self.k, self.v, self.proj_out = (nn.Conv2d(channels, channels, 1) for _ in range(4))

    def forward(self, x):
        n, c, h, w = x.shape
        y = self.norm(x)
        # (N, 1, T, C): one head.
        q, k, v = (part(y).flatten(2).transpose(1, 2).unsqueeze(1)
                   for part in (self.q, self.k, self.v))
        y = F.scaled_dot_product_attention(q, k, v).squeeze(1).transpose(1, 2)
        return x + self.proj_out(y.reshape(n, c, h, w))


class Level(nn.Module):
    def __init__(self, c_in, c_out, blocks, groups, attention, upsample):
        super().__init__()
        self.block = nn.ModuleList(ResBlock(c_in if i == 0 else c_out, c_out, groups)
                                   for i in range(blocks))
        self.attn = nn.ModuleList(ConvAttention(c_out, groups) for _ in range(blocks * attention))
        self.upsample = nn.ModuleDict({"conv": nn.Conv2d(c_out, c_out, 3, 1, 1)} if upsample else {})

    def forward(self, x):
        for i, block in enumerate(self.block):
            x = block(x)
            if self.attn:
                x = self.attn[i](x)
        if self.upsample:
            x = self.upsample["conv"](F.interpolate(x, scale_factor=2.0, mode="nearest"))
        return x


class Decoder(nn.Module):
    """Latent maps (N, C, h, w) -> pixels (N, 3, H, W) in [-1, 1]."""

    def __init__(self, latent, channels, multipliers, res_blocks, attention_levels, groups=32):
        super().__init__()
        width = channels * multipliers[-1]
        self.conv_in = nn.Conv2d(latent, width, 3, 1, 1)
        self.mid = nn.ModuleDict({"block_1": ResBlock(width, width, groups),
                                  "attn_1": ConvAttention(width, groups),
                                  "block_2": ResBlock(width, width, groups)})
        levels = {}
        for level in reversed(range(len(multipliers))):
            after = channels * multipliers[level]
            levels[level] = Level(width, after, res_blocks + 1, groups, level in attention_levels,
                                  level > 0)
            width = after
        self.up = nn.ModuleList(levels[level] for level in range(len(multipliers)))
        self.norm_out = nn.GroupNorm(groups, width, 1e-6)
        self.conv_out = nn.Conv2d(width, 3, 3, 1, 1)

    def forward(self, z):
        x = self.conv_in(z)
        for part in self.mid.values():
            x = part(x)
        for level in reversed(self.up):
            x = level(x)
        return self.conv_out(F.silu(self.norm_out(x)))


@torch.no_grad()
def averaged_moments(tokens):
    """The alignment's two scalars, mean and deviation, of each (T, C)."""
    return tokens.mean((-2, -1), keepdim=True), tokens.std(-2, keepdim=True).mean(-1, keepdim=True)


def aligned(semantic, residual):
    """Residual features with the semantic ones' averaged mean and deviation, each (T, C) alone."""
    mean_s, std_s = averaged_moments(semantic)
    mean_r, std_r = averaged_moments(residual)
    return (residual - mean_r) / (std_r + 1e-6) * std_s + mean_s
