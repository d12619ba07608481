# SPDX-License-Identifier: BSD-2-Clause
# The same on an AMD machine, whose older QEMU records nothing and delivers level-triggered pins as edges.
qemu: 7.2
iommu: amd-iommu,intremap=on
smp: 4
args: -global hpet.msi=on
append: report=full run=irq/*
status: 0
see: ^# iommu: interrupts remapped=1 x2apic=0
see: ^# interrupts: ioapic=0 version=0x20 gsi=0 pins=24 source=0000:00:14\.0$
see: ^# verdict: protected .*interrupts remapped
see: ^ok \d+ - irq/delivered-as-routed:edu@0000:00:03\.0(?!.*SKIP)
see: ^# irq/every-message-of-a-block:nvme@0000:00:06\.0: 4 messages
see: ^ok \d+ - irq/intx:edu@0000:00:03\.0(?!.*SKIP)
check: tap
