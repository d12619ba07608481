/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known about the machine, as text or as JSON. */
#ifndef KERNEL_REPORT_H
#define KERNEL_REPORT_H

#include "cmdline.h"
#include "iommu/iommu.h"
#include "pci.h"

/* full: what to ask for the full report with, for the summary to say. */
void report_print(enum report_kind kind, const char *full);

/* Parts of it, which the shell shows alone; every line starts with "# ". */
void report_processor(void);
void report_memory(void);
void report_acpi(void);
void report_units(bool full);
void report_interrupts(void);
void report_handoff(void);
void report_handoff_units(const char *when, const struct iommu_handoff *handoff);
void report_topology(void);
void report_exercisers(void);

void report_reserved(void);

/* report_json.c: one object between ---8<--- report and --->8---. */
void report_json(void);

/*
 * The processor's vendor and name from CPUID, zero-terminated, without leading or trailing
 * spaces.
 */
#define CPU_NAME_BYTES 49
void report_cpu_names(char vendor[13], char name[CPU_NAME_BYTES]);
/* "vtd0", "none" where no unit covers f. */
const char *report_unit_of(const struct pci_function *f);
const char *report_door_name(void);
/* "0000:00:04.0" */
#define RID_TEXT_BYTES 16
void report_rid(char out[RID_TEXT_BYTES], uint16_t segment, uint16_t rid);

#endif
