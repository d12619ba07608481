# SPDX-License-Identifier: BSD-2-Clause
# The same on an AMD machine: DMA is translated, interrupts go straight to their CPU.
qemu: newer
iommu: amd-iommu,intremap=on,dma-remap=on
append: intremap=off run=irq/*,dma/mapped-*
status: 0
see: ^# iommu: interrupts remapped=0
see: ^ok \d+ - irq/delivered-as-routed:edu@0000:00:03\.0 # SKIP interrupts are not remapped
see: ^ok \d+ - dma/mapped-write-arrives:edu@0000:00:03\.0(?!.*SKIP)
see: ^# verdict: protected .*interrupts not remapped by intremap=off
check: tap
