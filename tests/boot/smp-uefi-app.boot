# SPDX-License-Identifier: BSD-2-Clause
# Four CPUs that UEFI firmware has used before; its memory map names the free page below 1 MiB.
boot: uefi-app
time: real
smp: 4
append: run=dma/unmapped-*
timeout: 240
status: 0
see: ^# smp: cpus=4 of 4 
see: ^# verdict: protected
