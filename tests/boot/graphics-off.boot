# SPDX-License-Identifier: BSD-2-Clause
# intel_iommu=igfx_off and a unit for graphics beside QEMU's: that one is left alone, the rest is protected.
# (Without the word the kernel would drive the HPET as a unit.)
acpi: graphics-too.dmar
append: dmar=1 intel_iommu=igfx_off run=dma/mapped-*
status: 0
see: unit base=0xfed00000 watches graphics only, left off by igfx_off
see: device 0000:00:01\.0 is left unwatched by intel_iommu=igfx_off
not: 0000:00:01\.0 is not covered by any unit
see: ^#     translation +NO on in 1 of 2 units, not at 0xfed00000, left off by intel_iommu=igfx_off$
see: ^#       devices +NO [0-9]+ of [0-9]+ are watched by a unit, not 0000:00:01\.0, 1 left unwatched by intel_iommu=igfx_off$
see: ^#     try: take intel_iommu=igfx_off off the command line$
see: ^ok \d+ - dma/mapped-.*edu@0000:00:03\.0(?!.*SKIP)
see: ^# verdict: partial \(1 of 1 units translate, [0-9]+ of [0-9]+ devices are covered, 1 device left unwatched by intel_iommu=igfx_off
check: tap
