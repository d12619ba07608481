# SPDX-License-Identifier: BSD-2-Clause
# No IOMMU at all: said, nothing fails, DMA goes straight to memory.
qemu: both
iommu: none
status: 0
see: ^# verdict: not-protected \(no DMAR or IVRS table
see: ^ok \d+ - dma/bare-address-is-physical:edu
see: ^ok \d+ - .*# SKIP
check: tap
see: ^# report: not-protected \(no DMAR or IVRS table
see: ^#   table +NO there is no DMAR, IVRS or VIOT table$
see: ^#     try: give the machine one: QEMU -device
see: ^#     units +-$
see: ^# groups: none \(
