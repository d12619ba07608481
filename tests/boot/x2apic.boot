# SPDX-License-Identifier: BSD-2-Clause
# Processors in x2APIC mode, since one has an APIC id that no byte can hold (QEMU with -icount cannot).
qemu: newer
time: real
iommu: intel-iommu,intremap=on,aw-bits=48,eim=on
args: -cpu qemu64,+x2apic -smp 1,maxcpus=288,sockets=288
args: -device qemu64-x86_64-cpu,x2apic=on,socket-id=287,core-id=0,thread-id=0
append: run=dma/unmapped-*
status: 0
see: ^# irq: mode=x2apic apic_id=0x0$
see: ^# verdict: protected
