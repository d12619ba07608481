# SPDX-License-Identifier: BSD-2-Clause
# preboot=off: with the fullest report, too, no device is a bus master before the units translate.
append: preboot=off report=json run=none
status: 0
see: "result": "not-tried"
see: "reason": "preboot=off"
not: read our memory before
check: report_json
