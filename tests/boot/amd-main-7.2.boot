# SPDX-License-Identifier: BSD-2-Clause
# The same on the distribution's QEMU, which never logs an event: data is checked, records are skipped by name.
iommu: amd-iommu
append: trace=dma
status: 0
see: ^# verdict: protected \(1 unit, [0-9]+ devices, .*blocking proven by [23] devices\)
see: quirk amd-no-events
check: tap
check: trace
