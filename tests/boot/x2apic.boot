# SPDX-License-Identifier: BSD-2-Clause
# A processor in x2APIC mode.
qemu: newer
args: -cpu qemu64,+x2apic
append: run=dma/unmapped-*
status: 0
see: x2[aA][pP][iI][cC]
see: ^# verdict: protected
