# SPDX-License-Identifier: BSD-2-Clause
# Three CPUs print, two panic at once: one report, whole lines, and then silence.
time: real
smp: 4
devices: none
append: trap=panic
status: 2
see: ^# noise cpu=1 round=
see: ^# noise cpu=2 round=
see: ^Bail out! trap test: cpu [23] panics$
see: ^# panic on cpu=[23] apic_id=0x[23] thread=noise, 3 of 3 other CPUs stopped$
not: (?s)Bail out!.*(Bail out!|noise cpu)
not: noise.*noise cpu
