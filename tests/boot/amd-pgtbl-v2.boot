# SPDX-License-Identifier: BSD-2-Clause
# Guest tables are asked for, and the unit announces them without what devices need (EFR.GIoSup): said, v1 is used.
qemu: newer
iommu: amd-iommu,dma-remap=on
append: amd_iommu=pgtbl_v2 run=dma/*
status: 0
see: ^# amdvi0: .*v1
see: ^# verdict: protected
check: tap
