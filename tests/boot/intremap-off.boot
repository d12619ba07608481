# SPDX-License-Identifier: BSD-2-Clause
# A unit without interrupt remapping.
qemu: both
iommu: intel-iommu,intremap=off,aw-bits=48
status: 0
see: ^# verdict: protected .*interrupts not remapped
check: tap
see: ^#     interrupts +NO not remapped
