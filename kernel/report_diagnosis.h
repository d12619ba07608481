/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of the report that judge: why the machine is protected or not, what
 * stood before this kernel, what is wrong with the firmware's tables, which
 * IOVAs can be used. Each as text (every line starts with "# ") and as members
 * of the JSON report.
 */
#ifndef KERNEL_REPORT_DIAGNOSIS_H
#define KERNEL_REPORT_DIAGNOSIS_H

#include "checks.h"
#include "finding.h"
#include "iommu/iommu.h"
#include "json.h"
#include "pci.h"

/*
 * One screen of 25 rows and 80 columns: what there is no room for is left to the full report. rest is what to ask
 * for that with; NULL: it follows at once.
 */
void report_summary(const char *rest);
/*
 * A line of that screen, without its newline, where it fits and leaves so many rows free; false: it
 * does not. What is wider than the screen takes as many rows as it is wrapped to.
 */
bool report_line(unsigned reserve, const char *format, ...) __attribute__((format(printf, 2, 3)));

size_t report_make_checks(struct check out[CHECKS_MAX]);
void report_checks_json(struct json *json);

/*
 * Whether the table claims DMA protection before boot (DMAR flag, IVinfo bit); false: it cannot be
 * read.
 */
bool report_opt_in(bool *opt_in);
void report_preboot_line(unsigned reserve);
void report_preboot(void);
void report_preboot_json(struct json *json);

/* Usable IOVAs, unit by unit, and of devices that have others than their unit's. */
void report_iova(void);
/* Of one device, as member "iova_ranges"; an empty list where it can be given none. */
void report_iova_json(struct json *json, const struct pci_function *f);
void report_domains_json(struct json *json);

/* What is wrong with the tables, and what scenarios have found since (suite/env.h). */
void report_findings(void);
/* As many of the worst as fit on the screen. */
void report_findings_summary(const char *rest);
void report_findings_json(struct json *json);
/* Hands each to sink, in the order of the report. */
void report_each_finding(const struct fw_sink *sink);
/* Where scenarios put theirs: printed at once, and kept. */
extern const struct fw_sink report_scenario_findings;

#endif
