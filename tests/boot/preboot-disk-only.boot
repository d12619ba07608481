# SPDX-License-Identifier: BSD-2-Clause
# A disk answers every command by a write: no device is told to read before the units are programmed, and why.
devices: none
args: -drive if=none,id=disk,format=raw,file.driver=null-co,file.read-zeroes=on,file.size=1048576
args: -device nvme,addr=6,drive=disk,serial=DISK
append: report=full run=none
status: 0
see: ^# before: no device was told to read memory before the units were programmed: no device here that a unit watches 
check: tap
