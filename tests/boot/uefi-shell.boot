# SPDX-License-Identifier: BSD-2-Clause
# The UEFI application from the UEFI shell: the command line is in its load options.
boot: uefi-shell
append: run=dma/mapped-* report=none
time: real
status: 0
timeout: 240
see: booted by UEFI
see: ^# cmdline: scratch=0000:00:06.0 run=dma/mapped-\* report=none$
see: ^# verdict: protected
check: tap
