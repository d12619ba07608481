# SPDX-License-Identifier: BSD-2-Clause
# Several threads in real time.
qemu: newer
iommu: amd-iommu,dma-remap=on
time: real
smp: 2
append: run=stress/*,dma/*
status: 0
see: ^# verdict: protected
check: tap
