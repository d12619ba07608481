# SPDX-License-Identifier: BSD-2-Clause
# The UEFI application on an AMD machine: the unit is looked at before ExitBootServices and at the kernel's entry.
qemu: newer
iommu: amd-iommu,dma-remap=on
boot: uefi-app
time: real
append: report=full run=dma/mapped-*
status: 0
timeout: 240
see: ^# handoff: before ExitBootServices unit base=0xfed80000 segment=0000 function=0000:00:
see: ^# handoff: at kernel entry unit base=0xfed80000
see: ^# verdict: protected
check: tap
