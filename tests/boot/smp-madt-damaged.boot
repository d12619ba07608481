# SPDX-License-Identifier: BSD-2-Clause
# A MADT with an entry too short for its kind, and one of length 0 that hides the rest.
smp: 2
devices: none
file: madt 0000e0fe 01000000 00080000 01000000 0004 0101 010c0000 0000c0fe 00000000 0000 0101 01000000 00080101 01000000
args: -acpitable sig=APIC,data={scratch}/madt
append: madt=1 run=none
status: 0
see: ^# acpi: APIC offset=52 type=0 length=4 expected=8, left out$
see: ^# acpi: APIC offset=68 entry does not fit, the rest is left out$
not: ^# smp: cpus=2
see: ^# verdict: protected
