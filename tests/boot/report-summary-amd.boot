# SPDX-License-Identifier: BSD-2-Clause
# The first screen on an AMD machine.
qemu: newer
iommu: amd-iommu,dma-remap=on,intremap=on
append: run=none
status: 0
see: ^# report: protected \(1 unit
see: ^#   table +ok IVRS, [0-9]+ bytes, revision [12], checksum right$
see: ^#     flags +ok EFR image valid, DMA remapping before boot not claimed$
see: ^#     units +ok 1 of 1 answer$
see: ^#     translation +ok on in 1 of 1 units$
see: ^#       blocking +ok proven by 3 devices
see: ^#     interrupts +ok remapped$
see: ^# findings: 0 errors, 
check: report_screen
