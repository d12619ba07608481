# SPDX-License-Identifier: BSD-2-Clause
# A unit that cannot translate DMA (EFR.HATS = 3): said, and not called protected.
qemu: newer
iommu: amd-iommu,dma-remap=on,dma-translation=off
status: 1
see: ^# verdict: not-protected \(none of 1 units translates, status unsupported, interrupts 
not: ^Bail out
see: ^ok \d+ - irq/delivered-as-routed:edu@0000:00:03\.0(?!.*SKIP)
see: ^# verdict: .*interrupts remapped\)$
check: tap
