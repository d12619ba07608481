# SPDX-License-Identifier: BSD-2-Clause
# An exception of our own making (write-text): registers, backtrace, panic status.
devices: none
append: trap=write-text
status: 2
see: (?i)write-text|page fault
see: ^Bail out!
see: (?i)rip
see: kernel_main\+
