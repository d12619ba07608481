# SPDX-License-Identifier: BSD-2-Clause
# The same with CPUs that really run at once.
time: real
smp: 4
devices: none
append: trap=shootdown
status: 2
see: ^# shootdown: mapped page read by cpu 1: yes$
not: ^# shootdown: unmapped page read
see: ^Bail out! page fault: read of 0xffffe04000000000 from kernel code: not mapped
