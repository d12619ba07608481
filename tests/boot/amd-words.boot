# SPDX-License-Identifier: BSD-2-Clause
# The Linux words: what they change is said, what Linux does not know is warned about; other vendors' words switch
# nothing off.
qemu: newer
iommu: amd-iommu,dma-remap=on
append: amd_iommu=on amd_iommu=fullflush,force_enable,force_isolation,pgtbl_v1 intel_iommu=off,igfx_off run=dma/mapped-*
status: 0
see: amd_iommu=on: not a value of this word
see: amd_iommu=fullflush,force_enable,force_isolation,pgtbl_v1: known, has no effect here
see: cmdline: intel_iommu=igfx_off: known, has no effect here
see: strict mode \(set via kernel command line\), Intel units switched off by intel_iommu=off
see: ^# verdict: protected
check: tap
