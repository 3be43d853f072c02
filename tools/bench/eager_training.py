# SPDX-License-Identifier: MIT
"""Both training steps in plain PyTorch eager, for tools/bench/training to compare with.

Written as one would write them in Python: nn modules, torch.optim, autocast for bfloat16, the
library's fused attention. The encoder is frozen and records nothing.
"""

import copy
import math

import torch
from torch import nn
from torch.nn import functional as F

from tools.bench.eager_models import MEAN, STD, Decoder, Dit, Encoder, ResidualVit, aligned


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
        side, e, r = card["grid"][0] * card["patch"], card["encoder"], card["residual"]
        self.encoder = Encoder(card["patch"], **e).eval().requires_grad_(False)
        self.residual = ResidualVit(card["grid"], card["patch"], **r)
        self.decoder = Decoder(e["width"] + r["outputs"], **card["decoder"])
        self.discriminator = patch_gan()
        trained = [*self.residual.parameters(), *self.decoder.parameters()]
        self.optimizers = [torch.optim.Adam(p, lr=1e-4, betas=(0.5, 0.9))
                           for p in (trained, self.discriminator.parameters())]
        self.target = torch.rand(batch, 3, side, side) * 2 - 1
        self.mean, self.std = (torch.tensor(x).view(1, 3, 1, 1) for x in (MEAN, STD))

    def normalized(self, x):
        return ((x + 1) / 2 - self.mean) / self.std

    def picture(self, pixels):
        with torch.no_grad():
            semantic = self.encoder(pixels).float()
        residual = self.residual(pixels).float()
        # The scalars are those of the whole batch.
        residual = aligned(semantic.flatten(0, 1), residual.flatten(0, 1)).view_as(residual)
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
        last = self.decoder.conv_out.weight
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
        self.model = Dit(tokens, channels, **d)
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
