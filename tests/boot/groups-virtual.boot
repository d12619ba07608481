# SPDX-License-Identifier: BSD-2-Clause
# Virtual functions that firmware left on, behind a port with ACS and behind one without. Their ids follow from
# the first one's offset and the stride.
qemu: newer
devices: none
before: virtual_functions
args: -device edu,addr=5
args: -device pcie-root-port,addr=2,id=p2,chassis=1 -device igb,bus=p2
args: -device ioh3420,addr=3,id=p3,chassis=2 -device igb,bus=p3
args: -device pcie-root-port,addr=4,id=p4,chassis=3 -device nvme-subsys,id=sub
args: -device nvme,serial=P,subsys=sub,bus=p4,sriov_max_vfs=4,sriov_vq_flexible=8,sriov_vi_flexible=4,max_ioqpairs=20,msix_qsize=20
append: report=full run=none loglevel=3
status: 0
see: ^# group [0-9]+: 0000:01:00\.0$
see: ^# group [0-9]+: 0000:01:10\.0$
see: ^# group [0-9]+: 0000:01:10\.2$
see: ^# group [0-9]+: 0000:01:10\.4$
see: ^# group [0-9]+: 0000:00:03\.0 0000:02:00\.0 0000:02:10\.0 0000:02:10\.2 0000:02:10\.4$
see: ^# pci:   0000:01:10\.4 8086:10ca .* unit=vtd0
see: ^# group [0-9]+: 0000:03:00\.0$
see: ^# group [0-9]+: 0000:03:00\.1$
see: ^# group [0-9]+: 0000:03:00\.3$
not: 0000:03:00\.4
not: 0000:01:10\.6
