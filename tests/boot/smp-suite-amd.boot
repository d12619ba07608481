# SPDX-License-Identifier: BSD-2-Clause
# The same on an AMD unit that translates and logs; its trees grow meanwhile.
qemu: newer
smp: 4
iommu: amd-iommu,dma-remap=on
append: run=smp/*,amd/growth-beside-mapping trace=dma
status: 0
see: ^ok \d+ - smp/ranges-of-one-domain
see: ^ok \d+ - smp/attach-to-one-domain
see: ^ok \d+ - amd/growth-beside-mapping
see: ^# smp: cpus=4 of 4 
not: # SKIP
check: tap
check: trace
