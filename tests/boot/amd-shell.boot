# SPDX-License-Identifier: BSD-2-Clause
# The shell on an AMD machine: registers as found and as they are, refused requests, the report as JSON.
qemu: newer
iommu: amd-iommu,dma-remap=on
time: real
timeout: 60
append: exit=shell run=dma/unmapped-write-faults
input: serial regs
input: serial faults
input: serial report json
input: serial exit
status: 0
see: ^# handoff: now unit base=0xfed80000 .*control=0x[0-9a-f]*[13579bdf] status=0x[0-9a-f]*[0-9a-f]
see: ^[0-9]+ faults
check: report_json
