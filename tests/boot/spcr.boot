# SPDX-License-Identifier: BSD-2-Clause
# SPCR names the second serial port: the console moves there.
devices: none
file: spcr 00000000 01080001 f802000000000000 000000000000000000000000000000000000000000000000000000000000
args: -serial file:{scratch}/com2.txt -acpitable sig=SPCR,data={scratch}/spcr
append: run=none
status: 0
see: ^# console: serial port 0x2f8 at 115200 baud from here on
not: ^# verdict
check: second_port
