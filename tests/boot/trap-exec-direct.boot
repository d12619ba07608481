# SPDX-License-Identifier: BSD-2-Clause
# An exception of our own making (exec-direct): a page of RAM in the direct map, executed.
devices: none
append: trap=exec-direct
status: 2
see: ^Bail out! page fault: fetch of 0xffff8.* not permitted
