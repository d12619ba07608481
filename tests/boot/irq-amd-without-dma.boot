# SPDX-License-Identifier: BSD-2-Clause
# The same on an AMD machine.
qemu: newer
iommu: amd-iommu,intremap=on,dma-remap=on
smp: 4
append: amd_iommu=off intremap=on run=irq/*,dma/mapped-*,dma/bare-*
status: 0
see: ^# iommu: interrupts remapped=1 x2apic=0
see: ^# amdvi0: .*translating=no 
see: ^ok \d+ - irq/delivered-as-routed:edu@0000:00:03\.0(?!.*SKIP)
see: ^ok \d+ - irq/moved-under-a-stream:nvme@0000:00:06\.0(?!.*SKIP)
see: ^ok \d+ - irq/pin-level(?!.*SKIP)
see: ^ok \d+ - dma/mapped-.* # SKIP units remap interrupts, DMA is not translated
see: ^# verdict: not-protected \(DMA is not translated by amd_iommu=off, interrupts remapped\)$
check: tap
