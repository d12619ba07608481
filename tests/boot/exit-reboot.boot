# SPDX-License-Identifier: BSD-2-Clause
# exit=reboot: the board resets, which ends QEMU with -no-reboot.
devices: none
append: run=none exit=reboot
status: qemu=0
see: ^# verdict
not: halted
