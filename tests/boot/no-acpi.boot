# SPDX-License-Identifier: BSD-2-Clause
# No RSDP: one clear line and the panic status.
machine: acpi=off
devices: none
iommu: none
status: 2
see: RSDP
not: ^# verdict
