# SPDX-License-Identifier: BSD-2-Clause
# A unit that cannot translate DMA (CAP.SAGAW = 0): said, and not called protected.
qemu: both
iommu: intel-iommu,dma-translation=off
status: 1
see: ^# verdict: not-protected
not: ^Bail out
see: ^ok \d+ - irq/delivered-as-routed:edu@0000:00:03\.0(?!.*SKIP)
see: ^# verdict: .*interrupts remapped\)$
check: tap
