# SPDX-License-Identifier: MIT
"""The pictures of tools/quickstart: a contact sheet, and a video beside its reconstruction.

usage: tools/run tools/helpers/python tools.helpers.quickstart_pictures [VIDEO]
"""

import html
import json
import pathlib
import subprocess
import sys
import tempfile
import textwrap
import time

from tools.helpers import media
from tools.helpers.environment import ROOT
from tools.helpers.files import end_on_signals, unfinished
from tools.helpers.launch import quoted, words

OUT = ROOT / "out"
SIZE = 64          # pixels of the embedded model
COLUMNS, TILE = 4, 2 * SIZE  # of the sheet
CLIP_RATE = 12     # frames a second
HOLD, SLIDE = 6, 6  # frames that a picture stands, and that the next one takes to slide in
SECONDS = 10       # how much of a user's video is reconstructed


def launch(line, reason=""):
    """Runs a launch line (without gst-launch-1.0) and ends the program where it fails."""
    shown = textwrap.wrap(f"gst-launch-1.0 -q {line}", 96, break_long_words=False,
                          break_on_hyphens=False, subsequent_indent="  ")
    print("\n  " + " \\\n  ".join(shown), flush=True)
    start = time.monotonic()
    command = ["gst-launch-1.0", "-q", *words(line)]
    if subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode != 0:
        sys.exit(f"quickstart: the pipeline above failed{reason}")
    return time.monotonic() - start


def say(text):
    print(f"\n{text}", flush=True)


def clip_frames():
    """A strip of the model's sample pictures that slides by, as RGB frames."""
    _, (count, height, width, _), data = media.read_safetensors(
        ROOT / "models/mini/cases.safetensors")["input"]
    row = width * 3
    strip = [b"".join(data[(n * height + y) * row:(n * height + y + 1) * row]
                      for n in range(count)) for y in range(height)]
    for picture in range(count):
        slides = range(1, SLIDE + 1) if picture + 1 < count else ()
        for offset in [0] * HOLD + [round(width * k / SLIDE) for k in slides]:
            left = (picture * width + offset) * 3
            yield b"".join(line[left:left + row] for line in strip)


def make_clip(folder):
    """Encodes the sliding strip as a WebM file and returns its path."""
    raw, video = pathlib.Path(folder, "clip.rgb"), OUT / "original.webm"
    raw.write_bytes(b"".join(clip_frames()))
    with unfinished(video) as beside:
        launch(f"filesrc location={quoted(raw)} ! rawvideoparse width={SIZE} height={SIZE} format=rgb "
               f"framerate={CLIP_RATE}/1 ! videoconvert ! videoscale ! "
               f"video/x-raw,width={4 * SIZE},height={4 * SIZE} ! "
               "vp8enc deadline=1 target-bitrate=2000000 ! webmmux ! "
               f"filesink location={quoted(beside)}")
    return video


def sheet_size(count):
    """Width and height of a sheet of `count` tiles."""
    return COLUMNS * TILE, -(-count // COLUMNS) * TILE


def name_tags(names):
    """An SVG picture with a name at the foot of each tile of the sheet."""
    tags = []
    for number, name in enumerate(names):
        x, y = number % COLUMNS * TILE, number // COLUMNS * TILE
        tags.append(f'<rect x="{x}" y="{y + TILE - 18}" width="{TILE}" height="18" fill="black" '
                    f'fill-opacity="0.6"/><text x="{x + TILE // 2}" y="{y + TILE - 5}">'
                    f'{html.escape(name)}</text>')
    width, height = sheet_size(len(names))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
            '<g font-family="DejaVu Sans, sans-serif" font-size="13" fill="white" '
            f'text-anchor="middle">{"".join(tags)}</g></svg>\n')


