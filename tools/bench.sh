#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# usage: bench.sh BUILD_FOLDER
# The kernel's benchmarks in QEMU, where one TSC tick is one guest
# instruction. GLOB names some of them (default all), IOMMU=amd another unit,
# SMP=4 that many CPUs: scale/* needs them.
set -eu
build=$1
case ${IOMMU:-intel} in
intel) iommu=intel-iommu,intremap=on,aw-bits=48 ;;
amd) iommu=amd-iommu ;;
*) echo "bench.sh: IOMMU=$IOMMU is neither intel nor amd" >&2; exit 2 ;;
esac
out=$(mktemp)
trap 'rm -f "$out"' EXIT
status=0
timeout 300 qemu-system-x86_64 -machine q35 -accel tcg -icount shift=0,sleep=off -smp "${SMP:-1}" -m 2G -nodefaults \
    -display none -serial "file:$out" -no-reboot -device isa-debug-exit,iobase=0xf4,iosize=4 \
    -device "$iommu" -device edu,addr=3,dma_mask=0xffffffffffffffff \
    -kernel "$build/iommukit.elf" -append "run=none report=none bench=${GLOB:-*}" </dev/null || status=$?
grep -E '^bench ' "$out" || true
sed -n '/^---8<--- bench/,/^--->8---/p' "$out" | sed '1d;$d' >"$build/bench.json"
[ "$status" -eq 1 ] || { tail -n 20 "$out"; echo "bench: QEMU ended with status $status" >&2; exit 1; }
