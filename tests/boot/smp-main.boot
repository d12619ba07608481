# SPDX-License-Identifier: BSD-2-Clause
# The main job on four CPUs.
qemu: both
smp: 4
append: trace=dma
status: 0
see: ^# smp: cpus=4 of 4 
see: ^# verdict: protected
check: tap
check: trace
