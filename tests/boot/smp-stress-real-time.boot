# SPDX-License-Identifier: BSD-2-Clause
# The same with CPUs that really run at once.
time: real
timeout: 240
smp: 4
devices: none
append: trap=smp-stress
status: 2
see: ^Bail out! trap test: stress of 4 cpus, errors=0, frames missing=0$
see: ^# panic on cpu=0 .*, 3 of 3 other CPUs stopped$
