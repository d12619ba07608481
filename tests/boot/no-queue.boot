# SPDX-License-Identifier: BSD-2-Clause
# Register-based invalidation from the start (vtd=noqueue).
append: vtd=noqueue
status: 0
see: ^# verdict: protected
check: tap
