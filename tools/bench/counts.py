# SPDX-License-Identifier: MIT
"""Counts the operations of each part of the system from the sizes on a card (a multiply-add is 2).

Only products count: matrix products (attention's among them) and convolutions. Each function returns
{"gemm": operations, "conv": operations} for one image.
"""


def total(*counts):
    """The sum of counts, kind by kind."""
    return {kind: sum(count.get(kind, 0) for count in counts) for kind in ("gemm", "conv")}


def scaled(count, factor):
    return {kind: factor * value for kind, value in count.items()}


def linear(rows, inputs, outputs):
    return {"gemm": 2 * rows * inputs * outputs}


def conv(pixels, inputs, outputs, kernel=3):
    return {"conv": 2 * pixels * inputs * outputs * kernel * kernel}


def attention(tokens, width):
    """q k^T and the mixture of values, all heads together."""
    return {"gemm": 4 * tokens * tokens * width}


def transformer_layer(tokens, width, hidden, products=2):
    """Projections, attention and a feed-forward of so many products."""
    return total(linear(tokens, width, 4 * width), attention(tokens, width),
                 linear(tokens, width, products * hidden))


def dit(card):
    """One evaluation; of the final layer only the outputs that are used, the velocity's."""
    d, tokens, channels = card["diffusion"], grid_tokens(card), latent_channels(card)
    width, depth = d["width"], d["depth"]
    return total(linear(tokens, channels, width), linear(1, 256 + width, width),
                 scaled(transformer_layer(tokens, width, d["mlp"]), depth),
                 linear(1, width, (6 * depth + 2) * width), linear(tokens, width, channels))


def semantic(card, side):
    e, tokens = card["encoder"], side * side
    every = tokens + 1 + e["registers"]
    return total(linear(tokens, 3 * card["patch"] ** 2, e["width"]),
                 scaled(transformer_layer(every, e["width"], e["ffn"], products=3), e["depth"]))


def residual(card, side):
    r, tokens = card["residual"], side * side
    width = r["width"]
    return total(linear(tokens, 3 * card["patch"] ** 2, width),
                 scaled(transformer_layer(tokens + 1, width, r["mlp"]), r["depth"]),
                 linear(tokens, width, width + r["outputs"]))


def encode(card, side):
    return total(semantic(card, side), residual(card, side))


def res_block(pixels, inputs, outputs):
    shortcut = {} if inputs == outputs else conv(pixels, inputs, outputs, 1)
    return total(conv(pixels, inputs, outputs), conv(pixels, outputs, outputs), shortcut)


def conv_attention(pixels, channels):
    return total(scaled(conv(pixels, channels, channels, 1), 4), attention(pixels, channels))


def decode(card, side):
    d, pixels = card["decoder"], side * side
    width = d["channels"] * d["multipliers"][-1]
    parts = [conv(pixels, latent_channels(card), width), res_block(pixels, width, width),
             conv_attention(pixels, width), res_block(pixels, width, width)]
    for level in reversed(range(len(d["multipliers"]))):
        after = d["channels"] * d["multipliers"][level]
        for _ in range(d["res_blocks"] + 1):
            parts.append(res_block(pixels, width, after))
            width = after
            if level in d["attention_levels"]:
                parts.append(conv_attention(pixels, width))
        if level > 0:
            pixels *= 4
            parts.append(conv(pixels, width, width))
    return total(*parts, conv(pixels, width, 3))


def latent_channels(card):
    return card["encoder"]["width"] + card["residual"]["outputs"]


def grid_tokens(card):
    return card["grid"][0] * card["grid"][1]


def of(cell, card):
    """The operations of one call in a cell of the benchmark."""
    side = cell.get("side", card["grid"][0])
    evaluations = cell.get("steps", 1) * (2 if cell.get("guidance", 1) != 1 else 1)
    counts = {"dit": lambda: dit(card), "encode": lambda: encode(card, side),
              "decode": lambda: decode(card, side),
              "frame": lambda: total(encode(card, side), decode(card, side)),
              "image": lambda: total(scaled(dit(card), evaluations), decode(card, side))}
    return scaled(counts[cell["part"]](), cell.get("batch", 1))


def floor(count, peaks):
    """The seconds that a count takes at the peaks {"gemm": operations a second, "conv": the same}."""
    return sum(value / peaks[kind] for kind, value in count.items())
