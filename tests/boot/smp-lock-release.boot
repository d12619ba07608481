# SPDX-License-Identifier: BSD-2-Clause
# A spin lock released by a CPU that does not hold it: both are named.
smp: 2
devices: none
append: trap=lock-release
status: 2
see: ^Bail out! spin lock test: released by cpu 0, held by cpu 1$
see: ^# panic on cpu=0 .* 1 of 1 other CPUs stopped$
