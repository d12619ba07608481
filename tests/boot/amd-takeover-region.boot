# SPDX-License-Identifier: BSD-2-Clause
# The same with a region that firmware reserves (IVMD) for the device that the old table translates.
qemu: newer
devices: none
iommu: amd-iommu,dma-remap=on
acpi: takeover.ivrs
args: -device edu,addr=3,dma_mask=0xffffffffffffffff
args: -device edu,addr=4,dma_mask=0xffffffffffffffff
before: amd_takeover
append: report=full ivrs=1 intremap=off run=takeover/*,reserved/*,dma/mapped-*
status: 0
see: ^# handoff: at kernel entry unit base=0xfed80000 .*control=0x[0-9a-f]*1[0-9a-f]{3} 
see: reserved region start=0x60000000 end=0x60010000
see: take-over entries=128 translating=1 passing=127 remapped=0 domains=1 segments=1
see: 0000:00:03\.0 keeps bus mastering for its reserved regions
see: ^ok \d+ - takeover/
see: ^ok \d+ - reserved/region-stays-reachable:edu@0000:00:03\.0(?!.*SKIP)
see: ^# verdict: protected
check: tap
check: stays_on
