# SPDX-License-Identifier: BSD-2-Clause
# Input that is there before the kernel, as from a pipe: nothing is lost, and its end is the shell's.
append: run=none report=none exit=shell
time: real
status: 0
timeout: 60
input: early mem
input: early list dma/mapped-read*
input: raw \x04
see: ^> mem$
see: ^> list dma/mapped-read\*$
see: ^dma/mapped-read
not: no such command
