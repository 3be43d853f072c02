# SPDX-License-Identifier: MIT
"""Lists what tools/bench/inference measures: one dictionary for each cell.

A cell has "section", "kind" (pair, start, stream or chains), "model", "dtype" and "threads", and by
its kind "part", "batch", "side" (in tokens), "steps", "guidance", "peer" and "peer_dtype", "count",
"device" where that is not the processor.
"""

DTYPES = ("float32", "bfloat16")
RUNTIMES = ("eager", "compile", "onnxruntime", "openvino")


def device_of(cell):
    return cell.get("device", "cpu")


def rivals(dtype, part):
    """[(peer, its dtype)] of all peers for a part computed in `dtype`, and of eager in float32."""
    found = [(peer, dtype) for peer in RUNTIMES]
    if part == "decode":
        found.insert(1, ("eager-channels-last", dtype))
    return found + ([("eager", "float32")] if dtype != "float32" else [])


def eager_only(dtype, _):
    return [("eager", dtype)]


def eager_both(dtype, _):
    return [("eager", other) for other in DTYPES if other in (dtype, "float32")]


def on_device(dtype, part):
    layouts = ["eager-channels-last"] if part == "decode" else []
    return [(peer, dtype) for peer in ("eager", *layouts, "compile")]


def pairs(section, part, models=("svg-xl",), peers=rivals, **settings):
    """One cell for each model, dtype and peer."""
    return [{"section": section, "kind": "pair", "part": part, "model": model, "dtype": dtype,
             "threads": 2, "peer": peer, "peer_dtype": peer_dtype, "batch": 1, **settings}
            for model in models for dtype in DTYPES for peer, peer_dtype in peers(dtype, part)]


def batches(section, part, **settings):
    return [cell for batch in (2, 4)
            for cell in pairs(section, part, peers=eager_only, batch=batch, **settings)]


def dit():
    return (pairs("dit", "dit") + batches("dit", "dit") + pairs("dit", "dit", ["svg-b"]) +
            batches("dit", "dit", models=["svg-b"]) + pairs("dit", "dit", ["svg-l"], eager_only) +
            batches("dit", "dit", models=["svg-l"]))


def component(part):
    return lambda: pairs(part, part) + batches(part, part)


def jobs():
    cells = pairs("jobs", "frame")
    for guidance, steps, peers in ((1, 5, eager_only), (1, 10, eager_only), (1, 25, eager_only),
                                   (4, 5, rivals), (4, 10, eager_only), (4, 25, eager_both)):
        cells += pairs("jobs", "image", peers=peers, steps=steps, guidance=guidance)
    return cells


def start():
    return [{"section": "start", "kind": "start", "part": "dit", "model": "svg-xl", "dtype": dtype,
             "threads": 2, "peer": "eager", "peer_dtype": dtype, "batch": 1} for dtype in DTYPES]


def streams():
    cells = [{"section": "streams", "kind": "stream", "part": "frame", "model": "svg-xl",
              "dtype": dtype, "threads": 2, "peer": "library", "peer_dtype": dtype, "batch": 1}
             for dtype in DTYPES]
    return cells + [{"section": "streams", "kind": "chains", "part": "frame", "model": "svg-xl",
                     "dtype": dtype, "threads": 2, "count": count}
                    for dtype in DTYPES for count in (1, 2, 4, 8)]


def curves():
    cells = [cell for part in ("dit", "decode", "encode")
             for cell in pairs("curves", part, peers=eager_only, threads=1)]
    for part in ("encode", "decode"):
        for side in (8, 32, 64):
            cells += pairs("curves", part, peers=eager_only, side=side)
    return cells + [cell for steps in (1, 2)
                    for cell in pairs("curves", "image", peers=eager_only, steps=steps, guidance=4)]


def cuda():
    cells = [cell for part in ("dit", "decode", "encode")
             for cell in pairs("cuda", part, peers=on_device) +
             pairs("cuda", part, peers=eager_only, batch=16)]
    cells += pairs("cuda", "frame", peers=eager_only)
    for steps, peers in ((5, eager_only), (25, on_device)):
        cells += pairs("cuda", "image", peers=peers, steps=steps, guidance=4)
    cells += pairs("cuda", "image", peers=eager_only, steps=25, guidance=4, batch=16)
    return [cell | {"device": "cuda"} for cell in cells]


SECTIONS = {"dit": dit, "decode": component("decode"), "encode": component("encode"), "jobs": jobs,
            "start": start, "streams": streams, "curves": curves, "cuda": cuda}


def name_of(cell):
    """The cell's file, without an ending."""
    words = [cell["kind"], cell["part"], cell["model"], cell["dtype"]]
    words += [cell["device"]] if "device" in cell else []
    words += [f"{key}{cell[key]}" for key in ("batch", "side", "steps", "guidance", "threads", "count")
              if key in cell]
    if "peer" in cell:
        words += ["vs", cell["peer"], cell["peer_dtype"]]
    return "-".join(words)


def selected(sections, quick):
    """{name: cell} of some sections; if `quick`, each part once: the embedded model beside eager."""
    cells = [cell for section in sections for cell in SECTIONS[section]()]
    if quick:  # one thread: two wait for each other on a busy machine
        changes = {"model": "mini", "threads": 1}
        cells = [cell | changes | ({"steps": min(cell["steps"], 2)} if "steps" in cell else {})
                 for cell in cells if cell.get("batch", 1) == 1 and "side" not in cell and
                 cell["model"] == "svg-xl" and cell.get("peer", "eager") in ("eager", "library") and
                 cell["threads"] == 2 and cell.get("count", 1) <= 2]
    return {name_of(cell): cell for cell in cells}