def generate(folder):
    sheet, tags = OUT / "generated.png", pathlib.Path(folder, "names.svg")
    names = json.loads((ROOT / "models/mini/card.json").read_text())["classes"]
    tags.write_text(name_tags(names))
    width, height = sheet_size(len(names))
    say("(a) an image of each class, on one sheet")
    with unfinished(sheet) as beside:
        seconds = launch(
            f"svgdiffuse classes=all seed=1 num-images={len(names)} batch-size={len(names)} "
            f"! svgdecode grid-columns={COLUMNS} ! videoscale method=nearest-neighbour "
            f"! videoconvert ! video/x-raw,width={width},height={height} "
            f"! rsvgoverlay location={quoted(tags)} ! videoconvert "
            f"! pngenc ! filesink location={quoted(beside)}")
    print(f"  {seconds:.1f} s")
    return sheet


def side_by_side(video, result, original, decoded):
    """The launch line that writes a video beside its reconstruction, and both as raw frames.

    Nothing but video is decoded, so a file without any is an error at once.
    """
    unlimited = "queue max-size-buffers=0 max-size-bytes=0 max-size-time=0"
    raw = "videoconvert ! video/x-raw,format=RGB"
    show = f"videoscale method=nearest-neighbour ! video/x-raw,width={4 * SIZE},height={4 * SIZE}"
    return (
        f"compositor name=mix sink_1::xpos={4 * SIZE} ! videoconvert "
        "! vp8enc deadline=1 target-bitrate=4000000 ! webmmux "
        f"! filesink location={quoted(result)} "
        f"filesrc location={quoted(video)} ! decodebin expose-all-streams=false "
        "'caps=\"video/x-raw(ANY)\"' ! videoconvert ! deinterlace ! videoflip video-direction=auto "
        "! videorate ! videoscale "
        f"! video/x-raw,format=RGB,width={SIZE},height={SIZE},pixel-aspect-ratio=1/1,"
        f"framerate={CLIP_RATE}/1 ! identity eos-after={SECONDS * CLIP_RATE + 1} ! tee name=original "
        f"original. ! {unlimited} ! filesink async=false location={quoted(original)} "
        f"original. ! {unlimited} ! videoconvert ! {show} ! mix.sink_0 "
        "original. ! queue ! svgencode batch-size=8 ! svgalign ! svgdecode ! tee name=decoded "
        f"decoded. ! {unlimited} ! {raw} ! filesink async=false location={quoted(decoded)} "
        f"decoded. ! {unlimited} ! videoconvert ! {show} ! mix.sink_1")


def reconstruct(video, folder):
    """Writes the side-by-side video; returns its path and the PSNR at the model's size."""
    result = OUT / "reconstruction.webm"
    original, decoded = pathlib.Path(folder, "original.rgb"), pathlib.Path(folder, "decoded.rgb")
    if result.exists() and result.samefile(video):
        sys.exit(f"quickstart: {video} is the file that the result goes to; copy it first")
    with unfinished(result) as beside:
        seconds = launch(side_by_side(video, beside, original, decoded),
                         f": is there video in {video}, and its decoder installed?")
        frames = decoded.stat().st_size // (SIZE * SIZE * 3)
        if frames == 0:
            sys.exit(f"quickstart: not one picture could be decoded of {video}: the installed "
                     "decoder cannot read it, or it holds none")
    print(f"  {frames} frames, {seconds:.1f} s")
    return result, media.psnr(original.read_bytes(), decoded.read_bytes())


def main():
    end_on_signals()
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        sheet = generate(folder)
        say("(b) a video through the latent space and back, beside the original")
        video = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else make_clip(folder)
        result, decibels = reconstruct(video, folder)
    print(f"  PSNR {decibels:.2f} dB at {SIZE}x{SIZE}")
    say(f"""(c) look at
  {sheet}
  {result}

and try
  tools/run gst-launch-1.0 svgdiffuse classes=6,13 seed=7 num-images=8 batch-size=8 \
! svgdecode grid-columns=4 ! videoconvert ! pngenc ! filesink location=out/hearts-and-mushrooms.png
  tools/quickstart YOUR_VIDEO
  tools/run gst-inspect-1.0 svgdiffuse""")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
