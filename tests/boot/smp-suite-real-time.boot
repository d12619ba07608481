# SPDX-License-Identifier: BSD-2-Clause
# The same with CPUs that run side by side, not in turns.
qemu: newer
smp: 4
time: real
append: run=smp/*
status: 0
see: ^ok \d+ - smp/domains-come-and-go
not: # SKIP
check: tap
