# SPDX-License-Identifier: BSD-2-Clause
# An IVRS that forgets the IOAPIC: no interrupt is remapped, and the override that helps is named.
qemu: newer
iommu: amd-iommu,intremap=on,dma-remap=on
acpi: no-ioapic.ivrs
append: ivrs=1 run=irq/delivered-*
status: 0
see: ^# verdict: protected .*interrupts not remapped: IOAPIC 0 is not in firmware's table, try ivrs_ioapic=0@0000:00:14\.0
check: tap
