# SPDX-License-Identifier: BSD-2-Clause
# A table is asked for that is not there.
iommu: amd-iommu
append: ivrs=3 run=none
status: 1
see: ^# verdict: not-protected \(there is no IVRS table number 3 \(ivrs=3\)\)
