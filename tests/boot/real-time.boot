# SPDX-License-Identifier: BSD-2-Clause
# The main job with time as it passes: edu takes 100 ms a DMA, so the devices must work side by side.
time: real
status: 0
timeout: 240
see: ^# verdict: protected
check: tap
