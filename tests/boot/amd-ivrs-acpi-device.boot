# SPDX-License-Identifier: BSD-2-Clause
# An IVRS that gives an ACPI device and the HPET wrong ids: the edu that the first one is is not covered.
qemu: newer
iommu: amd-iommu,intremap=on,dma-remap=on
devices: none
acpi: acpi-device.ivrs
args: -device edu,addr=3,dma_mask=0xffffffffffffffff -device edu,addr=4,dma_mask=0xffffffffffffffff
append: ivrs=1 report=full run=irq/delivered-*,dma/mapped-*
status: 1
see: device 0000:00:03\.0 is not covered by any unit
see: ^# interrupts: hpet=0 .* source=0000:00:1f\.0$
see: ^ok \d+ - irq/delivered-as-routed:edu@0000:00:04\.0(?!.*SKIP)
see: ^ok \d+ - irq/delivered-as-routed:edu@0000:00:03\.0 # SKIP
see: ^# verdict: partial .*interrupts remapped\)$
check: tap
