# SPDX-License-Identifier: BSD-2-Clause
# Regions that firmware reserves (IVMD), from a second IVRS table: QEMU's own has none.
qemu: newer
iommu: amd-iommu,dma-remap=on
acpi: reserved.ivrs
append: report=full ivrs=1 trace=dma
status: 0
see: reserved region start=0x50000000 end=0x50010000
see: 0000:00:03\.0 keeps bus mastering for its reserved regions
see: ^# reserved: 0000:00:03\.0 0x50000000-0x50010000 rw
see: ^ok \d+ - reserved/region-stays-reachable:edu@0000:00:03\.0(?!.*SKIP)
see: ^ok \d+ - reserved/region-stays-reachable:edu@0000:00:04\.0.*# SKIP firmware reserves no region
see: ^ok \d+ - reserved/region-stays-reachable:edu@0000:01:02\.0(?!.*SKIP)
not: checked without DMA: the (region|exerciser)
see: ^# verdict: protected
check: tap
