# SPDX-License-Identifier: MIT
"""The comparison systems' networks as PyTorch modules, to compare times with: written as one would
for eager, with the published names of tensors.

usage: python -m tools.bench.eager_systems NAME FOLDER DTYPE THREADS eager|compile

Answers lines of svgen-bench (`PART KEY=VALUE ...`) with seconds.
"""

import math
import pathlib
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

from tools.bench.eager_models import MEAN, STD, attend
from tools.helpers.tensor_files import mapped, read_tensors


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


MODELS = {
    "sit": lambda: Dit(4, 32, 2, False, True),
    "lightningdit": lambda: Dit(32, 16, 1, True, False, hidden=3072),
    "ditdh": DitDh,
    "sdvae": lambda: Autoencoder(4, (1, 2, 4, 4)),
    "vavae": lambda: Autoencoder(32, (1, 1, 2, 2, 4), (4,)),
    "vitdecoder": VitDecoder,
    "dinov2": DinoV2,
}


def random_model(name):
    """A network with random weights that keep the size of what passes."""
    torch.manual_seed(0)
    model = MODELS[name]().eval()
    for key, parameter in model.named_parameters():
        if "pos_embed" in key:
            continue
        if parameter.dim() > 1:
            parameter.data.normal_(0, parameter[0].numel() ** -0.5)
        elif key.endswith("bias"):
            parameter.data.normal_(0, 0.02)
    return model.requires_grad_(False)


class Jobs:
    def __init__(self, model, kind):
        compiled = torch.compile if kind == "compile" else lambda f, **_: f
        self.velocity = compiled(model, dynamic=False)
        self.encode = compiled(model.encode, dynamic=False) if hasattr(model, "encode") else None
        self.decode = compiled(model.decode, dynamic=False) if hasattr(model, "decode") else None

    def run(self, part, inputs, side):
        if part == "dit":
            noise = inputs["noise"][:1]
            return noise + self.velocity(noise, torch.zeros(1), torch.zeros(1, dtype=torch.long))
        if part == "decode":
            return self.decode(inputs[f"latents-{side}"][:1])
        return self.encode(inputs[f"pictures-{side}"][:1])


def main():
    name, folder, dtype, threads, kind = sys.argv[1:]
    torch.set_num_threads(int(threads))
    model = random_model(name)
    state = {key: value.clone() for key, value in
             read_tensors(pathlib.Path(folder) / "weights.safetensors").items()}
    model.load_state_dict(state)
    if kind == "compile":
        import torch._inductor.config as inductor  # pylint: disable=import-outside-toplevel
        inductor.freezing = True
    model = model.to(getattr(torch, dtype))
    jobs, files = Jobs(model, kind), {}
    with torch.no_grad():
        for line in sys.stdin:
            part, *words = line.split()
            keys = dict(word.split("=", 1) for word in words)
            inputs = files.setdefault(keys["inputs"], read_tensors(keys["inputs"]))
            start = time.monotonic()
            for _ in range(int(keys["repeats"])):
                result = jobs.run(part, inputs, keys["side"])
            spent = time.monotonic() - start
            if "output" in keys:
                data = result.contiguous().view(torch.uint8).flatten()
                pathlib.Path(keys["output"]).unlink(missing_ok=True)
                mapped(keys["output"], len(data), shared=True).copy_(data)
            print(spent, flush=True)


if __name__ == "__main__":
    main()
