# SPDX-License-Identifier: BSD-2-Clause
# The shell looks at a VT-d unit: 00:03.0 has a region of firmware mapped (16 pages at 50000000h), 00:04.0 nothing.
qemu: both
acpi: reserved.dmar
append: dmar=1 run=none report=none exit=shell
time: real
status: 0
timeout: 60
input: serial iommu walk 00:03.0 0x50001234
input: serial iommu walk 00:03.0 0x50010000
input: serial iommu walk 00:04.0 0x50001234
input: serial iommu walk 00:03.0 0xfee00000
input: serial iommu walk 00:03.0 zz
input: serial iommu walk 3 0x0
input: keyboard iommu walk 01:02.0 0x5000fff8
input: serial iommu regs vtd0
input: serial iommu regs vtd7
input: serial iommu queue
input: serial iommu irte
input: serial iommu groups 00:03.0
input: serial iommu ls
input: serial reserved 00:03.0
input: serial lspci 00:06.0
input: serial acpi dmar 1
input: serial acpi DMAR 7
input: serial findings
input: serial exit
see: ^context entry\[24\] at 0x
see: ^level 1 entry\[1\] at 0x[0-9a-f]+: 0x0000000050001003$
see: ^walk: 0000:00:03.0 iova=0x50001234 pa=0x50001234 read and write, page of 4 KiB$
see: ^walk: 0000:00:03.0 iova=0x50010000 refused reason=0x6\(not-readable\): nothing is mapped there
see: ^walk: 0000:00:04.0 iova=0x50001234 refused reason=0x2\(context-entry-not-present\)
see: ^walk: 0000:00:03.0 iova=0xfee00000 not translated: requests to FEE00000h-FEEFFFFFh are interrupts$
see: ^iommu walk: "zz" is no address
see: ^iommu walk: "3" is no requester id
see: ^walk: 0000:01:02.0 iova=0x5000fff8 pa=0x5000fff8 read and write, page of 4 KiB$
see: ^GSTS at 0x1c: 0x[0-9a-f]{8}$
see: ^    TES=1 RTPS=1 WBFS=0 QIES=1
see: ^iommu regs: "vtd7" is no unit: expected vtd0$
see: ^invalidation wait\[[0-9]+\] at 0x
see: ^    state=0\(fetched\) IF=0 SW=1
see: ^vtd0: there is none, or it is off$
see: ^# group 2: 0000:00:03.0
see: ^  0000:00:03.0 1234:11e8 .* state=translated group=2.* reserved-regions$
see: ^reserved: 0000:00:03.0 0x50000000-0x5000ffff stays mapped, read and write$
see: ^  capability 0x40 id=0x11 MSI-X enabled=
see: Reserved Memory Region|RMRR at
see: ^acpi: there is no table DMAR number 7
not: DIFFERENT
