# SPDX-License-Identifier: BSD-2-Clause
# Whoever reads the serial line is busy for seconds: the kernel waits, and nothing of what it says is lost.
append: run=none report=none exit=shell
time: real
status: 0
timeout: 60
input: slow 4 report full
input: serial exit
see: ^# cpu: .+ processors run
see: ^#   cap.ESRTPS +0
see: ^# report: protected
