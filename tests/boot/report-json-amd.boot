# SPDX-License-Identifier: BSD-2-Clause
# The report as one JSON object, on an AMD machine.
qemu: both
iommu: amd-iommu
append: report=json run=none expect=unprotected
status: 0
see: "result": "reached"
check: report_json
