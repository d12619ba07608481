# SPDX-License-Identifier: BSD-2-Clause
# intremap=nosid lets the wrong source through; the other words change what is reported, not what works.
append: intremap=on,nosid,no_x2apic_optout,nopost run=irq/wrong-source,irq/delivered-*
status: 0
see: ^ok \d+ - irq/wrong-source(?!.*SKIP)
see: ^# verdict: protected .*interrupts remapped
check: tap
