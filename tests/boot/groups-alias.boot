# SPDX-License-Identifier: BSD-2-Clause
# Firmware's word that one device sends under another's id makes them one group; the next device stays by itself.
iommu: amd-iommu
devices: none
acpi: alias.ivrs
args: -device edu,addr=3,dma_mask=0xffffffffffffffff -device edu,addr=4,dma_mask=0xffffffffffffffff
args: -device edu,addr=5,dma_mask=0xffffffffffffffff
append: ivrs=1 run=none report=full
status: 0
see: ^# group [0-9]+: 0000:00:03\.0 0000:00:04\.0$
see: ^#   0000:00:03\.0 .*: shares a requester id with 0000:00:04\.0$
see: ^#   0000:00:04\.0 .*: shares a requester id with 0000:00:03\.0$
see: ^# group [0-9]+: 0000:00:05\.0$
