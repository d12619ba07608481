# SPDX-License-Identifier: BSD-2-Clause
# list prints the scenarios and stops.
append: list
status: 0
see: ^dma/mapped-write
not: ^ok
