# SPDX-License-Identifier: BSD-2-Clause
# An IVRS table whose first block has length 0: survived, reported, and nothing is claimed.
iommu: none
file: ivrs 41282000 0000000000000000 10110000
args: -acpitable sig=IVRS,data={scratch}/ivrs
append: run=none
status: 1
see: iommu: table IVRS status=
see: ^# verdict: not-protected
check: tap
