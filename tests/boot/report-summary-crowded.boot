# SPDX-License-Identifier: BSD-2-Clause
# Much to say about a machine: the first screen says the worst of it, and is one screen.
iommu: none
devices: none
acpi: faults.dmar
append: run=none
status: 1
see: ^# report: not-protected \(no unit that the DMAR table names answers\)$
see: ^#     units +NO 0 of 2 answer, registers at 0xbf000000 read all ones$
see: ^# findings: [5-9] errors, 
see: ^# finding: error unit-dead 
see: ^#   all of them: report=full$
check: report_screen
