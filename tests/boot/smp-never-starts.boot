# SPDX-License-Identifier: BSD-2-Clause
# A CPU that the MADT names and that does not exist: reported, and the others run.
smp: 2
devices: none
file: madt 0000e0fe 01000000 00080000 01000000 00080505 01000000 00080101 01000000 010c0000 0000c0fe 00000000
args: -acpitable sig=APIC,data={scratch}/madt
append: madt=1 run=none
status: 0
see: ^# smp: apic_id=0x5 does not start, left out$
see: ^# smp: cpus=2 of 3 
see: ^# verdict: protected
