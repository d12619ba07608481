# SPDX-License-Identifier: BSD-2-Clause
# A disk behind a PCIe-to-PCI bridge, where extended configuration space does not reach: one group with the bridge,
# and its DMA arrives, and is refused, under the bridge's id.
qemu: both
devices: none
args: -device pcie-root-port,addr=2,id=p2,chassis=1 -device pcie-pci-bridge,id=b1,bus=p2
args: -drive if=none,id=d1,format=raw,file.driver=null-co,file.read-zeroes=on,file.size=1048576 -device nvme,serial=N1,drive=d1,bus=b1,addr=4
append: report=full run=dma/mapped-*,dma/unmapped-*
status: 0
timeout: 240
see: ^# group [0-9]+: 0000:00:02\.0$
see: ^# group [0-9]+: 0000:01:00\.0 0000:02:04\.0$
see: ^#   0000:02:04\.0 .*: behind PCIe-to-PCI bridge 0000:01:00\.0, which sends for all behind it as 0000:02:00\.0$
see: ^ok [0-9]+ - dma/mapped-write-arrives:nvme@0000:02:04\.0
see: ^ok [0-9]+ - dma/unmapped-write-faults:nvme@0000:02:04\.0
see: ^# verdict: protected
check: tap
