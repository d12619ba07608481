# SPDX-License-Identifier: BSD-2-Clause
# An AMD machine: named, and not called protected.
devices: none
iommu: amd-iommu
append: run=none
status: 1
see: ^# verdict: not-protected \(the IVRS table
