# SPDX-License-Identifier: MIT
"""safetensors files as PyTorch tensors, mapped into memory: large files cost no copies."""

import json
import struct

import torch

DTYPES = {"F16": torch.float16, "BF16": torch.bfloat16, "F32": torch.float32, "F64": torch.float64,
          "I64": torch.int64, "U8": torch.uint8}


def mapped(path, size, shared=False):
    """A file's first bytes; what is written there reaches the file when it is shared."""
    return torch.from_file(str(path), shared=shared, size=size, dtype=torch.uint8)


def views(whole, header, start):
    """{name: tensor} of a file's bytes; one at an odd address is a copy."""
    tensors = {}
    for name, entry in header.items():
        begin, end = (start + at for at in entry["data_offsets"])
        dtype = DTYPES[entry["dtype"]]
        part = whole[begin:end] if begin % dtype.itemsize == 0 else whole[begin:end].clone()
        tensors[name] = part.view(dtype).view(entry["shape"])
    return tensors


def read_tensors(path):
    """{name: tensor}; a change of a tensor does not reach the file."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        size = file.seek(0, 2)
    header.pop("__metadata__", None)
    return views(mapped(path, size), header, 8 + length)


def create_tensors(path, kinds):
    """{name: (dtype, shape)} as a new file: {name: tensor}, zeros; what is written reaches it."""
    names = {dtype: name for name, dtype in DTYPES.items()}
    header, offset = {}, 0
    # The largest elements first: so all are aligned without gaps.
    for name, (dtype, shape) in sorted(kinds.items(), key=lambda item: -item[1][0].itemsize):
        begin, offset = offset, offset + torch.Size(shape).numel() * dtype.itemsize
        header[name] = {"dtype": names[dtype], "shape": list(shape), "data_offsets": [begin, offset]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + offset)
    return views(mapped(path, 8 + len(text) + offset, shared=True), header, 8 + len(text))


def write_tensors(path, tensors):
    made = create_tensors(path, {name: (tensor.dtype, tensor.shape)
                                 for name, tensor in tensors.items()})
    for name, tensor in tensors.items():
        made[name].copy_(tensor)
