# SPDX-License-Identifier: BSD-2-Clause
# An address space of its own: a page is reached, taken away with its watcher told, and gone.
devices: none
append: trap=space
status: 2
see: ^# space: arrived=yes told=1 tables-given-back=yes$
see: ^Bail out! page fault: read of 0x400000
