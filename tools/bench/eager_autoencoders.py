# SPDX-License-Identifier: MIT
"""SD-VAE and VA-VAE as PyTorch modules, to compare times with; CompVis's names of tensors."""

from torch import nn
from torch.nn import functional as F


class Resnet(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(32, inputs, 1e-6), nn.GroupNorm(32, outputs, 1e-6)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        if inputs != outputs:
            self.nin_shortcut = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x):
        h = self.conv2(F.silu(self.norm2(self.conv1(F.silu(self.norm1(x))))))
        return h + (self.nin_shortcut(x) if hasattr(self, "nin_shortcut") else x)


class Attn(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.GroupNorm(32, width, 1e-6)
        self.q, self.k, self.v, self.proj_out = (nn.Conv2d(width, width, 1) for _ in range(4))

    def forward(self, x):
        y = self.norm(x)
        q, k, v = (f(y).flatten(2).transpose(1, 2)[:, None] for f in (self.q, self.k, self.v))
        mixed = F.scaled_dot_product_attention(q, k, v)[:, 0].transpose(1, 2)
        return x + self.proj_out(mixed.reshape(x.shape))


class Down(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, 2)

    def forward(self, x):
        return self.conv(F.pad(x, (0, 1, 0, 1)))


class Up(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x):
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


def middle(width):
    return nn.ModuleDict({"block_1": Resnet(width, width), "attn_1": Attn(width),
                          "block_2": Resnet(width, width)})


def level(inputs, outputs, blocks, attends):
    return nn.ModuleDict({
        "block": nn.ModuleList(Resnet(outputs if i else inputs, outputs) for i in range(blocks)),
        "attn": nn.ModuleList(Attn(outputs) for _ in range(blocks if attends else 0))})


def through(module, h):
    for i, block in enumerate(module["block"]):
        h = block(h)
        if len(module["attn"]):
            h = module["attn"][i](h)
    return h


class Encoder(nn.Module):
    def __init__(self, z, multipliers, attending):
        super().__init__()
        widths = [128 * m for m in multipliers]
        self.conv_in = nn.Conv2d(3, 128, 3, padding=1)
        self.down = nn.ModuleList()
        for i, width in enumerate(widths):
            made = level(widths[i - 1] if i else 128, width, 2, i in attending)
            if i + 1 < len(widths):
                made["downsample"] = Down(width)
            self.down.append(made)
        self.mid = middle(widths[-1])
        self.norm_out = nn.GroupNorm(32, widths[-1], 1e-6)
        self.conv_out = nn.Conv2d(widths[-1], 2 * z, 3, padding=1)

    def forward(self, x):
        h = self.conv_in(x)
        for made in self.down:
            h = through(made, h)
            if "downsample" in made:
                h = made["downsample"](h)
        h = self.mid["block_2"](self.mid["attn_1"](self.mid["block_1"](h)))
        return self.conv_out(F.silu(self.norm_out(h)))


class Decoder(nn.Module):
    def __init__(self, z, multipliers, attending):
        super().__init__()
        widths = [128 * m for m in multipliers]
        self.conv_in = nn.Conv2d(z, widths[-1], 3, padding=1)
        self.mid = middle(widths[-1])
        self.up = nn.ModuleList()
        for i, width in enumerate(widths):
            made = level(widths[min(i + 1, len(widths) - 1)], width, 3, i in attending)
            if i:
                made["upsample"] = Up(width)
            self.up.append(made)
        self.norm_out = nn.GroupNorm(32, widths[0], 1e-6)
        self.conv_out = nn.Conv2d(widths[0], 3, 3, padding=1)

    def forward(self, z):
        h = self.conv_in(z)
        h = self.mid["block_2"](self.mid["attn_1"](self.mid["block_1"](h)))
        for made in reversed(self.up):
            h = through(made, h)
            if "upsample" in made:
                h = made["upsample"](h)
        return self.conv_out(F.silu(self.norm_out(h)))


class Autoencoder(nn.Module):
    def __init__(self, z, multipliers, attending=()):
        super().__init__()
        self.z = z
        self.encoder, self.decoder = (half(z, multipliers, attending) for half in (Encoder, Decoder))
        self.quant_conv, self.post_quant_conv = nn.Conv2d(2 * z, 2 * z, 1), nn.Conv2d(z, z, 1)

    def encode(self, pictures):
        x = (pictures.permute(0, 3, 1, 2).float() / 127.5 - 1).to(self.quant_conv.weight.dtype)
        return self.quant_conv(self.encoder(x))[:, :self.z].flatten(2).transpose(1, 2).float()

    def decode(self, latents):
        side = int(latents.shape[1] ** 0.5)
        z = latents.transpose(1, 2).reshape(len(latents), self.z, side, side)
        return self.decoder(self.post_quant_conv(z.to(self.quant_conv.weight.dtype))).float()
