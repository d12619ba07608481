# SPDX-License-Identifier: BSD-2-Clause
# A unit that says that it translates and lets everything through: seen, said, and not called protected. Devices
# then reach physical addresses, which the suite shows.
qemu: newer
iommu: amd-iommu
status: 1
see: ^# proof: DMA of blocked edu@0000:00:03\.0 to 0x[0-9a-f]+ arrived: THIS MACHINE IS NOT PROTECTED, 3 of 3 devices pass
see: ^ok \d+ - dma/bare-address-is-physical:edu@0000:00:03\.0(?!.*SKIP)
see: ^# verdict: not-protected \(DMA of blocked edu@0000:00:03\.0 arrived: the unit does not translate .*dma-remap=on
not: ^not ok
check: tap
see: ^#       blocking +NO DMA of blocked edu@0000:00:03\.0 arrived$
see: ^#     try: QEMU: -device amd-iommu,dma-remap=on
