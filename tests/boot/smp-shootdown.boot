# SPDX-License-Identifier: BSD-2-Clause
# A page that CPU 0 unmaps is gone for CPU 1, which had its translation.
smp: 4
devices: none
append: trap=shootdown
status: 2
see: ^# shootdown: mapped page read by cpu 1: yes$
not: ^# shootdown: unmapped page read
see: ^Bail out! page fault: read of 0xffffe04000000000 from kernel code: not mapped
see: ^# panic on cpu=1 apic_id=0x1 thread=reader, 3 of 3 other CPUs stopped$
