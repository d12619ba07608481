# SPDX-License-Identifier: BSD-2-Clause
# An IVRS table whose second block runs past the end: said with its offset; what came before stands, devices that
# only the lost part named are not covered, and stay without bus mastering.
iommu: amd-iommu
devices: none
acpi: past-end.ivrs
args: -device edu,addr=3,dma_mask=0xffffffffffffffff -device edu,addr=4,dma_mask=0xffffffffffffffff
append: ivrs=1 run=dma/mapped-*
status: 1
see: (?i)ivrs.*(offset|0x40|64)
see: device 0000:00:04\.0 is not covered by any unit
see: ^ok \d+ - dma/mapped-write-arrives:edu@0000:00:03\.0(?!.*SKIP)
see: ^# verdict: (partial|not-protected)
not: ^Bail out
check: tap
