# SPDX-License-Identifier: BSD-2-Clause
# The main job on eight CPUs.
smp: 8
status: 0
see: ^# smp: cpus=8 of 8 
see: ^# verdict: protected
check: tap
