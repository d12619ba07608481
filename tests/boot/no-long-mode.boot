# SPDX-License-Identifier: BSD-2-Clause
# A processor without long mode: one clear line and the panic status.
devices: none
iommu: none
args: -cpu qemu32
memory: 1G
status: 2
see: ^boot: this processor has no 64-bit mode
