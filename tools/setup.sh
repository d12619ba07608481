#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# usage: setup.sh build|run|newer|test|fuzz|format ...
# Installs the Debian packages that the named jobs need and the machine has
# not got, naming each. With everything present it does not touch the network.
set -eu

build="gcc libc6-dev binutils nasm gnu-efi grub-common grub-pc-bin grub-efi-amd64-bin xorriso mtools python3 libjansson-dev"
run="qemu-system-x86 seabios ovmf"
newer="mmdebstrap"
test="chromium clang acpica-tools graphviz zbar-tools $newer"
fuzz="clang libclang-rt-dev"
format="clang-format"

wanted=
for job in "$@"; do
    case $job in
    build) wanted="$wanted $build" ;;
    run) wanted="$wanted $run" ;;
    newer) wanted="$wanted $newer" ;;
    test) wanted="$wanted $test" ;;
    fuzz) wanted="$wanted $fuzz" ;;
    format) wanted="$wanted $format" ;;
    *) echo "setup.sh: unknown job '$job' (build, run, newer, test, fuzz, format)" >&2; exit 2 ;;
    esac
done

present() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

missing=
for package in $wanted; do
    present "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

command -v apt-get >/dev/null || {
    echo "setup.sh: needs these packages and finds no apt-get to install them:$missing" >&2
    exit 1
}
as_root=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "setup.sh: neither root nor sudo here; please install:$missing" >&2
        exit 1
    }
    as_root=sudo
fi
for package in $missing; do
    echo "setup: installing $package"
done
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >"$log" 2>&1
}
# A fresh machine has no package lists, or old ones.
if ! install; then
    $as_root apt-get update -q >>"$log" 2>&1 || true
    install || { tail -n 20 "$log" >&2; echo "setup.sh: could not install:$missing" >&2; exit 1; }
fi
