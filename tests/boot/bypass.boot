# SPDX-License-Identifier: BSD-2-Clause
# Devices on a host bridge that the unit does not cover: partly protected.
devices: none
args: -device edu,addr=3,dma_mask=0xffffffffffffffff -device pxb-pcie,id=pxb,bus_nr=0x40,addr=9,bypass_iommu=on
args: -device pcie-root-port,id=rp2,bus=pxb,addr=0,chassis=2 -device e1000e,bus=rp2
append: run=dma/mapped-*
status: 1
see: is not covered by any unit
see: ^# verdict: partial
see: ^#       devices +NO [0-9]+ of [0-9]+ are watched by a unit, not [0-9a-f:.]+$
