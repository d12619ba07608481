# SPDX-License-Identifier: BSD-2-Clause
# A second and a third host bridge, each with a device behind a root port.
args: -device pxb-pcie,id=pxb1,bus_nr=64,bus=pcie.0,addr=10 -device pcie-root-port,bus=pxb1,id=port64,chassis=9
args: -device edu,bus=port64,dma_mask=0xffffffffffffffff
args: -device pxb-pcie,id=pxb2,bus_nr=128,bus=pcie.0,addr=11 -device pcie-root-port,bus=pxb2,id=port128,chassis=8
args: -device edu,bus=port128,dma_mask=0xffffffffffffffff
append: run=dma/mapped-write*,dma/unmapped-write*
status: 0
see: ^# pci: bus 0000:40 is a further root bus
see: ^# pci: bus 0000:80 is a further root bus
see: ^ok [0-9]+ - dma/mapped-write[a-z-]*:edu@0000:41:00.0
see: ^ok [0-9]+ - dma/unmapped-write-faults:edu@0000:41:00.0
see: ^ok [0-9]+ - dma/unmapped-write-faults:edu@0000:81:00.0
see: ^# verdict: protected
check: tap
