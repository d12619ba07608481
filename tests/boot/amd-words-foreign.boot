# SPDX-License-Identifier: BSD-2-Clause
# AMD's words on an Intel machine switch nothing off.
append: amd_iommu=off,pgtbl_v2,force_enable amd_iommu_dump run=dma/mapped-*
status: 0
see: AMD units switched off by amd_iommu=off
see: ^# verdict: protected
check: tap
