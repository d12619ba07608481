/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The conformance suite as its embedder calls it: runs the catalogue's
 * scenarios on a struct suite_env and prints TAP 14. The verdict and the
 * totals line are the embedder's.
 */
#ifndef SUITE_SUITE_H
#define SUITE_SUITE_H

#include "env.h"

/* Is told how a run goes on, each time before it is printed. In the thread that runs the suite. */
struct tap_result;
struct suite_observer {
    void (*begin)(void *ctx, unsigned results);     /* how many there will be */
    void (*scenario)(void *ctx, const char *name);  /* starts */
    void (*result)(void *ctx, const struct tap_result *result);     /* tap.h */
    void *ctx;
};

struct suite_options {
    const char *run;    /* globs as in glob.h; NULL or "": everything */
    int loglevel;       /* SUITE_LOG_STEPS and up: a line before each scenario */
    const struct suite_observer *observer;  /* NULL: nobody */
};
#define SUITE_LOG_STEPS 3

struct suite_totals {
    unsigned passed;
    unsigned failed;
    unsigned skipped;
};

/*
 * Runs what options->run selects, prints "TAP version 14", one result a
 * scenario and exerciser, and the plan. Every device is blocked afterwards.
 */
struct suite_totals suite_run(struct suite_env *env, const struct suite_options *options);

/* Prints the names of what options->run selects, one a line. */
void suite_list(struct suite_env *env, const struct suite_options *options);

struct scenario_table;
/* The same with other scenarios than the catalogue's. */
struct suite_totals suite_run_tables(struct suite_env *env, const struct suite_options *options,
                                     const struct scenario_table *const *tables, size_t count);

#endif
