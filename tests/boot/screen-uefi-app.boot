# SPDX-License-Identifier: BSD-2-Clause
# The screen of a UEFI application (GOP) shows what the serial line shows.
boot: uefi-app
devices: none
append: run=none report=full exit=halt
time: real
status: qemu=0
see: console: screen of [0-9]+ columns and [0-9]+ rows
screen: text
timeout: 60
