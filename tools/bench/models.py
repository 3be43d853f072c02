# SPDX-License-Identifier: MIT
"""The models that benchmarks run: sizes, random weights and cards."""

import json

import torch

from tools.bench.eager_models import Decoder, Dit, Encoder, ResidualVit
from tools.helpers.tensor_files import create_tensors, read_tensors, write_tensors

PUBLISHED = {
    "patch": 16, "grid": [16, 16],
    "encoder": {"width": 384, "depth": 12, "heads": 6, "ffn": 1536, "registers": 4},
    "residual": {"width": 384, "depth": 6, "heads": 8, "mlp": 1536, "outputs": 8},
    "decoder": {"channels": 128, "multipliers": [1, 1, 2, 2, 4], "res_blocks": 2,
                "attention_levels": [4]},
}
TINY = {
    "patch": 8, "grid": [8, 8],
    "encoder": {"width": 128, "depth": 6, "heads": 4, "ffn": 344, "registers": 4},
    "residual": {"width": 128, "depth": 3, "heads": 4, "mlp": 512, "outputs": 8},
    "decoder": {"channels": 32, "multipliers": [1, 2, 4, 4], "res_blocks": 1,
                "attention_levels": [3], "groups": 8},
}
SAMPLING = {"steps": 25, "shift": 0.15, "solver": "euler", "guidance": "constant",
            "guidance_scale": 4}


def dit(width, depth, heads, classes=1000):
    return {"width": width, "depth": depth, "heads": heads, "mlp": 4 * width, "classes": classes}


DITS = {"svg-b": dit(768, 12, 12), "svg-l": dit(1024, 24, 16), "svg-xl": dit(1152, 28, 16)}


def latent_channels(card):
    return card["encoder"]["width"] + card["residual"]["outputs"]


def tokens(card):
    return card["grid"][0] * card["grid"][1]


def sizes(card, role):
    """What a card says of a role but for the file of its weights."""
    return {key: value for key, value in card[role].items()
            if key not in ("file", "prefix", "preset", "sha256")}


# Role of a card: its module.
MODULES = {
    "encoder": lambda card: Encoder(card["patch"], **sizes(card, "encoder")),
    "residual": lambda card: ResidualVit(card["grid"], card["patch"], **sizes(card, "residual")),
    "decoder": lambda card: Decoder(latent_channels(card), **sizes(card, "decoder")),
    "diffusion": lambda card: Dit(tokens(card), latent_channels(card), **sizes(card, "diffusion")),
}


def empty_module(card, role):
    with torch.device("meta"):
        return MODULES[role](card).eval().requires_grad_(False)


def load_module(card, folder, role, dtype):
    """A role's module with the weights of its file, as `dtype`."""
    prefix = card[role].get("prefix", "")
    state = {name.removeprefix(prefix): tensor.to(dtype, copy=True)
             for name, tensor in read_tensors(folder / card[role]["file"]).items()
             if name.startswith(prefix)}
    for name in [name for name in state if name.endswith(".bias_mask")]:
        state[name.removesuffix("_mask")] *= state.pop(name)
    module = empty_module(card, role)
    if "rope_embed.periods" in state:
        module.periods = state.pop("rope_embed.periods").double()
    missing = module.load_state_dict(state, strict=False, assign=True).missing_keys
    if missing:
        raise ValueError(f"{card[role]['file']}: no {', '.join(missing)}")
    return module.requires_grad_(False)


# Ending of a tensor's name: mean and deviation of its values; a matrix that is not named has
# deviation 1 / sqrt(inputs). Nothing is zero: errors in a part that the published initialisation
# zeroes would not show.
FILLS = (("adaLN_modulation.1.weight", 0, 0.02), ("embedding_table.weight", 0, 0.5),
         ("conv_out.weight", 0, 0.01), ("gamma", 0.3, 0.05), ("norm.weight", 1, 0.1),
         ("token", 0, 0.5), ("tokens", 0, 0.5), ("pos_embed", 0, 0.5), ("pos_embedding", 0, 0.1),
         ("dinov3_sp_mean", 0, 0.2), ("dinov3_sp_std", 0.8, 0.05))


def fill(name, tensor, generator):
    for ending, mean, deviation in FILLS:
        if name.endswith(ending):
            break
    else:
        matrix = tensor.dim() > 1
        mean = 1 if name.endswith("weight") and not matrix else 0
        deviation = tensor[0].numel() ** -0.5 if matrix else 0.1
    tensor.normal_(mean, deviation, generator=generator)
    if name.endswith("attn.qkv.bias"):
        tensor.chunk(3)[1].zero_()  # the encoder's keys have no bias


def write_weights(path, kinds):
    """Writes {name: shape} as a float32 file of seeded random values, unless it is there."""
    if path.exists():
        return
    unfinished = path.with_suffix(".unfinished")
    generator = torch.Generator().manual_seed(1)
    for name, tensor in create_tensors(unfinished, {
            name: (torch.float32, shape) for name, shape in kinds.items()}).items():
        fill(name, tensor, generator)
    unfinished.rename(path)


def shapes(card, role, prefix=""):
    return {prefix + name: tuple(tensor.shape)
            for name, tensor in empty_module(card, role).state_dict().items()}


AUTOENCODER = {"encoder": "encoder.", "residual": "extra_vit.", "decoder": "decoder."}


def write_model(folder, name):
    """Writes the card of a published size and its random weights; returns folder/name/card.json."""
    card = PUBLISHED | {"diffusion": DITS[name]}
    path = folder / name / "card.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    both = {}
    for role, prefix in AUTOENCODER.items():
        both |= shapes(card, role, prefix)
    write_weights(folder / "autoencoder.safetensors", both)
    write_weights(folder / f"{name}.safetensors", shapes(card, "diffusion"))
    write_weights(folder / "statistics.safetensors", {
        key: (1, 1, latent_channels(card)) for key in ("dinov3_sp_mean", "dinov3_sp_std")})
    full = card | {"name": f"bench-{name}", "sampling": SAMPLING,
                   "statistics": {"file": "../statistics.safetensors"},
                   "diffusion": card["diffusion"] | {"file": f"../{name}.safetensors"}}
    for role, prefix in AUTOENCODER.items():
        full[role] = card[role] | {"file": "../autoencoder.safetensors", "prefix": prefix}
    path.write_text(json.dumps(full, indent=1) + "\n")
    return path


def write_inputs(path, card, images, sides):
    """Writes what all sides read: noise, and latents and pictures of each size (side in tokens)."""
    generator = torch.Generator().manual_seed(2)
    channels = latent_channels(card)
    tensors = {"noise": torch.randn(images, tokens(card), channels, generator=generator)}
    for side in sides:
        count = images if side == card["grid"][0] else 1
        tensors[f"latents-{side}"] = torch.randn(count, side * side, channels, generator=generator)
        # Smooth colours with some noise on them.
        coarse = torch.rand(count, 3, 4, 4, generator=generator)
        pixels = side * card["patch"]
        smooth = torch.nn.functional.interpolate(coarse, (pixels, pixels), mode="bicubic")
        noise = torch.randn(count, 3, pixels, pixels, generator=generator)
        tensors[f"pictures-{side}"] = (255 * smooth + 8 * noise).clamp(0, 255).round().to(
            torch.uint8).permute(0, 2, 3, 1).contiguous()
    write_tensors(path, tensors)
