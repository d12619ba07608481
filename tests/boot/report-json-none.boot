# SPDX-License-Identifier: BSD-2-Clause
# The report as one JSON object where there is no IOMMU: no units, no groups and why, what to do.
iommu: none
append: report=json run=none
status: 0
see: "result": "not-tried"
see: "groups_none": "
see: "state": "failed"
check: report_json
