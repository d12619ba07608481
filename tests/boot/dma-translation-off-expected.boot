# SPDX-License-Identifier: BSD-2-Clause
# The same, expected: no failure.
iommu: intel-iommu,dma-translation=off
append: expect=unprotected
status: 0
see: ^# verdict: not-protected
