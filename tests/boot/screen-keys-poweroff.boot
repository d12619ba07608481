# SPDX-License-Identifier: BSD-2-Clause
# The key p at the end of a run.
boot: bios
devices: none
append: run=dma/mapped-write* exit=shell
time: real
status: qemu=0
timeout: 60
input: keys p
see: ^"help" lists the commands$
not: (no effect|halted)
