# SPDX-License-Identifier: BSD-2-Clause
# The UEFI application under OVMF, with the command line in a file beside it.
boot: uefi-app
append: run=dma/mapped-* report=full
time: real
status: 0
timeout: 240
see: booted by UEFI
see: ^# cmdline: .*run=dma/mapped-
see: before ExitBootServices
see: ^# verdict: protected
check: tap
