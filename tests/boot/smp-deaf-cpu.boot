# SPDX-License-Identifier: BSD-2-Clause
# A CPU that does not answer while the others enter x2APIC mode is stopped: the others go on without it.
qemu: newer
time: real
smp: 4
devices: none
args: -cpu qemu64,+x2apic
append: trap=modes
status: 2
see: ^# irq: mode=xapic apic_id=0x0$
see: smp: cpu=1 apic_id=0x1 does not enter x2apic mode, left out$
see: ^# modes: cpu=0 x2apic$
see: ^# modes: cpu=2 x2apic$
see: ^# modes: cpu=3 x2apic$
not: ^# modes: cpu=1 
see: trap test: 3 of 4 cpus run, cpu 1 answers: no$
see: ^# panic on cpu=0 .*, 2 of 2 other CPUs stopped$
