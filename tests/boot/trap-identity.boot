# SPDX-License-Identifier: BSD-2-Clause
# An exception of our own making (identity): a physical address as it is: the boot mapping is gone.
devices: none
append: trap=identity
status: 2
see: ^Bail out! page fault: read of 0x[0-9a-f]+ from kernel code: not mapped
