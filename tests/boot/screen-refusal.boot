# SPDX-License-Identifier: BSD-2-Clause
# Too little memory under GRUB: the line is on the screen, too, before there is a console.
boot: bios
memory: 32M
devices: none
append: exit=halt
time: real
status: qemu=0
see: ^Bail out! mm: [0-9]+ MiB of usable RAM, at least 32 MiB are needed$
screen: refusal
timeout: 60
