# SPDX-License-Identifier: BSD-2-Clause
# A unit that cannot translate DMA (CAP.SAGAW = 0) remaps interrupts all the same; nothing is called protected.
qemu: both
iommu: intel-iommu,intremap=on,dma-translation=off
smp: 4
args: -global hpet.msi=on
append: run=irq/*,dma/mapped-write-*
status: 1
see: ^# iommu: interrupts remapped=1 x2apic=0
see: ^ok \d+ - irq/delivered-as-routed:edu@0000:00:03\.0(?!.*SKIP)
see: ^ok \d+ - irq/delivered-as-routed:nvme@0000:02:00\.0(?!.*SKIP)
see: ^# irq/every-message-of-a-block:nvme@0000:00:06\.0: 4 messages
see: ^# irq/moved-under-a-stream:nvme@0000:00:06\.0: 10000 interrupts, 5000 moves
see: ^ok \d+ - irq/pin-level(?!.*SKIP)
see: ^ok \d+ - irq/intx:edu@0000:01:02\.0(?!.*SKIP)
see: ^ok \d+ - irq/entry-not-present:nvme@0000:00:06\.0(?!.*SKIP)
see: ^ok \d+ - irq/wrong-source:edu@0000:00:03\.0\+edu@0000:00:04\.0(?!.*SKIP)
see: ^ok \d+ - irq/table-fills-and-empties(?!.*SKIP)
see: ^ok \d+ - dma/mapped-write-arrives # SKIP units remap interrupts, DMA is not translated
see: ^# verdict: not-protected \(none of 1 units translates
check: tap
