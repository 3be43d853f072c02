# SPDX-License-Identifier: MIT
"""Opens models with broken or hostile files: each ends a pipeline with one error that names the file,
within seconds, in memory bounded by the file's size; and nothing in a file is run.

usage: tools/helpers/python tests.pipelines.malformed [--table] SCRATCH

--table prints each one's message, seconds and memory.
"""

import io
import json
import math
import os
import pathlib
import pickle
import re
import resource
import shutil
import struct
import sys
import zipfile

from tests.pipelines import launching
from tools.helpers import media

ROOT = pathlib.Path(__file__).resolve().parents[2]
TINY = ROOT / "tests/data/tiny"
DIT, STATS, CARD = "dit_tiny.safetensors", "statistics.safetensors", "card.json"
MOST_SECONDS = 5  # of the whole process, on a busy machine
MOST_MEBIBYTES = 40  # above the process with a sound model
KINDS = {}  # name: (function that breaks a model in a folder, texts that the message must hold)


def kind(name, *words):
    def add(function):
        KINDS[name] = (function, words)
        return function
    return add


# Ways to take a safetensors file apart and change it.

def parts(path):
    data = path.read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    return json.loads(data[8:8 + size]), data[8 + size:]


def put(path, header, data):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def changed_header(change, file=DIT):
    def apply(folder):
        header, data = parts(folder / file)
        put(folder / file, change(header) or header, data)
    return apply


def changed_tensors(change, file=DIT):
    def apply(folder):
        tensors = media.read_safetensors(folder / file)
        change(tensors)
        media.write_safetensors(folder / file, tensors)
    return apply


def set_number(name, value, file=DIT):
    def change(tensors):
        dtype, shape, data = tensors[name]
        tensors[name] = dtype, shape, struct.pack("<f", value) + data[4:]
    return changed_tensors(change, file)


def edit_card(folder, **changes):
    card = json.loads((folder / CARD).read_text())
    (folder / CARD).write_text(json.dumps(card | changes))


BIAS = "blocks.0.attn.proj.bias"  # 64 numbers

# Weights: the container.
kind("cut off in the header", DIT)(lambda f: (f / DIT).write_bytes((f / DIT).read_bytes()[:500]))
kind("cut off in the tensors", DIT)(lambda f: (f / DIT).write_bytes((f / DIT).read_bytes()[:-5000]))
kind("an empty file", DIT)(lambda f: (f / DIT).write_bytes(b""))
kind("a header of 2^60 bytes", DIT)(
    lambda f: (f / DIT).write_bytes(struct.pack("<Q", 1 << 60) + b'{"a": 1}' * 100))
kind("a header that is no JSON", DIT)(lambda f: put(f / DIT, b"{" * 64, bytes(64)))
kind("a header of deep nesting", DIT)(
    lambda f: put(f / DIT, b'{"a":' + b"[" * 200000 + b"]" * 200000 + b"}", b""))
kind("random bytes", DIT)(lambda f: (f / DIT).write_bytes(os.urandom(5000)))


@kind("a folder in place of a file", DIT)
def folder_for_file(folder):
    (folder / DIT).unlink()
    (folder / DIT).mkdir()


@kind("a missing file", DIT)
def missing_file(folder):
    (folder / DIT).unlink()


def offsets(begin, end):
    return changed_header(lambda header: header[BIAS].update(data_offsets=[begin, end]))


kind("offsets past the end", DIT, BIAS)(offsets(1 << 40, (1 << 40) + 256))
kind("offsets of another tensor", DIT)(offsets(0, 256))
kind("offsets backwards", DIT, BIAS)(offsets(600, 344))
kind("a shape of 2^60 numbers", DIT, BIAS)(
    changed_header(lambda header: header[BIAS].update(shape=[1 << 30, 1 << 30])))
kind("a negative shape", DIT, BIAS)(
    changed_header(lambda header: header[BIAS].update(shape=[-64])))
kind("an unknown dtype", DIT, BIAS)(
    changed_header(lambda header: header[BIAS].update(dtype="F4711")))
kind("a name twice", DIT, BIAS)(changed_header(lambda header: json.dumps(header).replace(
    '"blocks.1.attn.proj.bias"', f'"{BIAS}"').encode()))

