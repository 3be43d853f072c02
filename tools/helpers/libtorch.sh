# SPDX-License-Identifier: MIT
# Functions of tools/setup and those that call it: which LibTorch this machine takes, and installing it.
# The caller has say() and fail(), and to install the functions of apt.sh and the root of the tree as
# its folder.
# shellcheck shell=bash

wheel_version=2.13.0
oldest_version=2.6
cpu_index=https://download.pytorch.org/whl/cpu
# A fast BLAS beside it: the products of training are 30 times slower with the reference one. oneDNN's
# headers tell its lack of memory from other errors.
system_packages=(libtorch-dev libdnnl-dev libopenblas0-openmp)
pip_that_says=25.3  # older ones fetch gigabytes to say what they would fetch

has_gpu() { command -v nvidia-smi >/dev/null && nvidia-smi -L >/dev/null 2>&1; }

has_wheel() {
  local found
  for found in .venv/lib/python3*/site-packages/torch/version.py; do
    [ -f "$found" ] && grep -q "^__version__ = '$wheel_version" "$found" && return 0
  done
  return 1
}

at_least() { [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

# The version of libtorch-dev that is installed or would be; nothing where there is none.
system_version() {
  command -v apt-cache >/dev/null || return 0
  LC_ALL=C apt-cache policy libtorch-dev |
    awk '$1 == "Candidate:" && $2 != "(none)" { sub(/^[0-9]+:/, "", $2); sub(/[-+~].*/, "", $2); print $2 }'
}

system_is_new_enough() {
  local version
  version=$(system_version)
  [ -n "$version" ] && at_least "$oldest_version" "$version"
}

# system, wheel, or a folder.
chosen_torch() {
  case ${SVGEN_LIBTORCH:-} in
    '') ;;
    system | wheel | */*) echo "$SVGEN_LIBTORCH" && return ;;
    *) fail "SVGEN_LIBTORCH: expected system, wheel or a folder's path, found: $SVGEN_LIBTORCH" ;;
  esac
  if has_wheel || has_gpu || ! system_is_new_enough; then echo wheel; else echo system; fi
}

# The folder that SVGEN_LIBTORCH names; nothing for the wheel, which meson finds by itself.
named_torch() {
  case ${SVGEN_LIBTORCH:-} in
    system) echo /usr ;;
    */*) realpath -- "$SVGEN_LIBTORCH" ;;
  esac
}

install_system_torch() {
  system_is_new_enough || fail "SVGEN_LIBTORCH=system: this distribution's libtorch-dev is" \
    "$(system_version | grep . || echo missing), $oldest_version or newer is needed; SVGEN_LIBTORCH=wheel takes the torch wheel"
  local megabytes
  if ! is_installed libtorch-dev; then
    megabytes=$(apt-get install -qq --no-install-recommends --print-uris "${system_packages[@]}" |
      awk '{ bytes += $3 } END { print int(bytes / 1e6) + 1 }')
    say "LibTorch: the distribution's libtorch-dev $(system_version), for CPUs: $megabytes MB to fetch" \
      "(SVGEN_LIBTORCH=wheel takes the torch wheel $wheel_version instead: 0.2 GB, with CUDA 3 GB)"
  fi
  install_packages "${system_packages[@]}"
}

venv_pip() { .venv/bin/python -m pip --disable-pip-version-check "$@"; }

# PIP OPTION...: prints cpu or cuda, the build of torch that pip would take; fails where it cannot say.
ask_pip() {
  venv_pip install -q -q --dry-run --ignore-installed --retries 1 --timeout 15 --report - "$@" \
    "torch==$wheel_version" 2>/dev/null |
    tools/helpers/python tools.helpers.wheel_report 2>/dev/null
}

pip_can_say() {
  at_least "$pip_that_says" "$(venv_pip --version | awk '{ print $2 }')" ||
    venv_pip install -q -q --upgrade "pip>=$pip_that_says" >/dev/null 2>&1
}

# Sets `build` to what pip would take on a machine without a GPU, and pip's options for it.
find_build() {
  build=unknown wheel_options=()
  pip_can_say || return 0
  build=$(ask_pip) || build=unknown
  [ "$build" = cuda ] || return 0
  if [ "$(ask_pip --no-deps --extra-index-url "$cpu_index")" = cpu ]; then
    build=cpu wheel_options=(--extra-index-url "$cpu_index")
  fi
}

# Sets wheel_options, and says what will be fetched.
choose_wheel() {
  local build=gpu
  wheel_options=()
  has_gpu || find_build
  local cpu='about 0.2 GB to fetch, 0.8 GB installed' cuda='about 3 GB to fetch, 7 GB installed'
  local less="To take less: interrupt this, then point pip to CPU builds, as with
  PIP_EXTRA_INDEX_URL=$cpu_index, or name a LibTorch that you have by SVGEN_LIBTORCH=DIR"
  case $build in
    gpu) say "LibTorch: the torch wheel $wheel_version as pip finds it, for the NVIDIA GPU: $cuda. $less" ;;
    cpu) say "LibTorch: the CPU build of the torch wheel $wheel_version${wheel_options[1]+, from ${wheel_options[1]}}: $cpu" ;;
    cuda) say "LibTorch: the torch wheel $wheel_version WITH CUDA: $cuda. There is no NVIDIA GPU here," \
      "but pip finds no other build and $cpu_index does not answer. $less" ;;
    *) say "LibTorch: the torch wheel $wheel_version, a CPU build ($cpu) or one with CUDA ($cuda):" \
      "this pip cannot say before it has fetched it. $less" ;;
  esac
}

install_wheel() {
  if has_wheel; then
    return
  fi
  local python=/usr/bin/python3
  [ -x "$python" ] || python=$(command -v python3) || fail "python3 is missing"
  [ -x .venv/bin/python ] || "$python" -m venv .venv ||
    fail "$python cannot make a virtual environment; install python3-venv"
  choose_wheel
  venv_pip install ${wheel_options[@]+"${wheel_options[@]}"} "torch==$wheel_version"
  has_wheel || fail "pip finished, but .venv/ holds no torch $wheel_version"
}

install_torch() {
  local chosen
  chosen=$(chosen_torch)
  case $chosen in
    system) install_system_torch ;;
    wheel) install_wheel ;;
    *) [ -f "$chosen/include/ATen/core/Tensor.h" ] ||
      fail "SVGEN_LIBTORCH: no LibTorch in $chosen (expected include/ATen/core/Tensor.h there)" ;;
  esac
}
