# SPDX-License-Identifier: BSD-2-Clause
# A MADT with an IOAPIC twice, one where nothing answers and one at no address: each a line, nothing is routed there.
devices: none
file: madt 0000e0fe 01000000 00080000 01000000 010c0000 0000c0fe 00000000 010c0100 0000c0fe 18000000 010c0200 000000bf 30000000 010c0300 00000000 48000000
args: -acpitable sig=APIC,data={scratch}/madt
append: report=full madt=1 run=none
status: 0
see: ^# ioapic1: .* has the address of another one, left out$
see: ^# ioapic2: version at 0xbf000000 reads 0xffffffff, all ones, ignored$
see: ^# ioapic3: 0x0 is no address of one, ignored$
see: ^# interrupts: ioapic=0
not: ^# interrupts: ioapic=[123]
see: ^# verdict: protected .*interrupts remapped
