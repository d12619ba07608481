# SPDX-License-Identifier: BSD-2-Clause
# The screen under GRUB and SeaBIOS shows what the serial line shows.
boot: bios
devices: none
append: run=none report=full exit=halt
time: real
status: qemu=0
see: console: screen of 128 columns and 48 rows
screen: text
timeout: 60
