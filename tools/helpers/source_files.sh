# SPDX-License-Identifier: MIT
# A function of the tools that copy the tree. The caller has its folder in $root.
# shellcheck shell=bash

# The files of the tree, each ended by a zero byte, without what was built in it.
source_files() {
  if [ "$(git -C "$root" rev-parse --show-toplevel 2>/dev/null)" = "$root" ]; then
    git -C "$root" ls-files -z --cached --others --exclude-standard
  else
    (cd "$root" && find . -mindepth 1 \( -path './build*' -o -path ./out -o -path ./.venv \) -prune \
      -o \( -type f -o -type l \) -print0)
  fi
}
