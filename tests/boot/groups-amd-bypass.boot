# SPDX-License-Identifier: BSD-2-Clause
# A further host bridge inside of an AMD-Vi unit's table and one outside.
qemu: newer
iommu: amd-iommu,dma-remap=on
devices: none
args: -device edu,addr=3,dma_mask=0xffffffffffffffff
args: -device pxb-pcie,id=x1,bus_nr=64,bus=pcie.0,addr=10 -device pcie-root-port,bus=x1,id=p1,chassis=1 -device edu,bus=p1
args: -device pxb-pcie,id=x2,bus_nr=128,bus=pcie.0,addr=11,bypass_iommu=on -device pcie-root-port,bus=x2,id=p2,chassis=2 -device edu,bus=p2
append: report=full run=none expect=unprotected
status: 0
see: ^# group [0-9]+: 0000:40:00\.0$
see: ^# group [0-9]+: 0000:41:00\.0$
see: ^#   0000:80:00\.0 .*: no unit watches it$
see: ^#   0000:81:00\.0 .*: no unit watches it$
not: ^# group [0-9]+:.* 0000:8[01]:
not: ^#   0000:4[01]:00\.0 .*: no unit watches it$
