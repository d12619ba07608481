# SPDX-License-Identifier: BSD-2-Clause
# An exception of our own making (div): registers, backtrace, panic status.
devices: none
append: trap=div
status: 2
see: (?i)divide
see: ^Bail out!
see: (?i)rip
see: kernel_main\+
