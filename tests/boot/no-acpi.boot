# SPDX-License-Identifier: BSD-2-Clause
# No RSDP (the microvm board without ACPI): one clear line and the panic status.
board: microvm,acpi=off
memory: 256M
devices: none
iommu: none
status: 2
see: ^Bail out! .*RSDP
not: ^# verdict
