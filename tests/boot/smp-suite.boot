# SPDX-License-Identifier: BSD-2-Clause
# Four CPUs call the library at once, an Intel unit.
qemu: both
smp: 4
append: run=smp/* trace=dma
status: 0
see: ^ok \d+ - smp/ranges-of-one-domain
see: ^ok \d+ - smp/faults-beside-attach
see: ^ok \d+ - smp/one-is-refused-among-many
see: ^# smp: cpus=4 of 4 
not: # SKIP
check: tap
check: trace
