#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
cat <<'TEXT'
make            build/iommukit.elf, .iso, .efi and build/libiommu.a
make run        boot the kernel in QEMU with an IOMMU, run the suite, show the verdict
make test       everything: unit and model tests, the boot matrix; ends with one line of totals
make check      the host part of make test, for the edit loop
make check-X    one unit test, tests/unit/test_X.c
make boot-tests NAMES="pvh uefi-app"    some boot tests, tests/boot/*.boot
make bench      benchmarks: guest instructions in QEMU, nanoseconds on the host
make lib, iso, efi    single artefacts
make newer-qemu fetch a newer QEMU into a cache, print where it is
make format     clang-format
make clean      remove build/

Variables of make run:
  IOMMU=intel|amd|virtio|none   BOOT=pvh|bios|uefi|uefi-app   ACCEL=tcg|tcg-realtime|kvm
  SMP=1   MEMORY=6G   TIMEOUT=300 (seconds)   QEMU=binary   QEMU_ARGS='more arguments'
  APPEND='words of the kernel command line', for instance
    run=GLOB[,GLOB...]   scenarios to run; -GLOB leaves out; run=none
    report=summary|full|json|none    list    exit=qemu|poweroff|reboot|halt|shell
    dmar=N               for diagnosis: the DMAR table number N, where firmware gives several
Variables of every target: CC=gcc|clang   BUILD=build
TEXT
