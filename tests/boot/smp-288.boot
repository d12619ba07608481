# SPDX-License-Identifier: BSD-2-Clause
# 288 CPUs, those above 254 by x2APIC.
when: nightly
qemu: newer
time: real
smp: 288
iommu: intel-iommu,intremap=on,aw-bits=48,eim=on
args: -cpu qemu64,+x2apic
append: run=dma/*
timeout: 900
status: 0
see: ^# irq: mode=x2apic
see: ^# smp: cpus=288 of 288 
see: ^# verdict: protected
check: tap
