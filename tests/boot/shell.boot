# SPDX-License-Identifier: BSD-2-Clause
# The shell, typed at from the serial line and from the PS/2 keyboard; its exit is the run's.
append: run=none report=none exit=shell
time: real
status: 0
input: serial help
input: keyboard list dma/mapped-read*
input: serial bogus
input: serial run dma/unmapped-write*
input: serial irqs
input: serial iommu irte 0
input: keyboard lspci
input: keyboard exit
see: ^  lspci \[RID\] +the PCI functions
see: ^interrupt entry\[0\] at 0x[0-9a-f]+: 0x
see: ^    P=0 FPD=0 DM=0\(physical\)
see: ^dma/mapped-read
see: ^bogus: no such command
see: ^ok 1 - dma/unmapped-write
see: ^irq: vector=0x31 count=[1-9]
see: ^# pci: 0000:00:06.0 1b36:0010 NVMe
see: ^> exit$
timeout: 60
