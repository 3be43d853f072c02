# SPDX-License-Identifier: MIT
"""An installation by `meson install` works by itself: the library through its .pc file, the elements.

usage: test_install.py BUILD_FOLDER SCRATCH_FOLDER
"""

import os
import pathlib
import shlex
import shutil
import subprocess
import sys

from tests.tools import support
from tools.helpers import media

CLASS, SEED = 6, 11


def checked(*command, **options):
    result = support.run(*command, **options)
    if result.returncode != 0:
        sys.exit(f"failed: {' '.join(map(str, command))}\n{result.stdout}")
    return result.stdout


def only(folder, pattern):
    found = list(folder.rglob(pattern))
    if len(found) != 1:
        sys.exit(f"{pattern} was installed {len(found)} times: {found}")
    return found[0]


def install(build, tree):
    shutil.rmtree(tree, ignore_errors=True)
    checked("meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", tree,
            stdin=subprocess.DEVNULL)


def environment(tree, scratch):
    """Only the installed files can be found: no variable leads to the build folder."""
    result = {name: value for name, value in os.environ.items()
              if not name.startswith(("GST_", "SVGEN_"))}
    result.update(
        PKG_CONFIG_PATH=str(only(tree, "libsvgen.pc").parent), PKG_CONFIG_SYSROOT_DIR=str(tree),
        LD_LIBRARY_PATH=str(only(tree, "libsvgen-torch.so").parent),
        SVGEN_MODEL_PATH=str(only(tree, "mini/card.json").parents[1]),
        GST_PLUGIN_PATH_1_0=str(only(tree, "libgstsvgen.so").parent),
        GST_REGISTRY_1_0=str(scratch / "registry.bin"), G_DEBUG="fatal-criticals")
    return result


def example_image(scratch, env):
    """Compiles the example through pkg-config alone; returns size and pixels of what it writes."""
    flags = shlex.split(checked("pkg-config", "--cflags", "--libs", "libsvgen", env=env))
    compiler = os.environ.get("CXX", "c++").split()
    checked(*compiler, "-Wall", "-Wextra", "-Werror", support.ROOT / "tools/examples/generate.cpp",
            *flags, "-o", scratch / "generate", env=env)
    checked(scratch / "generate", CLASS, SEED, scratch / "image.ppm", env=env)
    magic, size, depth, pixels = (scratch / "image.ppm").read_bytes().split(b"\n", 3)
    if (magic, size, depth) != (b"P6", b"64 64", b"255") or len(pixels) != 64 * 64 * 3:
        sys.exit(f"not the expected picture: {magic} {size} {depth}, {len(pixels)} bytes")
    return pixels


def element_image(scratch, env):
    """The same image from the installed elements."""
    checked("gst-inspect-1.0", "svgdiffuse", env=env)
    checked("gst-launch-1.0", "-q", "svgdiffuse", f"classes={CLASS}", f"seed={SEED}",
            "num-images=1", "!", "svgdecode", "!", "video/x-raw,format=RGB", "!", "filesink",
            f"location={scratch}/image.rgb", env=env)
    return (scratch / "image.rgb").read_bytes()


def main():
    build, scratch = (pathlib.Path(word).resolve() for word in sys.argv[1:3])
    tree = scratch / "tree"
    scratch.mkdir(parents=True, exist_ok=True)
    install(build, tree)
    env = environment(tree, scratch)
    from_library, from_elements = example_image(scratch, env), element_image(scratch, env)
    if from_library != from_elements:
        sys.exit("library and elements differ: PSNR "
                 f"{media.psnr(from_library, from_elements):.1f} dB")
    print("library and elements of the installed tree give the same image")


if __name__ == "__main__":
    main()
