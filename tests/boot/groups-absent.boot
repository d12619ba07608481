# SPDX-License-Identifier: BSD-2-Clause
# A machine without units has no groups.
iommu: none
append: report=full run=none
status: 0
see: ^# groups: none \(firmware gives no DMAR or IVRS table\)$
not: ^# group [0-9]
