# SPDX-License-Identifier: BSD-2-Clause
# Units left off by a word: there are no groups, and it is said why.
append: report=full run=none intel_iommu=off
status: 0
see: ^# groups: none \(intel_iommu=off\)$
not: ^# group [0-9]
