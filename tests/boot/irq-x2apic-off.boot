# SPDX-License-Identifier: BSD-2-Clause
# The same with remapping switched off by its word, and a unit that could.
qemu: newer
time: real
iommu: intel-iommu,intremap=on,aw-bits=48,eim=on
args: -cpu qemu64,+x2apic -smp 2,maxcpus=288,sockets=288
args: -device qemu64-x86_64-cpu,x2apic=on,socket-id=287,core-id=0,thread-id=0
file: max-cpus 02000000
args: -fw_cfg name=etc/max-cpus,file={scratch}/max-cpus
append: intremap=off run=irq/destination-*
status: 0
not: ^# irq: mode=x2apic
see: ^# smp: cpus=1 with apic ids above 254 stay parked, no interrupt would reach them: iommu: remapping was not asked for$
not: apic_id=0x11f
see: ^# verdict: protected .*interrupts not remapped by intremap=off
check: tap
