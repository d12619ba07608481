# SPDX-License-Identifier: BSD-2-Clause
# The same with that word: its table is not heard, and every CPU runs.
qemu: newer
time: real
iommu: intel-iommu,intremap=on,aw-bits=48,eim=on
args: -cpu qemu64,+x2apic -smp 2,maxcpus=288,sockets=288
args: -device qemu64-x86_64-cpu,x2apic=on,socket-id=287,core-id=0,thread-id=0
file: max-cpus 02000000
args: -fw_cfg name=etc/max-cpus,file={scratch}/max-cpus
acpi: opt-out.dmar
append: dmar=1 intremap=no_x2apic_optout run=irq/delivered-*,irq/destination-*
status: 0
see: ^# iommu: interrupts remapped=1 x2apic=1 
see: ^# irq: mode=x2apic
see: ^# smp: cpus=3 of 3 
see: ^ok \d+ - irq/destination-beyond-8-bits:edu@0000:00:03\.0(?!.*SKIP)
see: ^# verdict: protected .*interrupts remapped
check: tap
