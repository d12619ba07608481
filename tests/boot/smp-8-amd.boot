# SPDX-License-Identifier: BSD-2-Clause
# The same on an AMD machine.
qemu: newer
iommu: amd-iommu,intremap=on,dma-remap=on
smp: 8
status: 0
see: ^# smp: cpus=8 of 8 
see: ^# verdict: protected .*interrupts remapped
check: tap
