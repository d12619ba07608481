# SPDX-License-Identifier: BSD-2-Clause
# A vector is freed while another CPU has an interrupt by it pending: handled first; where that never ends, kept.
smp: 4
devices: none
append: trap=vector-free
status: 2
see: ^# vector: handled=1 before it was free$
see: irq: vector=0x[0-9a-f]+ is still pending on cpu=1 after 1000 ms, it stays in use$
see: ^# vector: given out again=0 handled=1$
see: ^# panic on cpu=0 .*
see: trap test: vectors freed, unexpected=0$
