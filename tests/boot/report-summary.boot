# SPDX-License-Identifier: BSD-2-Clause
# The first screen on a machine where all is well: verdict, nine checks, nothing that had to be tried.
qemu: both
append: run=none
status: 0
see: ^# report: protected \(1 unit, [0-9]+ devices, interrupts remapped, blocking proven by 3 devices\)$
see: ^#   cpu +ok 
see: ^#   chipset +ok host bridge 8086:29c0$
see: ^#   table +ok DMAR, [0-9]+ bytes, revision 1, checksum right$
see: ^#     flags +ok interrupt remapping yes, x2APIC opt-out no, DMA protection opt-in no$
see: ^#     units +ok 1 of 1 answer$
see: ^#     translation +ok on in 1 of 1 units$
see: ^#       devices +ok ([0-9]+) of \1 are watched by a unit$
see: ^#       blocking +ok proven by 3 devices
see: ^#     interrupts +ok remapped$
see: ^# groups: [0-9]+, of [0-9]+ functions$
see: ^# before: open at kernel entry: no unit translated, [0-9]+ devices? could send$
see: ^# findings: 0 errors, 
not: ^#     try: 
not: ^# before: .*before the units were programmed
check: report_screen
