# SPDX-License-Identifier: BSD-2-Clause
# Words that name nothing: each says so in a line. The shell says its own word for the full report.
iommu: none
acpi: faults.dmar
append: scratch=00:03.0 loglevel=9 run=none exit=shell
time: real
timeout: 60
input: serial list zz
input: serial report
input: serial exit
status: 1
see: scratch=00:03.0: no disk found is that one, expected the address \(00:06.0\) or the serial number
see: loglevel=9: levels go from 0 to 3, Linux's to 7; taken as 3$
see: ^# list: no scenario has a name like zz; list alone shows all of them$
see: ^#   all of them: report=full$
see: ^#   all of them: report full$
