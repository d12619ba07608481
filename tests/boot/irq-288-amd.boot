# SPDX-License-Identifier: BSD-2-Clause
# The same on an AMD machine, by entries of 128 bits with XT.
when: nightly
qemu: newer
time: real
smp: 288
iommu: amd-iommu,intremap=on,dma-remap=on,xtsup=on
args: -cpu qemu64,+x2apic
append: run=irq/*,dma/mapped-*
timeout: 1200
status: 0
see: ^# irq: mode=x2apic
see: ^# smp: cpus=288 of 288 
see: ^ok \d+ - irq/delivered-as-routed:edu@0000:00:03\.0(?!.*SKIP)
see: ^ok \d+ - irq/destination-beyond-8-bits:edu@0000:00:03\.0(?!.*SKIP)
see: ^ok \d+ - irq/destination-beyond-8-bits:nvme@0000:00:06\.0(?!.*SKIP)
see: ^# verdict: protected .*interrupts remapped
check: tap
