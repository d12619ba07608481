# SPDX-License-Identifier: BSD-2-Clause
# Bridges behind bridges and a second host bridge: ranges and aliases of the IVRS table.
qemu: newer
iommu: amd-iommu,dma-remap=on
devices: none
args: -device edu,addr=3,dma_mask=0xffffffffffffffff
args: -device pxb-pcie,id=pxb,bus_nr=0x40,addr=9
args: -device pcie-root-port,id=rp1,bus=pcie.0,addr=a,chassis=1 -device pcie-root-port,id=rp2,bus=pxb,addr=0,chassis=2
args: -device x3130-upstream,id=up,bus=rp1 -device xio3130-downstream,id=down1,bus=up,chassis=3,slot=1 -device xio3130-downstream,id=down2,bus=up,chassis=4,slot=2
args: -drive if=none,id=d1,format=raw,file.driver=null-co,file.read-zeroes=on,file.size=1048576 -device nvme,serial=N1,drive=d1,bus=down1
args: -drive if=none,id=d2,format=raw,file.driver=null-co,file.read-zeroes=on,file.size=1048576 -device nvme,serial=N2,drive=d2,bus=down2
args: -drive if=none,id=d3,format=raw,file.driver=null-co,file.read-zeroes=on,file.size=1048576 -device nvme,serial=N3,drive=d3,bus=rp2
args: -device pcie-pci-bridge,id=pci1,addr=b -device pci-bridge,id=pci2,bus=pci1,addr=1,chassis_nr=9 -device edu,bus=pci2,addr=3,dma_mask=0xffffffffffffffff
append: report=full
status: 0
timeout: 240
see: ^# verdict: protected
check: tap
