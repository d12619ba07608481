# SPDX-License-Identifier: BSD-2-Clause
# Two units, of which one's registers read all ones (its address is that of configuration space where no function
# is): it is left out by name, the other protects what it covers.
iommu: amd-iommu
devices: none
acpi: absent.ivrs
args: -device edu,addr=3,dma_mask=0xffffffffffffffff -device edu,addr=4,dma_mask=0xffffffffffffffff
append: report=full ivrs=1 run=dma/mapped-*
status: 1
see: 0xbf000000.*(absent|all ones)
see: ^# handoff: at kernel entry unit base=0xbf000000 segment=0000 absent
see: device 0000:00:04\.0 is not covered by any unit
see: ^ok \d+ - dma/mapped-write-arrives:edu@0000:00:03\.0(?!.*SKIP)
see: ^# verdict: partial
check: tap
see: ^#     units +NO .* registers at 0xbf000000 read all ones$
