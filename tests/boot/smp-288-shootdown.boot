# SPDX-License-Identifier: BSD-2-Clause
# A page unmapped on 288 CPUs: all answer, and the one that had read it faults.
when: nightly
qemu: newer
time: real
smp: 288
iommu: intel-iommu,intremap=on,aw-bits=48,eim=on
devices: none
args: -cpu qemu64,+x2apic
append: trap=shootdown
timeout: 300
status: 2
see: ^# shootdown: mapped page read by cpu 1: yes$
not: ^# shootdown: unmapped page read
see: ^Bail out! page fault: read of 0xffffe04000000000 from kernel code: not mapped
see: ^# panic on cpu=1 apic_id=0x1 thread=reader, 287 of 287 other CPUs stopped$
