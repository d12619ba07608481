# SPDX-License-Identifier: BSD-2-Clause
# The same on an AMD machine.
qemu: newer
iommu: amd-iommu,dma-remap=on
append: report=full run=none
status: 0
see: ^# before: open: edu@0000:00:03\.0 read our memory before the units were programmed$
see: ^# before: 0 units recorded a fault meanwhile$
see: ^# verdict: protected
