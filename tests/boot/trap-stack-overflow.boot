# SPDX-License-Identifier: BSD-2-Clause
# An exception of our own making (stack-overflow): registers, backtrace, panic status.
devices: none
append: trap=stack-overflow
status: 2
see: (?i)guard|double fault|stack
see: ^Bail out!
see: (?i)rip
see: overflow\+
