# SPDX-License-Identifier: BSD-2-Clause
# Regions that no unit can map (IVMD): each a line with its offset. Every device is brought up and denied all the
# same, and the good region between them stays reachable.
qemu: newer
iommu: amd-iommu,dma-remap=on
devices: none
acpi: bad-region.ivrs
args: -device edu,addr=3,dma_mask=0xffffffffffffffff -device edu,addr=4,dma_mask=0xffffffffffffffff
append: ivrs=1 run=reserved/*,dma/mapped-*,dma/unmapped-*
status: 0
see: ivrs: IVMD touches the interrupt range, left out offset=0x30 seen=0xfee00000
see: ivrs: IVMD touches the HyperTransport range, left out offset=0x70 seen=0xfd00000000
see: ivrs: IVMD ends beyond the physical address width, left out offset=0x[0-9a-f]+ seen=0x8000000000000
see: ivrs: IVMD region is empty offset=0x[0-9a-f]+
see: reserved region start=0x50000000 end=0x50010000
see: ^ok \d+ - reserved/region-stays-reachable:edu@0000:00:03\.0(?!.*SKIP)
see: ^ok \d+ - dma/mapped-write-arrives:edu@0000:00:03\.0(?!.*SKIP)
see: ^ok \d+ - dma/mapped-write-arrives:edu@0000:00:04\.0(?!.*SKIP)
not: ^not ok
check: tap
