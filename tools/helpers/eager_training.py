# SPDX-License-Identifier: MIT
"""Both training steps in plain PyTorch eager, for tools/bench-training to compare with.

Written as one would write them in Python: nn modules, torch.optim, autocast for bfloat16, the
library's fused attention. The encoder is frozen and records nothing.
"""

import copy
import math

import torch
from torch import nn
from torch.nn import functional as F


class Attention(nn.Module):
    def __init__(self, width, heads, qk_norm=False):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.norms = nn.ModuleList(nn.LayerNorm(width // heads) for _ in range(2)) if qk_norm else None

    def forward(self, x, rotate=None):
        n, t, d = x.shape
        q, k, v = self.qkv(x).view(n, t, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        if self.norms:
            q, k = self.norms[0](q), self.norms[1](k)
        if rotate:
            q, k = rotate(q), rotate(k)
        x = F.scaled_dot_product_attention(q, k, v)
        return self.proj(x.transpose(1, 2).reshape(n, t, d))


class DitBlock(nn.Module):
    def __init__(self, width, heads, mlp):
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6, elementwise_affine=False)
        self.norm2 = nn.LayerNorm(width, eps=1e-6, elementwise_affine=False)
        self.attention = Attention(width, heads, qk_norm=True)
        self.mlp = nn.Sequential(nn.Linear(width, mlp), nn.GELU(approximate="tanh"),
                                 nn.Linear(mlp, width))
        self.modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 6 * width))

    def forward(self, x, c):
        shift_a, scale_a, gate_a, shift_m, scale_m, gate_m = \
            self.modulation(c).unsqueeze(1).chunk(6, dim=2)
        x = x + gate_a * self.attention(self.norm1(x) * (1 + scale_a) + shift_a)
        return x + gate_m * self.mlp(self.norm2(x) * (1 + scale_m) + shift_m)


class Dit(nn.Module):
    def __init__(self, tokens, channels, width, depth, heads, mlp, classes):
        super().__init__()
        self.channels = channels
        self.input = nn.Linear(channels, width)
        self.positions = nn.Parameter(torch.randn(1, tokens, width), requires_grad=False)
        self.time = nn.Sequential(nn.Linear(256, width), nn.SiLU(), nn.Linear(width, width))
        self.labels = nn.Embedding(classes + 1, width)
        self.blocks = nn.ModuleList(DitBlock(width, heads, mlp) for _ in range(depth))
        self.norm = nn.LayerNorm(width, eps=1e-6, elementwise_affine=False)
        self.modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 2 * width))
        self.output = nn.Linear(width, 2 * channels)

    def forward(self, x, t, y):
        f = torch.exp(torch.arange(128) * (-math.log(10000) / 128))
        a = t[:, None] * f
        c = self.time(torch.cat([a.cos(), a.sin()], 1)) + self.labels(y)
        x = self.input(x) + self.positions
        for block in self.blocks:
            x = block(x, c)
        shift, scale = self.modulation(c).unsqueeze(1).chunk(2, dim=2)
        return self.output(self.norm(x) * (1 + scale) + shift)[..., :self.channels]


class EncoderBlock(nn.Module):
    def __init__(self, width, heads, ffn):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=1e-5), nn.LayerNorm(width, eps=1e-5)
        self.attention = Attention(width, heads)
        self.scales = nn.ParameterList(torch.ones(width) for _ in range(2))
        self.w1, self.w2 = nn.Linear(width, ffn), nn.Linear(width, ffn)
        self.w3 = nn.Linear(ffn, width)

    def forward(self, x, rotate):
        x = x + self.scales[0] * self.attention(self.norm1(x), rotate)
        y = self.norm2(x)
        return x + self.scales[1] * self.w3(F.silu(self.w1(y)) * self.w2(y))


