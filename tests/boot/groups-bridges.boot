# SPDX-License-Identifier: BSD-2-Clause
# Bridges to conventional buses: PCIe-to-PCI, conventional on the root bus, and one behind the other. The same
# devices on the root bus are by themselves. The second device behind a bridge sends as the first does: the library
# has one device for both, and the tests take one.
qemu: both
devices: none
args: -device edu,addr=3,dma_mask=0xffffffffffffffff -device edu,addr=4,dma_mask=0xffffffffffffffff
args: -device pcie-pci-bridge,id=b1,addr=5 -device edu,bus=b1,addr=1,dma_mask=0xffffffffffffffff -device edu,bus=b1,addr=2,dma_mask=0xffffffffffffffff
args: -device i82801b11-bridge,id=b2,addr=6 -device edu,bus=b2,addr=1,dma_mask=0xffffffffffffffff
args: -device pcie-pci-bridge,id=b3,addr=7 -device pci-bridge,id=b4,bus=b3,addr=1,chassis_nr=9 -device edu,bus=b4,addr=3,dma_mask=0xffffffffffffffff
append: report=full run=dma/mapped-write*
status: 0
timeout: 240
see: ^# group [0-9]+: 0000:00:03\.0$
see: ^# group [0-9]+: 0000:00:04\.0$
see: ^# group [0-9]+: 0000:00:05\.0 0000:01:01\.0 0000:01:02\.0$
see: ^#   0000:01:01\.0 .*: behind PCIe-to-PCI bridge 0000:00:05\.0, which sends for all behind it as 0000:01:00\.0$
see: ^# group [0-9]+: 0000:00:06\.0 0000:02:01\.0$
see: ^#   0000:02:01\.0 .*: behind conventional bridge 0000:00:06\.0, which sends for all behind it as itself$
see: ^# group [0-9]+: 0000:00:07\.0 0000:03:01\.0 0000:04:03\.0$
see: ^#   0000:04:03\.0 .*: behind conventional bridge 0000:03:01\.0, which sends for all behind it as itself$
see: ^# pci: 0000:01:02\.0 is left out of the tests: it sends as 0000:01:01\.0 does$
see: ^ok [0-9]+ - dma/mapped-write-arrives:edu@0000:01:01\.0
see: ^ok [0-9]+ - dma/mapped-write-arrives:edu@0000:04:03\.0
not: edu@0000:01:02\.0
see: ^# verdict: protected
check: tap
