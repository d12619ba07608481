# SPDX-License-Identifier: BSD-2-Clause
# Interrupts of every kind on 288 CPUs, to those beyond 254 too; pins and wires among them.
when: nightly
qemu: newer
time: real
smp: 288
iommu: intel-iommu,intremap=on,aw-bits=48,eim=on
args: -cpu qemu64,+x2apic
append: run=irq/*
timeout: 1200
status: 0
see: ^# smp: cpus=288 of 288 
see: ^ok \d+ - irq/delivered-as-routed:edu@0000:00:03\.0(?!.*SKIP)
see: ^ok \d+ - irq/destination-beyond-8-bits:edu@0000:00:03\.0(?!.*SKIP)
see: ^ok \d+ - irq/destination-beyond-8-bits:nvme@0000:00:06\.0(?!.*SKIP)
see: ^# verdict: protected .*interrupts remapped
check: tap
