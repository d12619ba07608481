# SPDX-License-Identifier: BSD-2-Clause
# The same with words that say the true ids, in both syntaxes: the edu is covered, its interrupts are remapped.
qemu: newer
iommu: amd-iommu,intremap=on,dma-remap=on
devices: none
acpi: acpi-device.ivrs
args: -device edu,addr=3,dma_mask=0xffffffffffffffff -device edu,addr=4,dma_mask=0xffffffffffffffff
append: ivrs=1 report=full ivrs_acpihid[00:03.0]=AMDI0020:ID00 ivrs_hpet=0@0000:00:14.0 run=irq/delivered-*,irq/wrong-*,dma/mapped-*
status: 1
not: device 0000:00:03\.0 is not covered by any unit
see: ^# interrupts: hpet=0 .* source=0000:00:14\.0 \(override\)$
see: ^ok \d+ - irq/delivered-as-routed:edu@0000:00:03\.0(?!.*SKIP)
see: ^ok \d+ - dma/mapped-write-arrives:edu@0000:00:03\.0(?!.*SKIP)
see: ^ok \d+ - irq/delivered-as-routed:edu@0000:00:04\.0(?!.*SKIP)
see: ^# verdict: partial .*interrupts remapped\)$
check: tap
