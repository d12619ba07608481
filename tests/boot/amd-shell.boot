# SPDX-License-Identifier: BSD-2-Clause
# The shell on an AMD machine: registers as found and as they are, refused requests, the report as JSON.
qemu: newer
iommu: amd-iommu,intremap=on,dma-remap=on
time: real
timeout: 60
append: exit=shell run=dma/unmapped-write-faults,irq/delivered-as-routed
input: serial iommu handoff
input: serial faults
input: serial report json
input: serial iommu irte amdvi0 00:03.0 0
input: serial iommu irte 00:04.0 9999
input: serial exit
status: 0
see: ^interrupt entry\[0\] at 0x[0-9a-f]+: 0x[0-9a-f]{16}:[0-9a-f]{16}$
see: ^    RemapEn=0 SupIOPF=0 IntType=0\(fixed\)
see: IV=1 IntTabLen=9 .* IntTabRoot=0x
see: ^# handoff: now unit base=0xfed80000 .*control=0x[0-9a-f]*[13579bdf] status=0x[0-9a-f]*[0-9a-f]
see: ^amdvi0: fault src=0000:00:[0-9a-f.]+ access=
see: ^[1-9][0-9]* of [1-9][0-9]* faults
see: ^note: the index lies beyond the table$
check: report_json
