# SPDX-License-Identifier: MIT
"""Draws t-SNE maps of feature sets that svgfrechet wrote, side by side, coloured by class.

usage: python -m tools.experiments.feature_maps OUT.png TITLE=FILE.safetensors ...

Needs scikit-learn and matplotlib, which tools/experiments/run installs into an environment of their own.
"""

import sys

import matplotlib
import numpy as np
from matplotlib import pyplot
from sklearn.manifold import TSNE

from tools.helpers import media

DTYPES = {"F32": np.float32, "I64": np.int64}


def read(path):
    tensors = media.read_safetensors(path)
    return [np.frombuffer(data, DTYPES[dtype]).reshape(shape)
            for dtype, shape, data in (tensors["features"], tensors["labels"])]


def main():
    if len(sys.argv) < 3 or any("=" not in word for word in sys.argv[2:]):
        sys.exit(__doc__)
    matplotlib.use("Agg")
    maps = [word.split("=", 1) for word in sys.argv[2:]]
    figure, axes = pyplot.subplots(1, len(maps), figsize=(4 * len(maps), 4.2), squeeze=False)
    for (title, path), axis in zip(maps, axes[0]):
        features, labels = read(path)
        features = (features - features.mean(0)) / (features.std(0) + 1e-12)
        places = TSNE(perplexity=30, init="pca", random_state=0).fit_transform(features)
        axis.scatter(places[:, 0], places[:, 1], c=labels, s=5, cmap="tab20", linewidths=0)
        axis.set_title(title, fontsize=10)
        axis.set_xticks([])
        axis.set_yticks([])
    figure.tight_layout()
    figure.savefig(sys.argv[1], dpi=110)


if __name__ == "__main__":
    main()
