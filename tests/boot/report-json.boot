# SPDX-License-Identifier: BSD-2-Clause
# The report as one JSON object.
qemu: both
append: report=json run=none
status: 0
see: "result": "reached"
check: report_json
