# SPDX-License-Identifier: BSD-2-Clause
# The same of a UEFI application, without an IOMMU.
boot: uefi-app
needs: zbarimg
iommu: none
append: run=dma/* exit=shell
time: real
timeout: 120
status: 0
input: picture qr-end
input: serial qr
input: picture qr-command
input: serial exit
see: ^PASS not-protected$
see: ^no DMAR or IVRS table
not: ^u vtd0
check: qr_pictures
check: qr_blocks
