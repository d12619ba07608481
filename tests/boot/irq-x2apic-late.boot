# SPDX-License-Identifier: BSD-2-Clause
# Firmware that leaves the CPUs in xAPIC mode, as it does where it is told of a few: interrupts are remapped with
# 32-bit destinations, then the CPUs enter x2APIC mode, then the one starts whose id no byte can hold.
qemu: newer
time: real
iommu: intel-iommu,intremap=on,aw-bits=48,eim=on
args: -cpu qemu64,+x2apic -smp 2,maxcpus=288,sockets=288
args: -device qemu64-x86_64-cpu,x2apic=on,socket-id=287,core-id=0,thread-id=0
file: max-cpus 02000000
args: -fw_cfg name=etc/max-cpus,file={scratch}/max-cpus
append: loglevel=3 run=irq/delivered-*,irq/destination-*,irq/moved-by-*
status: 0
see: (?s)^# irq: mode=xapic apic_id=0x0$.*^# smp: cpu=1 apic_id=0x1 online$.*^# iommu: interrupts remapped=1 x2apic=1 .*^# vtd0: step="remap interrupts" status=ok$.*^# irq: mode=x2apic apic_id=0x0$.*^# smp: cpu=2 apic_id=0x11f online$
see: ^# smp: cpus=3 of 3 
see: ^ok \d+ - irq/destination-beyond-8-bits:edu@0000:00:03\.0(?!.*SKIP)
see: ^ok \d+ - irq/destination-beyond-8-bits:nvme@0000:00:06\.0(?!.*SKIP)
see: ^# verdict: protected .*interrupts remapped
check: tap
