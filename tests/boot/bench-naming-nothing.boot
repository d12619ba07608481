# SPDX-License-Identifier: BSD-2-Clause
# bench= that names nothing fails the run, and says so.
append: bench=zz run=none report=none
status: 1
see: bench=zz: no benchmark for as many CPUs as run \(1\) has such a name, bench=list shows all$
