# SPDX-License-Identifier: BSD-2-Clause
# The whole catalogue on an AMD machine with four CPUs.
qemu: newer
iommu: amd-iommu,intremap=on,dma-remap=on
smp: 4
status: 0
see: ^# smp: cpus=4 of 4 
see: ^ok \d+ - irq/delivered-as-routed:edu@0000:00:03\.0(?!.*SKIP)
see: ^ok \d+ - dma/mapped-write-arrives:edu@0000:00:03\.0(?!.*SKIP)
see: ^# verdict: protected .*interrupts remapped
check: tap
