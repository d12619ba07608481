# SPDX-License-Identifier: BSD-2-Clause
# Four CPUs by GRUB and BIOS.
boot: bios
time: real
smp: 4
append: run=dma/unmapped-*
timeout: 240
status: 0
see: ^# smp: cpus=4 of 4 
see: ^# verdict: protected
