# SPDX-License-Identifier: BSD-2-Clause
# Editing, history and completion in the shell, from the serial line with VT100 sequences.
append: run=none report=none exit=shell
time: real
status: 0
timeout: 60
# In the middle, Home, End, Delete, backspace.
input: raw lost dma/mapped-read*\x1b[H\x1b[C\x1b[3~i\x1b[Fx\x7f\r
# Up brings the line before; the word behind it is taken away and another one typed.
input: raw \x1b[A\x17dma/unmapped-write*\r
# Completion of command, sub-command and id.
input: raw io\tw\t00:03\t0x40000000\r
input: raw lsp\t00:06\t\r
# A line is forgotten; a sequence that is cut off by a return is none.
input: raw nonsense\x03
input: raw cmdline\x1b[\r
input: raw bogus one\x15mem\r
input: raw run dma/x/y z\r
input: raw iommu bogus\r
input: raw help iommu walk\r
input: raw report half\r
input: raw report summary\r
input: raw iommu ls twice\r
input: raw iommu irte 1234:00:03.0\r
input: raw lspci zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz\r
input: raw \x04
see: ^dma/mapped-read
see: ^dma/unmapped-write
see: ^walk: 0000:00:03.0 iova=0x40000000 refused reason=0x2\(context-entry-not-present\): the device is blocked
see: ^0000:00:06.0 1b36:0010 NVMe
see: \^C$
see: run=none report=none exit=shell$
see: ^# range: 0x
see: ^run: expected run \[GLOB,...\]$
see: ^iommu: expected ls, .* or faults, not "bogus"$
see: ^  iommu walk RID IOVA +each step
see: ^report: expected summary, full, json or nothing, not "half"$
see: ^# report: protected \(
see: ^iommu ls: expected iommu ls and nothing behind it$
see: ^note: the id is of another segment$
see: ^the line is longer than 127 characters: it is not run$
not: is no requester id
not: no such command