class Encoder(nn.Module):
    """DINOv3's architecture."""

    def __init__(self, grid, patch, width, depth, heads, ffn, registers):
        super().__init__()
        self.embed = nn.Conv2d(3, width, patch, patch)
        self.prefix = nn.Parameter(torch.randn(1, 1 + registers, width))
        self.blocks = nn.ModuleList(EncoderBlock(width, heads, ffn) for _ in range(depth))
        self.norm = nn.LayerNorm(width, eps=1e-5)
        head = width // heads
        periods = 100 ** (torch.arange(head // 4) / (head // 4))
        at = 2 * (torch.arange(grid) + 0.5) / grid - 1
        y, x = torch.meshgrid(at, at, indexing="ij")
        angles = 2 * math.pi * torch.stack([y, x], -1).view(-1, 2, 1) / periods
        angles = angles.flatten(1).tile(2)
        self.register_buffer("cos", angles.cos())
        self.register_buffer("sin", angles.sin())

    def rotate(self, q):
        count = self.prefix.shape[1]
        first, rest = q[:, :, :count], q[:, :, count:]
        a, b = rest.chunk(2, dim=-1)
        return torch.cat([first, rest * self.cos + torch.cat([-b, a], -1) * self.sin], 2).to(q.dtype)

    def forward(self, pixels):
        x = self.embed(pixels).flatten(2).transpose(1, 2)
        x = torch.cat([self.prefix.expand(len(x), -1, -1).to(x.dtype), x], 1)
        for block in self.blocks:
            x = block(x, self.rotate)
        return self.norm(x)[:, self.prefix.shape[1]:]


class ResidualVit(nn.Module):
    def __init__(self, tokens, patch, width, depth, heads, mlp, outputs):
        super().__init__()
        self.embed = nn.Conv2d(3, width, patch, patch)
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(torch.randn(1, tokens + 1, width) * 0.02)
        self.blocks = nn.ModuleList(nn.ModuleDict({
            "norm1": nn.LayerNorm(width, eps=1e-6), "attention": Attention(width, heads),
            "norm2": nn.LayerNorm(width, eps=1e-6),
            "mlp": nn.Sequential(nn.Linear(width, mlp), nn.GELU(), nn.Linear(mlp, width)),
        }) for _ in range(depth))
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.head = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, outputs))

    def forward(self, pixels):
        x = self.embed(pixels).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(x), -1, -1), x], 1) + self.positions
        for b in self.blocks:
            x = x + b["attention"](b["norm1"](x))
            x = x + b["mlp"](b["norm2"](x))
        return self.head(self.norm(x)[:, 1:])


class ResBlock(nn.Module):
    def __init__(self, c_in, c_out, groups):
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(groups, c_in, 1e-6), nn.GroupNorm(groups, c_out, 1e-6)
        self.conv1, self.conv2 = nn.Conv2d(c_in, c_out, 3, 1, 1), nn.Conv2d(c_out, c_out, 3, 1, 1)
        self.shortcut = nn.Identity() if c_in == c_out else nn.Conv2d(c_in, c_out, 1)

    def forward(self, x):
        y = self.conv1(F.silu(self.norm1(x)))
        return self.shortcut(x) + self.conv2(F.silu(self.norm2(y)))


class ConvAttention(nn.Module):
    def __init__(self, channels, groups):
        super().__init__()
        self.norm = nn.GroupNorm(groups, channels, 1e-6)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.proj = nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        n, c, h, w = x.shape
        q, k, v = self.qkv(self.norm(x)).view(n, 3, c, h * w).transpose(2, 3).unbind(1)
        y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, c, h, w)
        return x + self.proj(y)


class Upsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, 1, 1)

    def forward(self, x):
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


def decoder(latent, channels, multipliers, res_blocks, attention_levels, groups=32):
    width = channels * multipliers[-1]
    layers = [nn.Conv2d(latent, width, 3, 1, 1), ResBlock(width, width, groups),
              ConvAttention(width, groups), ResBlock(width, width, groups)]
    for level in reversed(range(len(multipliers))):
        for _ in range(res_blocks + 1):
            layers.append(ResBlock(width, channels * multipliers[level], groups))
            width = channels * multipliers[level]
            if level in attention_levels:
                layers.append(ConvAttention(width, groups))
        if level > 0:
            layers.append(Upsample(width))
    return nn.Sequential(*layers, nn.GroupNorm(groups, width, 1e-6), nn.SiLU(),
                         nn.Conv2d(width, 3, 3, 1, 1))


def patch_gan():
    layers, width = [nn.Conv2d(3, 64, 4, 2, 1), nn.LeakyReLU(0.2)], 64
    for c, stride in ((128, 2), (256, 2), (512, 1)):
        layers += [nn.Conv2d(width, c, 4, stride, 1, bias=False), nn.BatchNorm2d(c),
                   nn.LeakyReLU(0.2)]
        width = c
    return nn.Sequential(*layers, nn.Conv2d(width, 1, 4, 1, 1))


def edge_distance(target, picture):
    total, difference = 0, picture - target
    for scale in range(3):
        if scale:
            difference = F.avg_pool2d(difference, 2)
        total = total + sum(d.abs().mean((1, 2, 3)) for d in (difference.diff(dim=2),
                                                              difference.diff(dim=3)))
    return total


