# SPDX-License-Identifier: MIT
"""What this processor reaches with the library that both sides compute with (oneDNN of the PyTorch
wheel, weights packed): prints {"gemm": operations a second, "conv": the same}.

usage: bench_peaks.py DTYPE THREADS [--quick]

The largest rate of products at a diffusion transformer's shapes and of convolutions at a decoder's.
"""

import json
import sys
import time

import torch

PRODUCTS = [(rows, inputs, outputs) for rows in (256, 512) for inputs, outputs in
            ((1152, 3456), (1152, 1152), (1152, 4608), (4608, 1152))]
CONVOLUTIONS = [(16, 512), (32, 256), (64, 256), (128, 128), (128, 256), (256, 128)]


def best(run, operations, seconds):
    """The largest rate within so many seconds."""
    run()
    shortest, end = float("inf"), time.monotonic() + seconds
    while time.monotonic() < end:
        start = time.perf_counter()
        run()
        shortest = min(shortest, time.perf_counter() - start)
    return operations / shortest


def product(shape, dtype):
    rows, inputs, outputs = shape
    x, w = torch.randn(rows, inputs, dtype=dtype), torch.randn(outputs, inputs, dtype=dtype)
    packed = torch.ops.mkldnn._reorder_linear_weight(w, rows)
    bias = torch.zeros(outputs, dtype=dtype)
    return lambda: torch.ops.mkldnn._linear_pointwise(x, packed, bias, "none", [], "")


def convolution(shape, dtype):
    side, channels = shape
    x = torch.randn(1, channels, side, side, dtype=dtype).to(memory_format=torch.channels_last)
    w, bias = torch.randn(channels, channels, 3, 3, dtype=dtype), torch.zeros(channels, dtype=dtype)
    where = [1, 1], [1, 1], [1, 1], 1  # padding, stride, dilation, groups
    packed = torch.ops.mkldnn._reorder_convolution_weight(w, *where, list(x.shape))
    return lambda: torch.ops.mkldnn._convolution_pointwise(x, packed, bias, *where, "none", [], "")


def main():
    dtype, threads, *quick = sys.argv[1:]
    torch.set_num_threads(int(threads))
    dtype, seconds = getattr(torch, dtype), 0.02 if quick else 1
    rates = {
        "gemm": [best(product(shape, dtype), 2 * shape[0] * shape[1] * shape[2], seconds)
                 for shape in PRODUCTS],
        "conv": [best(convolution(shape, dtype), 18 * shape[0] ** 2 * shape[1] ** 2, seconds)
                 for shape in CONVOLUTIONS]}
    print(json.dumps({kind: max(found) for kind, found in rates.items()} | {"each": rates}))


if __name__ == "__main__":
    with torch.inference_mode():
        main()
