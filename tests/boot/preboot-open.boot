# SPDX-License-Identifier: BSD-2-Clause
# Nothing was on at entry: the device reads our memory before the units are programmed.
qemu: both
append: report=full run=none
status: 0
see: ^# before: open: edu@0000:00:03\.0 read our memory before the units were programmed$
see: ^# before: 0 units recorded a fault meanwhile$
see: ^# verdict: protected
