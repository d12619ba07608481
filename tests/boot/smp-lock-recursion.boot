# SPDX-License-Identifier: BSD-2-Clause
# A spin lock taken twice by one CPU.
devices: none
append: trap=lock-recursion
status: 2
see: ^Bail out! spin lock test: taken by cpu 0, which holds it already$
