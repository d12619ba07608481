# SPDX-License-Identifier: BSD-2-Clause
# The same rules under an AMD-Vi unit; its own function is in no group, and the table's aliases agree with the bridges.
qemu: newer
iommu: amd-iommu,dma-remap=on
devices: none
args: -device edu,addr=3,dma_mask=0xffffffffffffffff
args: -device pcie-root-port,addr=6,id=p2,chassis=1 -device edu,bus=p2
args: -device ioh3420,addr=7,id=p3,chassis=2 -device edu,bus=p3
args: -device pcie-pci-bridge,id=b1,addr=8 -device edu,bus=b1,addr=1 -device edu,bus=b1,addr=2
append: report=full run=none loglevel=3
status: 0
see: ^# group [0-9]+: 0000:00:03\.0$
see: ^# group [0-9]+: 0000:00:06\.0$
see: ^# group [0-9]+: 0000:01:00\.0$
see: ^# group [0-9]+: 0000:00:07\.0 0000:02:00\.0$
see: ^# group [0-9]+: 0000:00:08\.0 0000:03:01\.0 0000:03:02\.0$
see: ^#   .* IOMMU: no unit watches it$
see: ^# pci 0000:01:00\.0: Adding to iommu group [0-9]+$