# Weights: what they hold.
kind("a missing tensor", DIT, BIAS)(changed_tensors(lambda tensors: tensors.pop(BIAS)))
kind("a surplus tensor", DIT, "blocks.0.extra")(changed_tensors(
    lambda tensors: tensors.update({"blocks.0.extra": ("F32", [1], bytes(4))})))
kind("a tensor of another shape", DIT, BIAS, "[64]")(changed_tensors(
    lambda tensors: tensors.update({BIAS: ("F32", [32], bytes(128))})))
kind("a tensor of another kind", DIT, BIAS)(changed_tensors(
    lambda tensors: tensors.update({BIAS: ("I64", [64], bytes(512))})))
kind("a value that is not a number", DIT, BIAS)(set_number(BIAS, math.nan))
kind("an infinite value", DIT, BIAS)(set_number(BIAS, math.inf))


# Weights of torch.save.

def use_archive(folder, data):
    (folder / "model.pt").write_bytes(data)
    card = json.loads((folder / CARD).read_text())
    edit_card(folder, diffusion=card["diffusion"] | {"file": "model.pt"})


def archive(pickled, compressed=False, storage=bytes(64)):
    packed = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with zipfile.ZipFile(packed, "w", method) as file:
        file.writestr("archive/data.pkl", pickled)
        file.writestr("archive/byteorder", "little")
        file.writestr("archive/data/0", storage)
        file.writestr("archive/version", "3\n")
    return packed.getvalue()


