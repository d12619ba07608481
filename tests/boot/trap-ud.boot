# SPDX-License-Identifier: BSD-2-Clause
# An exception of our own making (ud): registers, backtrace, panic status.
devices: none
append: trap=ud
status: 2
see: (?i)invalid opcode
see: ^Bail out!
see: (?i)rip
see: kernel_main\+
