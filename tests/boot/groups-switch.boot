# SPDX-License-Identifier: BSD-2-Clause
# A switch, whose downstream ports have no ACS here, below a port with ACS and below one without; beside them a
# device that is below no switch.
qemu: both
devices: none
args: -device pcie-root-port,addr=2,id=p2,chassis=1 -device x3130-upstream,id=u1,bus=p2
args: -device xio3130-downstream,id=d1,bus=u1,chassis=3,slot=1 -device edu,bus=d1
args: -device xio3130-downstream,id=d2,bus=u1,chassis=4,slot=2 -device edu,bus=d2
args: -device ioh3420,addr=3,id=p3,chassis=2 -device x3130-upstream,id=u2,bus=p3
args: -device xio3130-downstream,id=d3,bus=u2,chassis=5,slot=3 -device edu,bus=d3
args: -device pcie-root-port,addr=4,id=p4,chassis=6 -device edu,bus=p4
append: report=full run=none
status: 0
see: ^# group [0-9]+: 0000:00:02\.0$
see: ^# group [0-9]+: 0000:01:00\.0$
see: ^# group [0-9]+: 0000:02:00\.0 0000:02:01\.0 0000:03:00\.0 0000:04:00\.0$
see: ^#   0000:03:00\.0 .*: downstream port 0000:02:00\.0 above it has no ACS: it may turn requests round to others$
see: ^#   0000:02:01\.0 .*: downstream port 0000:02:00\.0 of the same switch has no ACS: it may turn requests round to this one$
see: ^# group [0-9]+: 0000:00:03\.0 0000:05:00\.0 0000:06:00\.0 0000:07:00\.0$
see: ^#   0000:07:00\.0 .*: root port 0000:00:03\.0 above it has no ACS: it may turn requests round to others$
see: ^# group [0-9]+: 0000:08:00\.0$
