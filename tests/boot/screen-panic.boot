# SPDX-License-Identifier: BSD-2-Clause
# A panic in the middle of a run: all of the screen shows what the serial line shows.
boot: bios
append: exit=halt
time: real
status: qemu=0
timeout: 60
input: nmi ok 20 -
see: ^Bail out! 
screen: text
