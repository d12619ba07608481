#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# usage: qemu.sh system|TREE args...
# Runs the distribution's QEMU, or one that fetch-qemu.sh unpacked to TREE,
# in place with the tree's own loader and libraries.
set -eu

tree=$1
shift
if [ "$tree" = system ]; then
    exec qemu-system-x86_64 "$@"
fi
libraries=$tree/usr/lib/x86_64-linux-gnu
loader=$libraries/ld-linux-x86-64.so.2
[ -e "$loader" ] || loader=$tree/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2
QEMU_MODULE_DIR=$libraries/qemu exec "$loader" --library-path "$libraries:$tree/lib/x86_64-linux-gnu" \
    "$tree/usr/bin/qemu-system-x86_64" \
    -L "$tree/usr/share/qemu" -L "$tree/usr/share/seabios" -L "$tree/usr/lib/ipxe/qemu" "$@"
