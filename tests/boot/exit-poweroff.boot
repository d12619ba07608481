# SPDX-License-Identifier: BSD-2-Clause
# exit=poweroff: ACPI soft off by the DSDT's \_S5.
devices: none
append: run=none exit=poweroff
status: qemu=0
see: ^# verdict
not: (no effect|halted)
