# SPDX-License-Identifier: BSD-2-Clause
# The same with the invalidation queue on as well.
qemu: both
devices: none
args: -device edu,addr=3,dma_mask=0xffffffffffffffff
before: takeover_queue
append: run=takeover/*,dma/mapped-*
status: 0
see: ^ok \d+ - takeover/
not: takeover/.*# SKIP
see: ^# verdict: protected
check: stays_on
