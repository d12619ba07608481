# SPDX-License-Identifier: BSD-2-Clause
# The unit's own interrupt by the XT registers instead of MSI (EFR.XTSup).
qemu: newer
iommu: amd-iommu,dma-remap=on,xtsup=on
args: -cpu qemu64,+x2apic
status: 0
see: ^# iommu: interrupts remapped=1 x2apic=0 
not: ^# irq: mode=x2apic
see: ^# amdvi0: .*efr=0x00000000000029d7
see: ^ok \d+ - fault/interrupt-delivers-the-record(?!.*SKIP)
see: ^# verdict: protected
check: tap
