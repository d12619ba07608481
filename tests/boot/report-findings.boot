# SPDX-License-Identifier: BSD-2-Clause
# A table with faults: each is named with its byte, what trips over it and what to do; the verdict says no more than it knows.
iommu: none
acpi: faults.dmar
append: report=full run=none
status: 1
see: ^# report: not-protected 
see: ^#     units +NO 0 of 2 answer, registers at 0xbf000000 read all ones$
see: ^#     try: a firmware update: it names a unit
see: ^#     translation +-$
see: ^#       devices +-$
see: ^#     interrupts +-$
see: ^# finding: error [a-z-]+ DMAR\+0x30: 
see: ^# finding: (error|warning) rmrr-[a-z-]+ DMAR\+0x[0-9a-f]+: 
see: ^#   trips: 
see: ^#   try: 
see: ^#   see: VT-d 
see: ^# groups: none 
not: all of them:
check: tap
