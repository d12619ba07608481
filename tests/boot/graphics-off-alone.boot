# SPDX-License-Identifier: BSD-2-Clause
# intel_iommu=igfx_off where the only unit is for graphics: nothing translates, and more than graphics is open.
qemu: both
acpi: graphics-only.dmar
append: dmar=1 intel_iommu=igfx_off run=dma/mapped-*
status: 1
see: unit base=0xfed90000 watches graphics only, left off by igfx_off
see: device 0000:00:01\.0 is left unwatched by intel_iommu=igfx_off
see: device 0000:00:03\.0 is not covered by any unit
see: ^#     translation +NO on in 0 of 1 units, not at 0xfed90000, left off by intel_iommu=igfx_off$
see: ^# verdict: not-protected \(no unit is driven, 1 device left unwatched by intel_iommu=igfx_off\)$
check: tap
