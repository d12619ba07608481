# SPDX-License-Identifier: BSD-2-Clause
# An exception of our own making (write-text-direct): the kernel's code through the direct map.
devices: none
append: trap=write-text-direct
status: 2
see: ^Bail out! page fault: write of 0xffff8.* not permitted
