# SPDX-License-Identifier: BSD-2-Clause
# Switched off on the command line: policy still said, DMA direct, status 0.
append: intel_iommu=off
status: 0
see: ^# iommu: default domain
see: ^# verdict: not-protected \(switched off on the command line by intel_iommu=off\)
see: ^#     translation +NO switched off by intel_iommu=off$
see: ^#     try: take intel_iommu=off off the command line$
see: ^#     units +ok 1 of 1 answer$
