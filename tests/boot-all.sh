#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# usage: boot-all.sh BUILD_FOLDER [NAME...]
# The boot matrix on the distribution's QEMU and on the newer one, if it can be had.
set -eu
# A make of its own, not part of the one that called.
unset MAKEFLAGS MFLAGS MAKELEVEL
build=$1
shift
root=$(dirname "$0")/..
make -s -C "$root" BUILD="$build" "$build/iommukit.elf" "$build/iommukit.iso" "$build/iommukit.efi" "$build/iommukit-efi.img" \
    "$build/host/build_table"
if newer=$("$root/tools/fetch-qemu.sh" 2>"$build/fetch-qemu.txt"); then
    echo "# newer QEMU: $("$root/tools/qemu.sh" "$newer" --version | head -n 1)"
    set -- --newer "$newer" "$@"
else
    set -- --no-newer "$(tail -n 1 "$build/fetch-qemu.txt")" "$@"
fi
exec "$root/tests/boot/run.py" --build "$build" "$@"
