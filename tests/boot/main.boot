# SPDX-License-Identifier: BSD-2-Clause
# The main job: what make run does, compared with what QEMU traced.
qemu: both
append: trace=dma
status: 0
see: ^# verdict: protected \(1 unit, [0-9]+ devices
not: scratch=.*no disk
check: tap
check: trace
