# SPDX-License-Identifier: BSD-2-Clause
# The same unit without the word: it is driven, and watches the graphics card.
acpi: graphics-only.dmar
append: dmar=1 run=none
status: 1
not: left unwatched
see: ^#     translation +ok on in 1 of 1 units$
see: ^# verdict: partial \(1 of 1 units translate, 1 of [0-9]+ devices are covered, interrupts
check: tap
