# SPDX-License-Identifier: BSD-2-Clause
# The same from the PS/2 keyboard.
append: run=none report=none exit=shell
time: real
status: 0
timeout: 90
input: keys l o s t home right delete i end spc d m a slash m a p p e d minus r e a d shift+8 x backspace ret
input: keys up ctrl+w d m a slash u n m a p p e d minus w r i t e shift+8 ret
input: keys i o tab w tab 0 0 shift+semicolon 0 3 tab 0 x 4 0 0 0 0 0 0 0 ret
input: keys n o n s e n s e ctrl+c
input: keys b o g u s left left ctrl+k ctrl+u c m d l i n e ret
input: keys shift+m ctrl+a delete m e m ret
input: keyboard iommu ls
input: keys ctrl+d
see: ^dma/mapped-read
see: ^dma/unmapped-write
see: ^walk: 0000:00:03.0 iova=0x40000000 refused
see: \^C$
see: run=none report=none exit=shell$
see: ^  0000:00:03.0 1234:11e8 .* state=blocked group=[0-9]
not: no such command
