# SPDX-License-Identifier: BSD-2-Clause
# An exception of our own making (exec-data): registers, backtrace, panic status.
devices: none
append: trap=exec-data
status: 2
see: (?i)page fault
see: ^Bail out!
see: (?i)rip
see: kernel_main\+
