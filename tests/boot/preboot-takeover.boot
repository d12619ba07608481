# SPDX-License-Identifier: BSD-2-Clause
# Translation found on with live tables that refuse it: a device that is told to read our memory before they are
# replaced does not, its fault is seen and is nobody's later.
qemu: both
devices: none
args: -device edu,addr=3,dma_mask=0xffffffffffffffff
before: takeover
append: preboot=on report=full run=takeover/*,dma/mapped-*,faults/*
status: 0
see: ^# before: edu@0000:00:03\.0 did not read our memory before the units were programmed: 
see: ^# before: 1 unit recorded a fault meanwhile$
see: ^ok \d+ - takeover/
not: takeover/.*# SKIP
see: ^# verdict: protected
check: stays_on
