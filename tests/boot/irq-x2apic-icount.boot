# SPDX-License-Identifier: BSD-2-Clause
# An emulator that counts instructions ends where the x2APIC timer is used: the CPUs stay in xAPIC mode.
qemu: newer
smp: 4
iommu: intel-iommu,intremap=on,aw-bits=48,eim=on
args: -cpu qemu64,+x2apic
append: run=irq/delivered-*
status: 0
see: ^# irq: mode=xapic
not: ^# irq: mode=x2apic
see: ^# iommu: interrupts remapped=1 x2apic=0 
see: ^ok \d+ - irq/delivered-as-routed:edu@0000:00:03\.0(?!.*SKIP)
check: tap
