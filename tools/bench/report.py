# SPDX-License-Identifier: MIT
"""Writes the tables of what tools/bench/inference measured."""

import statistics

from tools.bench import counts
from tools.bench.cells import device_of, selected
from tools.bench.protocol import machine_text
from tools.helpers.document import table

TITLES = {
    "summary": "Inference beside other runtimes",
    "dit": "The diffusion transformer: one evaluation",
    "decode": "The decoder: latents to pixels",
    "encode": "The encoders: pictures to aligned latents",
    "jobs": "Whole images and frames",
    "start": "Start and memory",
    "streams": "Pipelines",
    "curves": "One thread, other resolutions, few steps",
    "cuda": "On a CUDA device",
}
NAMES = {"eager": "PyTorch eager", "eager-channels-last": "PyTorch eager, channels-last",
         "compile": "torch.compile, frozen", "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO"}
MARK = "<!-- The first sections are written by tools/bench/inference, the others by hand. -->"


class Report:
    def __init__(self, runner, cells, about):
        """`cells`: {name: result}, what was measured; None where a peer is not installed."""
        self.runner, self.cells, self.about = runner, cells, about

    def found(self, section):
        """[(cell, result)] of a section, in order."""
        return [(cell, self.cells[name]) for name, cell in
                selected([section], self.runner.options.quick).items() if name in self.cells]

    def utilisation(self, result):
        """U: the time that the products need at the peak rates over svgen's time; None without rates."""
        cell = result["cell"]
        peaks = self.about["peaks"].get(peaks_key(cell["dtype"], cell["threads"], device_of(cell)))
        if peaks is None:
            return None
        count = counts.of(cell, self.runner.card(cell["model"])[1])
        return counts.floor(count, peaks) / statistics.median(result["rounds"]["b"])

    def texts(self):
        """{title: Markdown} of all that was measured."""
        makers = {"summary": self.summary, "start": self.start, "streams": self.streams,
                  "cuda": self.cuda}
        texts = {}
        for key, title in TITLES.items():
            text = makers.get(key, lambda key=key: self.pairs(key))()
            if text:
                texts[title] = text
        return texts

    def summary(self):
        """Ratios of what matters most: rows are svgen's, columns the peers."""
        rows = {}
        for section in ("dit", "decode", "encode", "jobs"):
            for cell, result in self.found(section):
                if cell["batch"] == 1 and cell["model"] in ("svg-xl", "mini") and (
                        cell["part"] != "image" or cell.get("guidance", 1) != 1):
                    row = rows.setdefault((what(cell), cell["dtype"]), {})
                    row[cell["peer"], cell["peer_dtype"] == cell["dtype"]] = result
        columns = [(peer, True) for peer in NAMES] + [("eager", False)]
        heads = [f"{NAMES[peer]}{'' if same else ' float32'}" for peer, same in columns]
        lines = []
        for (title, dtype), row in rows.items():
            mine = next((self.utilisation(result) for result in row.values()
                         if result and "rounds" in result), None)
            lines.append([title, dtype, *(ratio_of(row.get(key, "")) for key in columns),
                          number(mine, ".2f")])
        if not lines:
            return ""
        return self.caption() + table(["", "dtype", *heads, "U"], lines)

    def caption(self):
        about, rates = self.about, []
        for key, peaks in about["peaks"].items():
            if key.endswith("cuda"):
                continue
            rates.append(f"{key} thread{'s' if not key.endswith(' 1') else ''}: "
                         f"{peaks['gemm'] / 1e9:.0f} and {peaks['conv'] / 1e9:.0f} GFLOP/s")
        guard = "" if about["guarded"] else \
            "**Measured without the guard, while other processes ran: ratios mean nothing.** "
        return (f"{guard}{machine_text(about)}. Medians of {about['rounds']} rounds of ABBA and BAAB "
                "that were not disturbed, a side's time over svgen's, quartiles in brackets; the same "
                "random weights, noise and pictures, two threads each unless said. Error: relative L2 "
                "from float64; apart: from each other; peak memory and the time from the start of a process to "
                "its first answer, svgen's and the peer's. U: the time that the products alone need at the "
                "largest rates measured in the same run with packed oneDNN "
                f"({'; '.join(rates)}, matrix products and convolutions), over svgen's time.\n\n")

    def pairs(self, section):
        head = ["", "dtype", "beside", "its time", "svgen", "ratio", "error, svgen / its", "apart",
                "peak MiB", "first answer", "U"]
        rows = []
        for cell, result in self.found(section):
            peer = NAMES[cell["peer"]]
            if cell["peer_dtype"] != cell["dtype"]:
                peer += " " + cell["peer_dtype"]
            row = [what(cell), cell["dtype"], peer]
            rows.append(row + (pair_row(self, result) if result and "rounds" in result else
                               ["", "", ratio_of(result), "", "", "", "", ""]))
        return table(head, rows) if rows else ""

    def cuda(self):
        text = self.pairs("cuda")
        if not text:
            return ""
        found = [(key.split(",")[0], peaks) for key, peaks in self.about["peaks"].items()
                 if key.endswith("cuda")]
        rates = "; ".join(f"{dtype} {peaks['gemm'] / 1e12:.0f} and {peaks['conv'] / 1e12:.0f}"
                          for dtype, peaks in found)
        machine = found[0][1]
        return (f"{machine['device']}, PyTorch {machine['torch']}; float32 without TF32 on both sides. "
                "Inputs come from host memory, results go there. Largest rates measured, matrix "
                f"products and convolutions, in TFLOP/s: {rates}.\n\n{text}")

    def start(self):
        rows = []
        for cell, result in self.found("start"):
            rounds, memory = result["rounds"], result["memory"]
            rows.append([cell["dtype"], NAMES[cell["peer"]], seconds(rounds["a"]),
                         seconds(rounds["b"]), spread(rounds), memory["peer"]["anonymous"],
                         memory["ours"]["anonymous"], memory["weights"]])
        return rows and ("From the command to the first evaluation: PyTorch's script up to its answer, "
                         "`gst-launch-1.0 svgdiffuse steps=1 num-images=1 guidance-scale=1` to its end; "
                         "files in the page cache. Anonymous memory in MiB; the file is mapped.\n\n" +
                         table(["dtype", "beside", "its time", "svgen", "ratio", "its MiB",
                                "svgen MiB", "weights, float32"], rows))

    def streams(self):
        added, rows = [], []
        for cell, result in self.found("streams"):
            if cell["kind"] == "stream":
                rounds = result["rounds"]
                added.append([cell["dtype"], seconds(rounds["a"]), seconds(rounds["b"]),
                              f"{100 * result['added']:+.2f} %"])
            else:
                frame = result["frame"]
                rows.append([cell["dtype"], cell["count"], f"{1 / frame['seconds']:.3g}",
                             *(f"{frame['gaps'][key]:.3f} s" for key in ("p50", "p95", "p99")),
                             frame["memory"]["anonymous"]])
        text = ("`videotestsrc ! svgencode ! svgalign ! svgdecode ! fakesink`, frames of the model's "
                "size.\n\n")
        if added:
            text += table(["dtype", "library, a frame", "pipeline, a frame", "added"], added) + "\n"
        if rows:
            text += table(["dtype", "pipelines in one process", "frames/s", "p50", "p95", "p99",
                           "anonymous MiB"], rows)
        return text if added or rows else ""


