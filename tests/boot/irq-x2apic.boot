# SPDX-License-Identifier: BSD-2-Clause
# Interrupts to the CPU whose APIC id no byte can hold (QEMU with -icount cannot run x2APIC).
qemu: newer
time: real
iommu: intel-iommu,intremap=on,aw-bits=48,eim=on
args: -cpu qemu64,+x2apic -smp 1,maxcpus=288,sockets=288
args: -device qemu64-x86_64-cpu,x2apic=on,socket-id=287,core-id=0,thread-id=0
append: report=full run=irq/destination-*,irq/moved-*,irq/pin-*
status: 0
see: (?s)^# iommu: interrupts remapped=1 x2apic=1 .*^# smp: cpus=2 of 2 
see: ^# interrupts: apic=x2apic
see: ^ok \d+ - irq/destination-beyond-8-bits:edu@0000:00:03\.0(?!.*SKIP)
see: ^ok \d+ - irq/destination-beyond-8-bits:nvme@0000:00:06\.0(?!.*SKIP)
see: ^# irq/moved-under-a-stream:edu@0000:00:03\.0: 10000 interrupts, 5000 moves
see: ^# irq/moved-under-a-stream:nvme@0000:00:06\.0: 10000 interrupts, 5000 moves
see: ^# irq/moved-by-another-cpu: 10000 interrupts
see: ^ok \d+ - irq/pin-moved-in-service(?!.*SKIP)
see: ^ok \d+ - irq/pin-after-a-blocked-one(?!.*SKIP)
see: ^# verdict: protected .*interrupts remapped
check: tap
