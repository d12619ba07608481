# SPDX-License-Identifier: BSD-2-Clause
# A CPU whose APIC id no byte can hold, started in x2APIC mode.
qemu: newer
time: real
iommu: intel-iommu,intremap=on,aw-bits=48,eim=on
devices: none
args: -cpu qemu64,+x2apic -smp 1,maxcpus=288,sockets=288
args: -device qemu64-x86_64-cpu,x2apic=on,socket-id=287,core-id=0,thread-id=0
append: trap=ipi-call loglevel=3
status: 2
see: ^# irq: mode=x2apic apic_id=0x0$
see: ^# smp: cpu=1 apic_id=0x11f online$
see: ^# smp: cpus=2 of 2 
see: ^# ipi: calls=80 expected=80 wrong=0$
see: ^# panic on cpu=1 apic_id=0x11f 
