# SPDX-License-Identifier: BSD-2-Clause
# The same with that override, and with words that are malformed: each a line, and the boot goes on.
qemu: newer
iommu: amd-iommu,intremap=on,dma-remap=on
acpi: no-ioapic.ivrs
append: report=full ivrs=1 ivrs_ioapic=0@0000:00:14.0 ivrs_ioapic[x]=00:14.0 ivrs_hpet=0@14.0 ivrs_acpihid=AMD0020 run=irq/delivered-*,irq/pin-*
status: 0
see: ivrs_ioapic\[x\]=00:14\.0: the id is no number up to 255
see: ivrs_hpet=0@14\.0: no PCI function
see: ivrs_acpihid=AMD0020: no name of a device
see: ^# interrupts: ioapic=0 .* source=0000:00:14\.0 \(override\)
see: ^ok \d+ - irq/pin-level(?!.*SKIP)
see: ^# verdict: protected .*interrupts remapped
check: tap
