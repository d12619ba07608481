# SPDX-License-Identifier: BSD-2-Clause
# The Linux words: pass-through as default, strict, only small leaves; each said with its origin.
append: iommu=pt iommu.strict=0 intel_iommu=on,sp_off nonsense=1 run=dma/mapped-*,dma/default-*
status: 0
see: ^# iommu: default domain.*passthrough.*\(set via kernel command line\)
see: strict
see: nonsense=1: unknown word
see: ^# verdict: protected
