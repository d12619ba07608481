# SPDX-License-Identifier: BSD-2-Clause
# No device that could show that blocking works: said in the verdict.
qemu: newer
iommu: amd-iommu,dma-remap=on
devices: none
append: run=none
status: 0
see: ^# verdict: protected \(.*blocking not tried: no device that can show it\)
see: ^#       blocking +\? +not tried
