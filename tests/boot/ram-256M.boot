# SPDX-License-Identifier: BSD-2-Clause
# Little memory.
memory: 256M
status: 0
see: ^# verdict: protected
check: tap
