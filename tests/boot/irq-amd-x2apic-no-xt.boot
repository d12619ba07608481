# SPDX-License-Identifier: BSD-2-Clause
# The same with a unit that has no XT: that CPU stays parked.
qemu: newer
time: real
iommu: amd-iommu,intremap=on,dma-remap=on,xtsup=off
args: -cpu qemu64,+x2apic -smp 2,maxcpus=288,sockets=288
args: -device qemu64-x86_64-cpu,x2apic=on,socket-id=287,core-id=0,thread-id=0
file: max-cpus 02000000
args: -fw_cfg name=etc/max-cpus,file={scratch}/max-cpus
append: run=irq/delivered-*,irq/destination-*
status: 0
see: ^# iommu: interrupts remapped=1 x2apic=0 
not: ^# irq: mode=x2apic
see: ^# smp: cpus=1 with apic ids above 254 stay parked, no interrupt would reach them: amdvi0: 
not: apic_id=0x11f
see: ^ok \d+ - irq/delivered-as-routed:edu@0000:00:03\.0(?!.*SKIP)
see: ^# verdict: protected .*interrupts remapped
check: tap
