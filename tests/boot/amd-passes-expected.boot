# SPDX-License-Identifier: BSD-2-Clause
# The same, expected: no failure.
qemu: newer
iommu: amd-iommu
append: expect=unprotected
status: 0
see: ^# verdict: not-protected \(DMA of blocked
check: tap
