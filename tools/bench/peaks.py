# SPDX-License-Identifier: MIT
"""Measures the peak rates of this processor or CUDA device in the library that both sides compute with
(on a processor oneDNN of the PyTorch wheel, weights packed); prints {"gemm": operations a second,
"conv": the same}.

usage: python -m tools.bench.peaks DTYPE THREADS DEVICE [--quick]

They are the largest of matrix products at a diffusion transformer's shapes and of convolutions at a
decoder's.
"""

import json
import sys
import time

import torch
from torch.nn import functional as F

# A device fills up with more rows, and images, than a processor.
ROWS = {"cpu": (256, 512), "cuda": (512, 8192)}
IMAGES = {"cpu": 1, "cuda": 16}
WIDTHS = ((1152, 3456), (1152, 1152), (1152, 4608), (4608, 1152))
CONVOLUTIONS = [(16, 512), (32, 256), (64, 256), (128, 128), (128, 256), (256, 128)]


def best(run, operations, seconds, device):
    """The largest rate, in operations a second, of runs within so many seconds."""
    runs = 1 if device == "cpu" else 20  # between two waits for the device
    wait = (lambda: None) if device == "cpu" else torch.cuda.synchronize
    shortest, end = float("inf"), time.monotonic() + seconds
    run(), wait()
    while time.monotonic() < end:
        start = time.perf_counter()
        for _ in range(runs):
            run()
        wait()
        shortest = min(shortest, (time.perf_counter() - start) / runs)
    return operations / shortest


def product(shape, dtype, device):
    rows, inputs, outputs = shape
    x, w = torch.randn(rows, inputs, dtype=dtype), torch.randn(outputs, inputs, dtype=dtype)
    bias = torch.zeros(outputs, dtype=dtype)
    if device == "cuda":
        return lambda: F.linear(x, w, bias)
    packed = torch.ops.mkldnn._reorder_linear_weight(w, rows)
    return lambda: torch.ops.mkldnn._linear_pointwise(x, packed, bias, "none", [], "")


def convolution(shape, dtype, device):
    side, channels = shape
    x = torch.randn(IMAGES[device], channels, side, side, dtype=dtype)
    x = x.to(memory_format=torch.channels_last)
    w, bias = torch.randn(channels, channels, 3, 3, dtype=dtype), torch.zeros(channels, dtype=dtype)
    if device == "cuda":
        w = w.to(memory_format=torch.channels_last)
        return lambda: F.conv2d(x, w, bias, padding=1)
    where = [1, 1], [1, 1], [1, 1], 1  # padding, stride, dilation, groups
    packed = torch.ops.mkldnn._reorder_convolution_weight(w, *where, list(x.shape))
    return lambda: torch.ops.mkldnn._convolution_pointwise(x, packed, bias, *where, "none", [], "")


def main():
    dtype, threads, device, *quick = sys.argv[1:]
    torch.set_num_threads(int(threads))
    torch.set_default_device(device)
    torch.backends.cudnn.allow_tf32 = False
    dtype, seconds = getattr(torch, dtype), 0.02 if quick else 1

    def rate(make, shape, operations):
        return best(make(shape, dtype, device), operations, seconds, device)

    rates = {
        "gemm": [rate(product, (rows, *widths), 2 * rows * widths[0] * widths[1])
                 for rows in ROWS[device] for widths in WIDTHS],
        "conv": [rate(convolution, shape, 18 * IMAGES[device] * shape[0] ** 2 * shape[1] ** 2)
                 for shape in CONVOLUTIONS]}
    print(json.dumps({kind: max(found) for kind, found in rates.items()} | {
        "each": rates, "torch": torch.__version__,
        "device": torch.cuda.get_device_name() if device == "cuda" else "cpu"}))


if __name__ == "__main__":
    with torch.inference_mode():
        main()
