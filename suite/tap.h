/* SPDX-License-Identifier: BSD-2-Clause */
/* TAP 14 as the runner prints it. */
#ifndef SUITE_TAP_H
#define SUITE_TAP_H

#include "env.h"

struct tap {
    struct suite_env *env;
    unsigned count;     /* results printed so far */
};

struct tap_result {
    const char *name;
    bool ok;
    const char *skip;       /* the reason; NULL or "": not skipped */
    uint64_t time_us;       /* printed with ok */
    const char *expected;   /* the three lines of a failure; NULL or "" leaves one out */
    const char *seen;
    const char *cite;
};

void tap_begin(struct tap *tap, struct suite_env *env);
void tap_print(struct tap *tap, const struct tap_result *result);
void tap_end(struct tap *tap);      /* the plan */

/* Text straight to the console. */
void tap_text(struct suite_env *env, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
