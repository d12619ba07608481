# SPDX-License-Identifier: BSD-2-Clause
# The same with a unit whose entries name 8-bit ids: interrupts are remapped, the CPUs stay in xAPIC mode, and the one
# that no interrupt could reach stays parked.
qemu: newer
time: real
iommu: intel-iommu,intremap=on,aw-bits=48,eim=off
args: -cpu qemu64,+x2apic -smp 2,maxcpus=288,sockets=288
args: -device qemu64-x86_64-cpu,x2apic=on,socket-id=287,core-id=0,thread-id=0
file: max-cpus 02000000
args: -fw_cfg name=etc/max-cpus,file={scratch}/max-cpus
append: run=irq/delivered-*,irq/destination-*
status: 0
see: ^# iommu: interrupts remapped=1 x2apic=0 .*ecap\.EIM is 0
not: ^# irq: mode=x2apic
see: ^# smp: cpus=1 with apic ids above 254 stay parked, no interrupt would reach them: vtd0: ecap\.EIM is 0$
not: apic_id=0x11f
see: ^ok \d+ - irq/delivered-as-routed:edu@0000:00:03\.0(?!.*SKIP)
see: ^# irq/destination-beyond-8-bits:edu@0000:00:03\.0: 32-bit destinations are off; that an APIC id of 9 bits is refused
see: ^# verdict: protected .*interrupts remapped
check: tap
