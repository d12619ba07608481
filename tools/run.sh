#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# usage: run.sh BUILD_FOLDER
# The main job: boots the image in QEMU on a machine with an IOMMU and devices
# that do DMA, shows what the kernel prints, and exits 0 only when the kernel
# said that all went well (QEMU status 1). "make help" lists the variables.
set -eu

build=$1
tools=$(dirname "$0")
: "${IOMMU:=intel}" "${BOOT:=pvh}" "${ACCEL:=tcg}" "${SMP:=1}" "${MEMORY:=6G}" "${QEMU:=}" "${APPEND:=}"
: "${QEMU_ARGS:=}" "${TIMEOUT:=300}"
case $TIMEOUT in *[!0-9]*) echo "run.sh: TIMEOUT=$TIMEOUT is not a number of seconds" >&2; exit 2 ;; esac

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

case $IOMMU in
intel) iommu="-device intel-iommu,intremap=on,aw-bits=48" ;;
amd) iommu="-device amd-iommu" ;;
virtio) iommu="-device virtio-iommu-pci,addr=1f.4" ;;
none) iommu= ;;
*) echo "run.sh: IOMMU=$IOMMU is none of intel, amd, virtio, none" >&2; exit 2 ;;
esac

qemu="$tools/qemu.sh system"
if [ -n "$QEMU" ]; then
    command -v "$QEMU" >/dev/null || { echo "run.sh: QEMU=$QEMU is no command" >&2; exit 2; }
    qemu=$QEMU
elif [ "$IOMMU" = amd ]; then
    "$tools/setup.sh" newer || true
    newer=$("$tools/fetch-qemu.sh") || { newer=system; echo "run: going on with the distribution's QEMU" >&2; }
    qemu="$tools/qemu.sh $newer"
fi
# Some versions let all DMA through unless they are told to translate it.
if [ "$IOMMU" = amd ]; then
    properties=$($qemu -device amd-iommu,help)
    case $properties in
    *' dma-remap='*) iommu="$iommu,dma-remap=on" ;;
    *' pt='*) iommu="$iommu,pt=off" ;;
    esac
fi

case $ACCEL in
# Virtual time: a device's delay costs nothing while the kernel sleeps. Boot loaders wait for keys
# for ever in it, and UEFI firmware is slow.
tcg) if [ "$BOOT" = pvh ]; then accel="-accel tcg -icount shift=0,sleep=off"; else accel="-accel tcg"; fi ;;
tcg-realtime) accel="-accel tcg" ;;
kvm) accel="-accel kvm -cpu host"; machine_irq=",kernel-irqchip=split" ;;
*) echo "run.sh: ACCEL=$ACCEL is none of tcg, tcg-realtime, kvm" >&2; exit 2 ;;
esac

case $BOOT in
pvh) boot="-kernel $build/iommukit.elf" ;;
bios) boot="-cdrom $build/run/run.iso -boot d" ;;
uefi) boot="-cdrom $build/run/run.iso -boot d" ;;
uefi-app) boot="-drive if=ide,format=raw,file=$build/run/run-efi.img" ;;
*) echo "run.sh: BOOT=$BOOT is none of pvh, bios, uefi, uefi-app" >&2; exit 2 ;;
esac
case $BOOT in
uefi*)
    for code in /usr/share/OVMF/OVMF_CODE_4M.fd /usr/share/OVMF/OVMF_CODE.fd; do
        [ -e "$code" ] && break
    done
    vars=$(echo "$code" | sed 's/CODE/VARS/')
    cp "$vars" "$scratch/vars.fd"
    boot="$boot -drive if=pflash,unit=0,format=raw,readonly=on,file=$code"
    boot="$boot -drive if=pflash,unit=1,format=raw,file=$scratch/vars.fd"
    ;;
esac

# A disk of known, nowhere constant bytes, and one that may be written.
seq 1000000 1500000 | head -c 2097152 >"$scratch/disk.img"
seq 2000000 2500000 | head -c 2097152 >"$scratch/scratch.img"
append="scratch=0000:00:06.0 $APPEND"

set -- -machine "q35${machine_irq:-}" $accel -smp "$SMP" -m "$MEMORY" -nodefaults -display none -vga std \
    -chardev "stdio,id=console,logfile=$scratch/console.txt" -serial chardev:console -no-reboot -device isa-debug-exit,iobase=0xf4,iosize=4 $iommu \
    -device edu,addr=3,dma_mask=0xffffffffffffffff \
    -device edu,addr=4,dma_mask=0xffffffff \
    -device pcie-pci-bridge,addr=5,id=pci1 -device edu,bus=pci1,addr=2,dma_mask=0xffffffffffffffff \
    -drive "if=none,id=scratch,format=raw,file=$scratch/scratch.img" \
    -device nvme,addr=6,drive=scratch,serial=SCRATCH \
    -device pcie-root-port,addr=7,id=port1,chassis=1 \
    -drive "if=none,id=disk,format=raw,file=$scratch/disk.img" \
    -device nvme,bus=port1,drive=disk,serial=DISK \
    $boot $QEMU_ARGS
[ "$BOOT" = pvh ] && set -- "$@" -append "$append"

status=0
# Input is for the shell (exit=shell), from a terminal or a pipe; nothing else may eat a script's.
case $append in
*exit=shell*) ;;
*) [ -t 0 ] || exec </dev/null ;;
esac
# The kernel cannot see a pipe's end: Ctrl-D follows, which ends the shell.
if [ ! -t 0 ]; then
    mkfifo "$scratch/input"
    exec 3<&0
    { cat <&3; printf '\004'; } >"$scratch/input" 2>/dev/null &
    exec <"$scratch/input" 3<&-
fi
timeout --foreground -k 5 "$TIMEOUT" $qemu "$@" 2>"$scratch/qemu.txt" || status=$?
case $status in
1)
    # QEMU gives the same status when it refuses its arguments: the kernel must have spoken.
    if grep -q '# iommukit' "$scratch/console.txt" 2>/dev/null; then
        exit 0
    fi
    cat "$scratch/qemu.txt" >&2
    echo "run: QEMU did not start the kernel" >&2
    ;;
3) echo "run: failed: see the lines \"not ok\" and \"# verdict\" above" >&2 ;;
5) echo "run: the kernel panicked" >&2 ;;
124 | 137) echo "run: no verdict after TIMEOUT=$TIMEOUT s" >&2 ;;
*) cat "$scratch/qemu.txt" >&2; echo "run: QEMU ended with status $status" >&2 ;;
esac
exit 1
