# SPDX-License-Identifier: BSD-2-Clause
# A DMAR table whose unit structure has length 0: survived, reported, and nothing is claimed.
iommu: none
file: dmar 2f00 00000000000000000000 00000000 0000000000000000
args: -acpitable sig=DMAR,data={scratch}/dmar
append: run=none
status: 1
see: iommu: table DMAR status=
see: ^# verdict: not-protected
check: tap
see: ^#   table +NO DMAR, [0-9]+ bytes, revision [0-9]+, checksum 
see: ^#     try: a firmware update; the findings name the byte$
see: ^# findings: [1-9]
