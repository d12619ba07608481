/* SPDX-License-Identifier: BSD-2-Clause */
/* What the newest run of the suite came to, as the screen and the compact report have it. */
#ifndef KERNEL_RUN_RECORD_H
#define KERNEL_RUN_RECORD_H

#include "compact.h"
#include "suite.h"

struct run_record {
    unsigned total, done; /* results */
    unsigned passed, failed, skipped;
    bool bad; /* the run's status says so, whatever failed: set when it is over */
    char scenario[COMPACT_NAME_BYTES];
    char failures[COMPACT_FAILED][COMPACT_NAME_BYTES];
    uint64_t start_us, scenario_us; /* when the run, and the scenario, began */
};
extern struct run_record run_record;

/* Fills it. */
extern const struct suite_observer run_record_observer;

/* compact_make() of this machine. */
size_t run_record_compact(char *out, size_t size);

#endif
