# SPDX-License-Identifier: BSD-2-Clause
# amd_iommu_dump prints the IVRS table.
qemu: both
iommu: amd-iommu
append: amd_iommu_dump run=none expect=unprotected
status: 0
see: (?i)ivhd.*0xfed80000
see: (?i)ioapic
