# SPDX-License-Identifier: BSD-2-Clause
# A selection that names no scenario: said, and no good run.
append: run=nothing/*
status: 1
see: ^not ok 1 - suite/run-names-a-scenario
see: seen: nothing/\*
check: tap
