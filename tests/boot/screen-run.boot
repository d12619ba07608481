# SPDX-License-Identifier: BSD-2-Clause
# The end of a run on the screen: its QR code, the code alone, the shell, the code by command; zbarimg reads them.
boot: bios
needs: zbarimg
append: run=dma/*,intel/register* exit=shell
time: real
timeout: 120
status: 0
input: picture qr-end
input: keys x q
input: picture qr-key
input: keys spc
input: picture back
input: keys s
input: picture shell
input: keyboard qr
input: picture qr-command
input: keys spc
input: keyboard exit
see: ^PASS protected$
see: ^n [0-9]+ passed 0 failed 2 skipped$
see: ^u vtd0 fed90000 TR cap=[0-9a-f]+ ecap=[0-9a-f]+ faults=0$
see: ^# qr: [0-9]+ bytes, version [0-9]+-[LM], mask [0-7]$
check: qr_pictures
check: qr_blocks
check: shell_picture
