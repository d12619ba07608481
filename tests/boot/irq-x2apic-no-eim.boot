# SPDX-License-Identifier: BSD-2-Clause
# CPUs that firmware left in x2APIC mode, and a unit whose entries name 8-bit ids: nothing is remapped, the CPU whose id
# no byte can hold stays parked, and why is said.
qemu: newer
time: real
iommu: intel-iommu,intremap=on,aw-bits=48,eim=off
args: -cpu qemu64,+x2apic -smp 1,maxcpus=288,sockets=288
args: -device qemu64-x86_64-cpu,x2apic=on,socket-id=287,core-id=0,thread-id=0
append: run=irq/destination-*
status: 0
see: ^# iommu: interrupts remapped=0 x2apic=0
see: ^# verdict: protected .*interrupts not remapped: vtd0: 
see: ^# smp: cpus=1 with apic ids above 254 stay parked, no interrupt would reach them: vtd0: ecap\.EIM is 0$
not: apic_id=0x11f
check: tap
