# SPDX-License-Identifier: BSD-2-Clause
# The same through an AMD unit's entries.
qemu: newer
iommu: amd-iommu,intremap=on,dma-remap=on
smp: 4
devices: none
args: -device nec-usb-xhci,addr=8,msi=on,msix=off
append: run=irq/every-*,irq/delivered-*,irq/moved-under-*,irq/wrong-*,irq/intx
status: 0
see: ^# irq/every-message-of-a-block:xhci@0000:00:08\.0: 16 messages
see: ^ok \d+ - irq/delivered-as-routed:xhci@0000:00:08\.0(?!.*SKIP)
see: ^# irq/moved-under-a-stream:xhci@0000:00:08\.0: 10000 interrupts, 5000 moves
see: ^ok \d+ - irq/intx:xhci@0000:00:08\.0(?!.*SKIP)
check: tap
