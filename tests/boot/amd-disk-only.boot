# SPDX-License-Identifier: BSD-2-Clause
# The same on an AMD machine.
qemu: newer
iommu: amd-iommu,dma-remap=on
devices: none
args: -drive if=none,id=disk,format=raw,file.driver=null-co,file.read-zeroes=on,file.size=1048576
args: -device nvme,addr=6,drive=disk,serial=DISK
append: run=dma/mapped-*
status: 0
see: ^ok \d+ - dma/mapped-write-arrives:nvme@0000:00:06\.0(?!.*SKIP)
see: ^# verdict: protected \(.*blocking proven by 1 device\)
check: tap
