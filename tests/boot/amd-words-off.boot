# SPDX-License-Identifier: BSD-2-Clause
# Switched off on the command line: DMA direct, status 0. Intel's word changes nothing here.
qemu: both
iommu: amd-iommu
append: amd_iommu=off intel_iommu=on
status: 0
see: ^# iommu: default domain .*AMD units switched off by amd_iommu=off
see: ^ok \d+ - dma/bare-address-is-physical:edu@0000:00:03\.0(?!.*SKIP)
see: ^# verdict: not-protected \(switched off on the command line by amd_iommu=off\)
check: tap
