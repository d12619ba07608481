# SPDX-License-Identifier: BSD-2-Clause
# Ranges that end before they begin, a region and an alias of ids that no device entry names: each a line with its
# offset; the edu that the table does not name is not covered, and stays without bus mastering.
iommu: amd-iommu
devices: none
acpi: ids.ivrs
args: -device edu,addr=3,dma_mask=0xffffffffffffffff -device edu,addr=4,dma_mask=0xffffffffffffffff
append: ivrs=1 run=dma/mapped-*
status: 1
see: (?i)ivrs.*offset=0x[0-9a-f]+
see: device 0000:00:04\.0 is not covered by any unit
see: ^ok \d+ - dma/mapped-write-arrives:edu@0000:00:03\.0(?!.*SKIP)
see: ^# verdict: partial
check: tap
