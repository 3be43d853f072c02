# SPDX-License-Identifier: MIT
"""Writes files as torch.save (zip and legacy) and numpy.savez do, without PyTorch and NumPy:
tensors are (shape, bytes)."""

import collections
import io
import pickle
import struct
import sys
import types
import zipfile

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_PROTOCOL = 1001


def foreign_class(module, name):
    """A class of a package that is not installed anywhere, as pickles of trainings refer to."""
    made = type(name, (), {"__module__": module})
    parts = module.split(".")
    for i in range(len(parts)):
        name_so_far = ".".join(parts[:i + 1])
        sys.modules.setdefault(name_so_far, types.ModuleType(name_so_far))
    setattr(sys.modules[module], name, made)
    return made


class Tensor:
    """float32 values of a shape; pickled as torch.save pickles a tensor."""

    def __init__(self, shape, data):
        self.shape, self.data = tuple(shape), data


class _Storage:
    def __init__(self, key, data):
        self.key, self.data = key, data


def _strides(shape):
    strides, step = [], 1
    for size in reversed(shape):
        strides.insert(0, step)
        step *= size
    return tuple(strides)


def _fake_torch():
    """Modules under whose names a pickle finds what it calls; nothing of them is ever run here."""
    for module, names in {"torch._utils": ["_rebuild_tensor_v2"], "torch": ["FloatStorage"]}.items():
        made = sys.modules.setdefault(module, types.ModuleType(module))
        for name in names:
            if not hasattr(made, name):
                function = types.FunctionType((lambda *_: None).__code__, {}, name)
                function.__module__, function.__qualname__ = module, name
                setattr(made, name, function)
    return sys.modules["torch._utils"]._rebuild_tensor_v2, sys.modules["torch"].FloatStorage


class _Pickler(pickle.Pickler):
    def __init__(self, file):
        super().__init__(file, 2)
        self.rebuild, self.storage_type = _fake_torch()
        self.storages = []

    def persistent_id(self, obj):
        if not isinstance(obj, _Storage):
            return None
        return "storage", self.storage_type, obj.key, "cpu", len(obj.data) // 4

    def reducer_override(self, obj):
        if not isinstance(obj, Tensor):
            return NotImplemented
        storage = _Storage(str(len(self.storages)), obj.data)
        self.storages.append(storage)
        return self.rebuild, (storage, 0, obj.shape, _strides(obj.shape), False,
                              collections.OrderedDict())


class _LegacyPickler(_Pickler):
    """Persistent ids had a sixth field then, the view into another storage."""

    def persistent_id(self, obj):
        found = super().persistent_id(obj)
        return None if found is None else (*found, None)


def save_zip(path, value):
    """Writes `value`, of dicts, lists, numbers and Tensors, as torch.save of today."""
    pickled = io.BytesIO()
    pickler = _Pickler(pickled)
    pickler.dump(value)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("archive/data.pkl", pickled.getvalue())
        for storage in pickler.storages:
            archive.writestr(f"archive/data/{storage.key}", storage.data)
        archive.writestr("archive/version", "3\n")


def save_legacy(path, value):
    """Writes it as torch.save before 1.6: pickles one after the other, then the storages."""
    out = io.BytesIO()
    for head in (LEGACY_MAGIC, LEGACY_PROTOCOL,
                 {"protocol_version": LEGACY_PROTOCOL, "little_endian": True,
                  "type_sizes": {"short": 2, "int": 4, "long": 4}}):
        pickle.dump(head, out, 2)
    pickler = _LegacyPickler(out)
    pickler.dump(value)
    pickle.dump([storage.key for storage in pickler.storages], out, 2)
    for storage in pickler.storages:
        out.write(struct.pack("<q", len(storage.data) // 4) + storage.data)
    path.write_bytes(out.getvalue())


def save_npz(path, state, compressed=False):
    """Writes a state dict as numpy.savez or numpy.savez_compressed."""
    method = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, tensor in state.items():
            header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {tensor.shape}, }}"
            header += " " * (-(len(header) + 11) % 64) + "\n"
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                member.write(b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header.encode()
                             + tensor.data)
