# SPDX-License-Identifier: BSD-2-Clause
# A board without a keyboard controller; the APIC is in the mode firmware left.
board: q35,i8042=off
devices: none
append: run=none exit=shell
input: serial cmdline
input: serial exit
status: 0
see: ^> cmdline$
see: irq: mode=xapic apic_id=0x0
