# SPDX-License-Identifier: BSD-2-Clause
# An IVRS table whose checksum is wrong: said with the sum that was met; what it names is protected, and that it
# is all is not claimed.
iommu: amd-iommu
devices: none
before: ivrs_checksum
args: -device edu,addr=3,dma_mask=0xffffffffffffffff
append: run=dma/mapped-*
see: ^ok \d+ - dma/mapped-write-arrives:edu@0000:00:03\.0(?!.*SKIP)
status: 1
see: acpi: table IVRS pa=0x[0-9a-f]+ checksum wrong
see: iommu: table IVRS status=table
see: ^# ivrs: checksum wrong.*offset=0x9
see: ^# verdict: partial \(the IVRS table is damaged
check: tap
