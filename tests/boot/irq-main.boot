# SPDX-License-Identifier: BSD-2-Clause
# Interrupts of every kind on four CPUs, remapped. The HPET sends messages where it is told to be able to.
qemu: both
smp: 4
args: -global hpet.msi=on
append: report=full run=irq/*
status: 0
see: ^# iommu: interrupts remapped=1 x2apic=0
see: ^# interrupts: ioapic=0 version=0x20 gsi=0 pins=24 source=0000:ff:00\.0$
see: ^ok \d+ - irq/delivered-as-routed:edu@0000:00:03\.0(?!.*SKIP)
see: ^ok \d+ - irq/delivered-as-routed:nvme@0000:02:00\.0(?!.*SKIP)
see: ^# irq/every-message-of-a-block:nvme@0000:00:06\.0: 4 messages
see: ^ok \d+ - irq/moved-under-a-stream:nvme@0000:00:06\.0(?!.*SKIP)
see: ^ok \d+ - irq/pin-level(?!.*SKIP)
see: ^ok \d+ - irq/intx:edu@0000:01:02\.0(?!.*SKIP)
see: ^ok \d+ - irq/hpet(?!.*SKIP)
see: ^# irq/moved-under-a-stream:edu@0000:00:03\.0: 10000 interrupts, 5000 moves
see: ^# irq/moved-under-a-stream:nvme@0000:00:06\.0: 10000 interrupts, 5000 moves
see: ^# irq/moved-by-another-cpu: 10000 interrupts
see: ^ok \d+ - irq/pin-moved-in-service(?!.*SKIP)
see: ^ok \d+ - irq/pin-after-a-blocked-one(?!.*SKIP)
see: ^# verdict: protected .*interrupts remapped
check: tap
