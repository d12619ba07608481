# SPDX-License-Identifier: BSD-2-Clause
# A virtio-iommu: named, and not called protected.
devices: none
iommu: virtio-iommu-pci,addr=1e
append: run=none
status: 1
see: ^# verdict: not-protected \(the VIOT table describes a virtio-iommu