def peaks_key(dtype, threads, device):
    return f"{dtype}, {threads if device == 'cpu' else device}"


def what(cell):
    """A cell's part in words."""
    model = "" if cell["part"] in ("encode", "decode", "frame") else " " + cell["model"].upper()
    words = {"dit": "evaluation", "image": "image", "frame": "frame, encoded and decoded"}
    text = words.get(cell["part"], cell["part"]) + model
    for key, form in (("steps", "{} steps"), ("side", "side {} tokens"), ("batch", "batch {}")):
        if cell.get(key, 1) != 1:
            text += ", " + form.format(cell[key])
    text += ", guidance" if cell.get("guidance", 1) != 1 else ""
    return text + (", 1 thread" if cell["threads"] == 1 else "")


def pair_row(report, result):
    rounds, accuracy = result["rounds"], result["accuracy"]
    error = f"{accuracy['ours']:.1e} / {accuracy['peer']:.1e}" if "ours" in accuracy else ""
    apart = f"{accuracy['apart']:.1e}" if "apart" in accuracy else ""
    if "psnr" in accuracy:
        apart = f"{accuracy['psnr']:.0f} dB" if accuracy["psnr"] else "the same"
    if "levels" in accuracy:
        apart += f", {accuracy['levels']:.2g} levels"
    return [seconds(rounds["a"]), seconds(rounds["b"]), spread(rounds), error, apart,
            f"{result['peak']['ours']} / {result['peak']['peer']}",
            f"{result['first']['ours']:.1f} / {result['first']['peer']:.1f} s",
            number(report.utilisation(result), ".2f")]


def number(value, form):
    return "" if value is None else format(value, form)


def seconds(values):
    return f"{statistics.median(values):.3g} s"


def spread(rounds):
    return f"{rounds['ratio']:.2f} ({rounds['low']:.2f}-{rounds['high']:.2f})"


def ratio_of(result):
    """A cell of the summary: "" where nothing was asked."""
    if result is None:
        return "not installed"
    if not result:
        return ""
    if "rounds" in result:
        return f"{result['rounds']['ratio']:.2f}"
    return "failed" if "failed" in result else "not supported"


def counted(cells):
    """Counts the cells in words: measured, not supported, failed, not installed."""
    missing = sum(result is None for result in cells.values())
    cannot, failed = (sum(key in (result or {}) for result in cells.values())
                      for key in ("unsupported", "failed"))
    return (f"{len(cells) - cannot - failed - missing} measured, {cannot} not supported, "
            f"{failed} failed, {missing} not installed")

