# SPDX-License-Identifier: BSD-2-Clause
# Four CPUs that really run at once: calls and wake-ups between all of them.
time: real
smp: 4
devices: none
append: trap=ipi-call
timeout: 240
status: 2
see: ^# ipi: calls=320 expected=320 wrong=0$
see: ^# ipi: wakes=400 expected=400$
see: ^Bail out! exception 6 \(invalid opcode\)
see: ^# panic on cpu=1 .* 3 of 3 other CPUs stopped$
