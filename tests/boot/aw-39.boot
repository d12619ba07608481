# SPDX-License-Identifier: BSD-2-Clause
# A unit of 39 address bits: tables of three levels.
qemu: both
iommu: intel-iommu,intremap=on,aw-bits=39
status: 0
see: ^# verdict: protected
check: tap
