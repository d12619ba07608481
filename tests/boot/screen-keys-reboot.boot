# SPDX-License-Identifier: BSD-2-Clause
# The key r at the end of a run: the board resets, which ends QEMU with -no-reboot.
boot: bios
devices: none
append: run=dma/mapped-write* exit=shell
time: real
status: qemu=0
timeout: 60
input: keys r
see: ^"help" lists the commands$
not: halted
