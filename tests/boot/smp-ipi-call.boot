# SPDX-License-Identifier: BSD-2-Clause
# Calls and wake-ups between all of four CPUs, one after the other in QEMU; a fault in a call.
smp: 4
devices: none
append: trap=ipi-call
status: 2
see: ^# ipi: calls=320 expected=320 wrong=0$
see: ^# ipi: wakes=400 expected=400$
see: ^Bail out! exception 6 \(invalid opcode\)
see: ^# panic on cpu=1 apic_id=0x1 thread=idle, 3 of 3 other CPUs stopped$
