# SPDX-License-Identifier: BSD-2-Clause
# The same where no event is logged.
qemu: 7.2
devices: none
iommu: amd-iommu
args: -device edu,addr=3,dma_mask=0xffffffffffffffff
before: amd_takeover
append: report=full intremap=off run=takeover/*,dma/mapped-*
status: 0
see: ^# handoff: at kernel entry unit base=0xfed80000 .*control=0x[0-9a-f]*1[0-9a-f]{3} 
see: take-over entries=128 translating=1 passing=127 remapped=0 domains=1 segments=1
see: ^ok \d+ - takeover/
not: takeover/.*# SKIP (?!needs vendor)
see: ^# verdict: protected
check: tap
check: stays_on