class AutoencoderStep:
    def __init__(self, card, batch):
        tokens, side = card["grid"][0] ** 2, card["grid"][0] * card["patch"]
        e, r, d = card["encoder"], card["residual"], card["decoder"]
        self.encoder = Encoder(card["grid"][0], card["patch"], e["width"], e["depth"], e["heads"],
                               e["ffn"], e["registers"]).eval().requires_grad_(False)
        self.residual = ResidualVit(tokens, card["patch"], r["width"], r["depth"], r["heads"],
                                    r["mlp"], r["outputs"])
        self.decoder = decoder(e["width"] + r["outputs"], d["channels"], d["multipliers"],
                               d["res_blocks"], d["attention_levels"], d.get("groups", 32))
        self.discriminator = patch_gan()
        trained = [*self.residual.parameters(), *self.decoder.parameters()]
        self.optimizers = [torch.optim.Adam(p, lr=1e-4, betas=(0.5, 0.9))
                           for p in (trained, self.discriminator.parameters())]
        self.target = torch.rand(batch, 3, side, side) * 2 - 1
        self.mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
        self.std = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)

    def normalized(self, x):
        return ((x + 1) / 2 - self.mean) / self.std

    def picture(self, pixels):
        with torch.no_grad():
            semantic = self.encoder(pixels).float()
        residual = self.residual(pixels).float()
        with torch.no_grad():
            mean_s, std_s, mean_r, std_r = (f(z.flatten(0, 1)) for z in (semantic, residual)
                                            for f in (lambda x: x.mean(0).mean(),
                                                      lambda x: x.std(0).mean()))
        residual = (residual - mean_r) / (std_r + 1e-6) * std_s + mean_s
        z = torch.cat([semantic, residual], 2).transpose(1, 2)
        side = int(math.sqrt(z.shape[2]))
        return self.decoder(z.reshape(*z.shape[:2], side, side))

    def perceptual(self, picture):
        with torch.no_grad():
            wanted = self.encoder(self.normalized(self.target))
        unlike = 1 - F.cosine_similarity(self.encoder(self.normalized(picture)).float(),
                                         wanted.float(), dim=2).mean(1)
        return 0.25 * edge_distance(self.target, picture) + 0.4 * unlike

    def __call__(self, autocast):
        last = self.decoder[-1].weight
        with autocast():
            picture = self.picture(self.normalized(self.target)).float()
            distance = self.perceptual(picture)
            nll = ((picture - self.target).abs() + distance.view(-1, 1, 1, 1)).sum() / len(picture)
            g = -self.discriminator(picture).float().mean()
        nll_norm = torch.autograd.grad(nll, last, retain_graph=True)[0].norm()
        g_norm = torch.autograd.grad(g, last, retain_graph=True)[0].norm()
        weight = 0.5 * (nll_norm / (g_norm + 1e-4)).clamp(0, 1e4).detach()
        loss = nll + weight * g
        self.optimizers[0].zero_grad()
        loss.backward()
        self.optimizers[0].step()
        with autocast():
            real, fake = (self.discriminator(x).float() for x in (self.target, picture.detach()))
            d_loss = 0.5 * (F.relu(1 - real).mean() + F.relu(1 + fake).mean())
        self.optimizers[1].zero_grad()
        d_loss.backward()
        self.optimizers[1].step()
        return loss.item()


class DiffusionStep:
    def __init__(self, card, batch):
        d, tokens = card["diffusion"], card["grid"][0] ** 2
        channels = card["encoder"]["width"] + card["residual"]["outputs"]
        self.model = Dit(tokens, channels, d["width"], d["depth"], d["heads"], d["mlp"],
                         d["classes"])
        self.average = copy.deepcopy(self.model).requires_grad_(False)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-4, weight_decay=0)
        self.latents = torch.randn(batch, tokens, channels)
        self.labels = torch.arange(batch) % d["classes"]
        self.null = d["classes"]

    def __call__(self, autocast):
        noise = torch.randn_like(self.latents)
        u = torch.rand(len(noise))
        t = 0.4 * u / (1 - 0.6 * u)
        labels = torch.where(torch.rand(len(noise)) < 0.1, self.null, self.labels)
        x = (1 - t[:, None, None]) * noise + t[:, None, None] * self.latents
        with autocast():
            v = self.model(x, t, labels).float()
        loss = (v - (self.latents - noise)).square().mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        with torch.no_grad():
            for a, p in zip(self.average.parameters(), self.model.parameters()):
                a.mul_(0.9999).add_(p, alpha=1e-4)
        return loss.item()
