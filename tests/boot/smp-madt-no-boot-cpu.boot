# SPDX-License-Identifier: BSD-2-Clause
# A MADT that does not name the CPU that runs.
smp: 2
devices: none
file: madt 0000e0fe 01000000 00080101 01000000 010c0000 0000c0fe 00000000
args: -acpitable sig=APIC,data={scratch}/madt
append: madt=1 run=none
status: 0
see: ^# smp: the MADT does not name the boot CPU, apic_id=0x0$
see: ^# smp: cpus=2 of 2 
see: ^# verdict: protected
