# SPDX-License-Identifier: BSD-2-Clause
# The same machine as firmware leaves it: there are no virtual functions.
qemu: newer
devices: none
args: -device pcie-root-port,addr=2,id=p2,chassis=1 -device igb,bus=p2
append: report=full run=none expect=unprotected
status: 0
see: ^# group [0-9]+: 0000:01:00\.0$
not: 0000:01:10\.0
