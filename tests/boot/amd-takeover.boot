# SPDX-License-Identifier: BSD-2-Clause
# Translation found on with live tables, rings running: replaced while IommuEn stays set.
# Without interrupt remapping: its entries are of another format here, which is not changed while IommuEn is set.
qemu: newer
devices: none
iommu: amd-iommu,dma-remap=on
args: -device edu,addr=3,dma_mask=0xffffffffffffffff
before: amd_takeover
append: report=full intremap=off run=takeover/*,dma/mapped-*
see: ^# before: edu@0000:00:03\.0 did not read our memory before the units were programmed: 
see: ^# before: 1 unit recorded a fault meanwhile$
status: 0
see: ^# handoff: at kernel entry unit base=0xfed80000 .*control=0x[0-9a-f]*1[0-9a-f]{3} 
see: take-over entries=128 translating=1 passing=127 remapped=0 domains=1 segments=1
see: ^ok \d+ - takeover/
not: takeover/.*# SKIP (?!needs vendor)
see: ^# verdict: protected
check: tap
check: stays_on
