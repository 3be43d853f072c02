# SPDX-License-Identifier: MIT
# Functions of tools/setup and others: distribution packages. The caller has say() and fail().
# shellcheck shell=bash

# A fresh machine updates itself in its first minutes and holds the locks for as long.
lock_seconds=${SVGEN_APT_SECONDS:-1200}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "packages are missing and there is no sudo; run as root: $*"
  fi
}

# apt-get, which waits for dpkg's lock by itself, but not for those of its lists and archives.
apt_get() {
  local log status deadline=$((SECONDS + lock_seconds))
  log=$(mktemp)
  while true; do
    status=0
    as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 \
      apt-get -q -y -o "DPkg::Lock::Timeout=$lock_seconds" "$@" 2>&1 | tee "$log" || status=$?
    if [ "$status" -eq 0 ] || [ "$SECONDS" -ge "$deadline" ] ||
      ! grep -qE 'Could not get lock|Unable to (acquire|lock)' "$log"; then
      break
    fi
    say "another program is installing packages; waiting for it, at most $((deadline - SECONDS)) s more"
    sleep 5
  done
  rm -f "$log"
  return "$status"
}

is_installed() {
  dpkg-query --show --showformat='${Status}\n' "$1" 2>/dev/null | grep -q '^install ok installed$'
}

# PACKAGE...: installs what is missing of them.
install_packages() {
  if ! command -v apt-get >/dev/null; then
    say "no apt-get here; the build needs what Debian calls: $*"
    return
  fi
  local package missing=()
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  [ "${#missing[@]}" -gt 0 ] || return 0
  say "installing ${#missing[@]} distribution packages: ${missing[*]}"
  say "(a machine that is updating itself is waited for, up to $((lock_seconds / 60)) minutes)"
  apt_get update
  apt_get install --no-install-recommends "${missing[@]}"
}
