# SPDX-License-Identifier: BSD-2-Clause
# The ISO as a CD under OVMF.
boot: uefi
append: run=dma/mapped-*
time: real
status: 0
timeout: 240
see: booted by multiboot2
see: ^# cmdline: .*run=dma/mapped-
see: ^# verdict: protected
check: tap