class Runs:
    """An object whose pickle calls a function when it is loaded."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.system, (f"touch {self.marker}",)


def tensor_pickle(shape, strides, numbers):
    """A dictionary with one tensor over storage 0 of so many numbers."""
    return (b"\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n(("
            b"X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu"
            + pickle.dumps(numbers, 2)[2:-1] + b"tQK\x00" + pickle.dumps(shape, 2)[2:-1]
            + pickle.dumps(strides, 2)[2:-1] + b"\x89Ntq\x01Rs.")


kind("an archive that is cut off", "model.pt")(
    lambda f: use_archive(f, archive(tensor_pickle((4,), (1,), 16))[:-40]))
kind("a compressed archive", "model.pt")(
    lambda f: use_archive(f, archive(tensor_pickle((4,), (1,), 16), compressed=True)))
kind("a pickle that calls a function", "model.pt")(
    lambda f: use_archive(f, archive(pickle.dumps(Runs(f / "was-run"), 2))))
kind("a storage of 2^60 numbers", "model.pt")(
    lambda f: use_archive(f, archive(tensor_pickle((4,), (1,), 1 << 60))))
kind("strides past the storage", "model.pt")(
    lambda f: use_archive(f, archive(tensor_pickle((4, 4), (100, 1), 16))))
kind("a tensor of 2^60 numbers", "model.pt")(
    lambda f: use_archive(f, archive(tensor_pickle((1 << 30, 1 << 30), (0, 0), 16))))
kind("a pickle of deep nesting", "model.pt")(
    lambda f: use_archive(f, archive(b"\x80\x02" + b"]" * 100000 + b"a" * 99999 + b".")))
kind("a pickle that is cut off", "model.pt")(
    lambda f: use_archive(f, archive(tensor_pickle((4,), (1,), 16)[:60])))

# Statistics.
kind("a deviation of zero", STATS, "dinov3_sp_std")(set_number("dinov3_sp_std", 0, STATS))
kind("a mean that is not a number", STATS, "dinov3_sp_mean")(
    set_number("dinov3_sp_mean", math.nan, STATS))
kind("statistics of other channels", STATS)(changed_tensors(
    lambda tensors: tensors.update({key: ("F32", [1, 1, 7], bytes(28)) for key in tensors}), STATS))
kind("statistics without a mean", STATS, "dinov3_sp_mean")(
    changed_tensors(lambda tensors: tensors.pop("dinov3_sp_mean"), STATS))

# Cards.
kind("a card that is no JSON", CARD)(lambda f: (f / CARD).write_text("{'name': 1}"))
kind("an empty card", CARD)(lambda f: (f / CARD).write_text(""))
kind("a card of deep nesting", CARD)(
    lambda f: (f / CARD).write_text('{"name":' + "[" * 200000 + "]" * 200000 + "}"))
kind("an unknown key", CARD, "pach")(lambda f: edit_card(f, pach=16))
kind("a key of another type", CARD, "patch")(lambda f: edit_card(f, patch="sixteen"))
kind("a grid of 2^60 tokens", CARD)(lambda f: edit_card(f, grid=[1 << 30, 1 << 30]))
kind("a negative patch", CARD, "patch")(lambda f: edit_card(f, patch=-16))
kind("a size that is not the file's", "heads")(lambda f: edit_card(f, diffusion=json.loads(
    (f / CARD).read_text())["diffusion"] | {"heads": 7}))
kind("a checksum of another file", "sha256")(lambda f: edit_card(f, diffusion=json.loads(
    (f / CARD).read_text())["diffusion"] | {"sha256": "0" * 64}))


def sound_model(folder):
    """A small model all of whose files are safetensors."""
    folder.mkdir(parents=True)
    for name in (CARD, DIT, "autoencoder_tiny.safetensors"):
        shutil.copy(TINY / name, folder / name)
    channels = 48 + 8
    media.write_safetensors(folder / STATS, {
        "dinov3_sp_mean": ("F32", [1, 1, channels], bytes(4 * channels)),
        "dinov3_sp_std": ("F32", [1, 1, channels], struct.pack("<f", 1) * channels)})
    edit_card(folder, statistics={"file": STATS})


def run(folder):
    """(exit status, output, seconds, peak MiB) of a pipeline of this model."""
    line = f"svgdiffuse model={folder} num-images=1 steps=1 ! svgdecode ! fakesink"
    result = launching.run(
        ROOT / "tools/run", "gst-launch-1.0", "-q", *line.split(),
        env=os.environ | {"G_DEBUG": "fatal-criticals", "LC_ALL": "C"})
    return result.returncode, result.stdout, result.seconds, result.peak


def message_of(output):
    """The text of the only error of an svg element, with its details, or None."""
    errors = re.findall(r"^ERROR: from element \S*GstSvg\S+: (.*)$", output, flags=re.MULTILINE)
    if len(errors) != 1:
        return None
    details = [line for line in output.splitlines() if line.startswith(errors[0] + " (")]
    return details[0] if details else errors[0]


def problem_of(name, folder, usual):
    """Tries one kind: (what is wrong or None, message, seconds, MiB above the sound model's)."""
    make, words = KINDS[name]
    sound_model(folder)
    make(folder)
    status, output, seconds, peak = run(folder)
    message = message_of(output)
    checks = {
        f"ended with {status}": status in (1, 255),
        "no single error": message is not None,
        f"took {seconds:.1f} s": seconds < MOST_SECONDS,
        f"used {peak - usual:.0f} MiB more": peak - usual < MOST_MEBIBYTES,
        "ran what was in the file": not (folder / "was-run").exists()}
    for word in words:
        checks[f"does not say {word}"] = message is None or word in message
    wrong = [text for text, holds in checks.items() if not holds]
    return ", ".join(wrong) or None, message or output, seconds, peak - usual


def main():
    table = "--table" in sys.argv
    scratch = pathlib.Path(sys.argv[-1])
    shutil.rmtree(scratch, ignore_errors=True)
    sound_model(scratch / "sound")
    status, output, _, usual = run(scratch / "sound")
    if status != 0:
        sys.exit(f"the sound model fails:\n{output}")
    if table:
        print("| kind | message | s | MiB more |\n|---|---|---:|---:|")
    failures = 0
    for number, name in enumerate(KINDS):
        problem, message, seconds, more = problem_of(name, scratch / str(number), usual)
        if table:
            text = message.replace(str(scratch / str(number)), "MODEL").replace("|", "\\|")
            print(f"| {name} | {text} | {seconds:.2f} | {more:.0f} |")
        if problem:
            failures += 1
            print(f"{name}: {problem}\n    {message}", file=sys.stderr)
    print(f"{len(KINDS) - failures} of {len(KINDS)} end with one error that says where", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.exit(main())
