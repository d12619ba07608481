# SPDX-License-Identifier: BSD-2-Clause
# A MADT that names CPUs twice, and ids that mean all of them; disabled entries say nothing.
smp: 2
devices: none
file: madt 0000e0fe 01000000 00080000 01000000 00080101 01000000 00080201 01000000 09100000 01000000 01000000 02000000 000803ff 01000000 09100000 ffffffff 01000000 03000000 00080407 00000000 00080508 02000000 010c0000 0000c0fe 00000000
args: -acpitable sig=APIC,data={scratch}/madt
append: madt=1 run=none
status: 0
see: ^# acpi: APIC offset=60 type=0 id=0x1 is named twice, left out$
see: ^# acpi: APIC offset=68 type=9 id=0x1 is named twice, left out$
see: ^# acpi: APIC offset=84 type=0 id=0xff means every CPU, left out$
see: ^# acpi: APIC offset=92 type=9 id=0xffffffff means every CPU, left out$
see: ^# smp: cpus=2 of 2 
see: ^# verdict: protected
