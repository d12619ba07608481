# SPDX-License-Identifier: BSD-2-Clause
# A unit that may cache what is not present: every change is flushed, domain 0 is not used.
qemu: both
iommu: intel-iommu,intremap=on,aw-bits=48,caching-mode=on
status: 0
see: ^# verdict: protected
check: tap
