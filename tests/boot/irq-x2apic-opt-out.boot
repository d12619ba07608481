# SPDX-License-Identifier: BSD-2-Clause
# Firmware's table asks not to use x2APIC: the CPUs stay in xAPIC mode, and the word that helps is named.
qemu: newer
time: real
iommu: intel-iommu,intremap=on,aw-bits=48,eim=on
args: -cpu qemu64,+x2apic -smp 2,maxcpus=288,sockets=288
args: -device qemu64-x86_64-cpu,x2apic=on,socket-id=287,core-id=0,thread-id=0
file: max-cpus 02000000
args: -fw_cfg name=etc/max-cpus,file={scratch}/max-cpus
acpi: opt-out.dmar
append: dmar=1 run=irq/delivered-*,irq/destination-*
status: 0
see: ^# iommu: interrupts remapped=1 x2apic=0 .*its table asks not to use x2APIC
not: ^# irq: mode=x2apic
see: ^# smp: cpus=1 with apic ids above 254 stay parked, .*asks not to use x2APIC, try intremap=no_x2apic_optout$
see: ^# irq/destination-beyond-8-bits:edu@0000:00:03\.0: 32-bit destinations are off; that an APIC id of 9 bits is refused
see: ^# verdict: protected .*interrupts remapped
check: tap
