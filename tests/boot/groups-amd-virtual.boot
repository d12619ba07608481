# SPDX-License-Identifier: BSD-2-Clause
# Virtual functions under an AMD-Vi unit, whose table covers their ids by the range behind the port.
qemu: newer
iommu: amd-iommu,dma-remap=on
devices: none
before: virtual_functions
args: -device edu,addr=5
args: -device pcie-root-port,addr=6,id=p2,chassis=1 -device igb,bus=p2
append: report=full run=none loglevel=3
status: 0
see: ^# group [0-9]+: 0000:01:00\.0$
see: ^# group [0-9]+: 0000:01:10\.0$
see: ^# group [0-9]+: 0000:01:10\.2$
