# SPDX-License-Identifier: BSD-2-Clause
# Too little memory: one clear line and the panic status.
memory: 16M
devices: none
status: 2
see: (RAM|memory)
not: ^# verdict
