# SPDX-License-Identifier: BSD-2-Clause
# An exception of our own making (null): registers, backtrace, panic status.
devices: none
append: trap=null
status: 2
see: (?i)null|page fault
see: ^Bail out!
see: (?i)rip
see: kernel_main\+
