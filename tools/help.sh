#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
cat <<'TEXT'
make            build/iommukit.elf, .iso, .efi, build/libiommu.a, build/iommukit-lint and -lint-static
make run        boot the kernel in QEMU with an IOMMU, run the suite, show the verdict
make test       everything: unit and model tests, the boot matrix; ends with one line of totals
make check      the host part of make test, for the edit loop
make check-X    one unit test, tests/unit/test_X.c (make check-vtd_unit)
make check-threads  the library called by several threads, under ThreadSanitizer
make boot-tests NAMES="main uefi-app"   some boot tests, tests/boot/*.boot; all without NAMES
make nightly    boot tests that take long (288 CPUs)
make fuzz       libFuzzer over the readers of firmware tables (FUZZ_SECONDS=60 each, or FUZZ_RUNS=N; NAMES="dmar ivrs")
make mutants    builds that each leave one thing out of the library: a test must fail
make bench      benchmarks: guest instructions in QEMU (GLOB='domain/*', IOMMU=intel|amd; SMP=4 for scale/*),
                nanoseconds on the host
make bench-host the latter alone
make lib, tools, iso, efi    single artefacts
make newer-qemu fetch a newer QEMU into ~/.cache/iommukit (or IOMMUKIT_CACHE), as make run IOMMU=amd does; print where
make format     clang-format over the sources: it moves lines in most files, choose what to keep
make clean      remove build/
make, run, test, nightly, fuzz, bench, check, mutants, tools, iso, efi, newer-qemu and format first install
the Debian packages they miss; the others expect them

Variables of make run:
  IOMMU=intel|amd|virtio|none   BOOT=pvh|bios|uefi|uefi-app   ACCEL=tcg|tcg-realtime|kvm
  SMP=1   MEMORY=6G   TIMEOUT=300 (seconds)   QEMU=binary   QEMU_ARGS='more arguments'
  ACCEL=kvm needs /dev/kvm. A virtio-iommu is not driven: IOMMU=virtio fails, unless told expect=unprotected
  APPEND='words of the kernel command line', of make iso too:
    run=GLOB[,GLOB...]    scenarios to run, by name; -GLOB leaves out; run=none; list prints them and stops.
                          A GLOB with ':' names the device too: run=dma/*:nvme@*
    report=summary|full|json|none      what is said of the machine before the scenarios; summary by default
    preboot=on|off        whether one device reads one page of memory before the units are programmed;
                          without the word only report=full and report=json do so
    bench=GLOB|list       benchmarks to run
    scratch=BDF|SERIAL    the one disk that may be written, by PCI address (0000:00:06.0) or serial number
                          (make run names one of its own)
    expect=unprotected    a machine that cannot protect is then no failure
    exit=qemu|poweroff|reboot|halt|shell      how the run ends; by default qemu in make run, shell on a real machine
    console=ttyS0[,BAUD] console=fb    where text goes; both by default
    seed=N loglevel=0..3  seed of the stress scenarios (of the clock by default); verbosity (2)
    intel_iommu=on|off|strict|sp_off|igfx_off  iommu=pt|nopt|off|strict  iommu.passthrough=0|1  iommu.strict=0|1
                          as in Linux (only strict flushing exists: iommu.strict=0 says so; igfx_off: an Intel
                          unit that watches graphics alone stays off)
    amd_iommu=off|fullflush|force_enable|pgtbl_v1|pgtbl_v2  amd_iommu_dump
                          as in Linux: units left off, strict flushing, started in spite of a known erratum,
                          host or guest page tables; the IVRS table as text.
                          amd_iommu=force_isolation has no effect: devices are isolated anyway
    intremap=on|off|nosid|no_x2apic_optout|nopost
                          as in Linux: interrupts remapped or not, without a check of their source, x2APIC against
                          firmware's wish, without posting
    amd_iommu_intr=legacy|vapic    interrupt entries of 32 bits, or of 128 with posting where all units have it
    ivrs_ioapic[ID]=bb:dd.f  ivrs_hpet[ID]=bb:dd.f  ivrs_acpihid[bb:dd.f]=HID:UID
    ivrs_ioapic=ID@ssss:bb:dd.f  ivrs_hpet=ID@ssss:bb:dd.f  ivrs_acpihid=HID:UID@ssss:bb:dd.f
                          the id under which a source sends, instead of what the IVRS table says;
                          the segment, ssss:, may be left out
    Some other words of Linux are known; the kernel says that they have no effect here (kernel/cmdline.c)
    For diagnosis: vtd=noqueue (invalidation by registers; interrupts are then not remapped), dmar=N, ivrs=N, madt=N
    (the table of that number, from 0, where there are several), trace=dma (where each transfer arrived),
    trap=KIND (an exception or a panic of our own making): null, identity, write-text, write-text-direct, exec-data,
        exec-direct, stack-overflow, ud, div, space, lock-recursion, lock-release, panic, shootdown, ipi-call, smp-stress
Variables of every target: CC=gcc|clang (clang is installed by make test, nightly and fuzz only)   BUILD=build
  V=1 (show each command)
TEXT
