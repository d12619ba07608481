# SPDX-License-Identifier: BSD-2-Clause
# Root ports: with ACS, without (another make of port), two of one device each way; functions of one device behind them.
qemu: both
devices: none
args: -device pcie-root-port,addr=2,id=p2,chassis=1 -device edu,bus=p2
args: -device ioh3420,addr=3,id=p3,chassis=2 -device edu,bus=p3
args: -device pcie-root-port,addr=4.0,id=p4,chassis=3,multifunction=on -device edu,bus=p4
args: -device pcie-root-port,addr=4.1,id=p5,chassis=4 -device edu,bus=p5
args: -device ioh3420,addr=5.0,id=p6,chassis=5,multifunction=on -device edu,bus=p6
args: -device ioh3420,addr=5.1,id=p7,chassis=6 -device edu,bus=p7
args: -device pcie-root-port,addr=6,id=p8,chassis=7
args: -drive if=none,id=d1,format=raw,file.driver=null-co,file.size=1048576 -device nvme,serial=N1,drive=d1,bus=p8,addr=0.0,multifunction=on
args: -drive if=none,id=d2,format=raw,file.driver=null-co,file.size=1048576 -device nvme,serial=N2,drive=d2,bus=p8,addr=0.1
append: report=full run=none loglevel=3
status: 0
# With ACS the port and what is behind it are apart, without they are one.
see: ^# group [0-9]+: 0000:00:02\.0$
see: ^# group [0-9]+: 0000:01:00\.0$
see: ^#   0000:01:00\.0 .*: every port above it up to the root keeps it apart$
see: ^# group [0-9]+: 0000:00:03\.0 0000:02:00\.0$
see: ^#   0000:00:03\.0 .*: begins the group, and what is behind it joins: it has no ACS$
see: ^#   0000:02:00\.0 .*: root port 0000:00:03\.0 above it has no ACS: it may turn requests round to others$
see: ^# group [0-9]+: 0000:00:04\.0$
see: ^# group [0-9]+: 0000:00:04\.1$
see: ^# group [0-9]+: 0000:03:00\.0$
see: ^# group [0-9]+: 0000:04:00\.0$
see: ^# group [0-9]+: 0000:00:05\.0 0000:00:05\.1 0000:05:00\.0 0000:06:00\.0$
see: ^#   0000:00:05\.1 .*: function 0000:00:05\.0 of the same device has no ACS: each may reach the other inside the device$
see: ^# group [0-9]+: 0000:00:06\.0$
see: ^# group [0-9]+: 0000:07:00\.0 0000:07:00\.1$
see: ^#   0000:07:00\.0 .*: function 0000:07:00\.1 of the same device has no ACS: each may reach the other inside the device$
see: ^# pci 0000:01:00\.0: Adding to iommu group [0-9]+$
see: ^# pci 0000:02:00\.0: Adding to iommu group [0-9]+$
