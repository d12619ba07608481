# SPDX-License-Identifier: BSD-2-Clause
# Firmware gives a DMAR and an IVRS table: said, and the machine is taken for Intel's.
acpi: reserved.ivrs
append: run=dma/mapped-*
status: 0
see: there are a DMAR and an IVRS table, IVRS is left out
see: ^# verdict: protected
check: tap
