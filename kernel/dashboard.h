/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The run at a glance: what is drawn on a panel while the suite runs, and when it is over.
 * Portable.
 */
#ifndef KERNEL_DASHBOARD_H
#define KERNEL_DASHBOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "big_text.h"
#include "panel.h"
#include "qr.h"

#define DASHBOARD_UNITS 8u
#define DASHBOARD_FAILED 24u
#define DASHBOARD_NAME_BYTES 64u

struct dashboard_unit {
    const char *name, *vendor;
    uint64_t registers_pa, faults;
    bool translating, remapping;
};

struct dashboard {
    const char *title;                /* "iommukit 0.1.0" */
    const char *processor, *firmware; /* firmware and loader */
    unsigned online, named;           /* processors */
    uint64_t ram_mib;
    struct dashboard_unit units[DASHBOARD_UNITS];
    size_t unit_count;   /* all of them */
    const char *no_unit; /* shown where there is none */
    /* The run. */
    unsigned done, total;         /* results */
    const char *scenario;         /* "": none yet */
    uint64_t run_us, scenario_us; /* elapsed */
    unsigned passed, failed, skipped;
    const char (*failures)[DASHBOARD_NAME_BYTES]; /* the first DASHBOARD_FAILED of them */
    /* Its end. */
    bool over, good;
    bool keys;                    /* somebody reads them */
    const char *verdict, *reason; /* "protected", "partial", "not-protected" */
    const struct qr *qr;          /* NULL: none */
    /* Filled when drawn: the panel's pictures point here. */
    struct big_text result, protection;
};

/* Smaller panels have no room for it. */
bool dashboard_fits(const struct panel *panel);
void dashboard_draw(struct dashboard *dashboard, struct panel *panel);
/* The QR code as large as it can be, with the hint below. */
void dashboard_draw_qr(const struct qr *qr, struct panel *panel, const char *hint);

#endif
