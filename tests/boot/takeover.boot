# SPDX-License-Identifier: BSD-2-Clause
# Translation found on with live tables: replaced without a moment of pass-through.
devices: none
args: -device edu,addr=3,dma_mask=0xffffffffffffffff
before: takeover
append: run=takeover/*,dma/mapped-*
status: 0
see: ^ok \d+ - takeover/
not: takeover/.*# SKIP
see: ^# verdict: protected
check: stays_on
see: ^# before: translated at kernel entry: 1 unit by tables not ours$
