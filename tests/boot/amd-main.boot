# SPDX-License-Identifier: BSD-2-Clause
# The main job on an AMD machine whose QEMU translates and logs, compared with what QEMU traced.
qemu: newer
iommu: amd-iommu,dma-remap=on
append: trace=dma
status: 0
see: ^# verdict: protected \(1 unit, [0-9]+ devices, .*blocking proven by 3 devices\)
see: ^ok \d+ - amd/
not: quirk amd-no-events
check: tap
check: trace
