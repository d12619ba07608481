# SPDX-License-Identifier: BSD-2-Clause
# A disk comes to life though it is blocked: the unit does not translate.
qemu: newer
iommu: amd-iommu
devices: none
args: -drive if=none,id=disk,format=raw,file.driver=null-co,file.read-zeroes=on,file.size=1048576
args: -device nvme,addr=6,drive=disk,serial=DISK
status: 1
see: ^# verdict: not-protected \(DMA of blocked nvme@0000:00:06\.0 arrived
not: ^not ok
check: tap
