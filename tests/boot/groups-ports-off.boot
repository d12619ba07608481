# SPDX-License-Identifier: BSD-2-Clause
# One make of root port, its ACS taken away by an option that the distribution's QEMU has.
devices: none
args: -device pcie-root-port,addr=2,id=p2,chassis=1 -device edu,bus=p2
args: -device pcie-root-port,addr=3,id=p3,chassis=2,disable-acs=on -device edu,bus=p3
append: report=full run=none
status: 0
see: ^# group [0-9]+: 0000:00:02\.0$
see: ^# group [0-9]+: 0000:01:00\.0$
see: ^# group [0-9]+: 0000:00:03\.0 0000:02:00\.0$
see: ^#   0000:02:00\.0 .*: root port 0000:00:03\.0 above it has no ACS: it may turn requests round to others$
see: ^# iova: vtd0 format=vtd-ss 0x0-0xfee00000 0xfef00000-0x[0-9a-f]+$
# What lies in the windows of the port without ACS is no IOVA of what is below it.
see: ^# iova: 0000:02:00\.0 format=vtd-ss 0x0-0x(?!fee00000)[0-9a-f]+ (0x[0-9a-f]+-0x[0-9a-f]+ )+0xfef00000-
not: ^# iova: 0000:01:00\.0
not: Adding to iommu group
