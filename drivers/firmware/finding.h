/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A finding: what is wrong with what the firmware says, and what to do about
 * it. Made by judge.c and by who provokes faults; shown by the host tool and
 * by the kernel's report.
 */
#ifndef FIRMWARE_FINDING_H
#define FIRMWARE_FINDING_H

#include <stddef.h>
#include <stdint.h>

enum fw_severity {
    FW_NOTE,        /* worth knowing, nothing to mend; makes no finding of the exit status */
    FW_WARNING,     /* something will not work or is not protected as it could be */
    FW_ERROR,       /* an operating system refuses or ignores it, or protection has a hole */
};

/* The texts are valid during the call that hands it over. */
struct fw_finding {
    enum fw_severity severity;
    const char *id;         /* short and stable: "unit-base-zero", "ioapic-missing" */
    const char *table;      /* signature; "" where it is no table's */
    uint32_t offset;        /* of the byte in the table */
    const char *what;       /* one sentence with the values met */
    const char *trips;      /* which check of which operating system, ""; facts, no quotation */
    const char *remedy;     /* kernel parameter or firmware change, "" */
    const char *reference;  /* "VT-d §8.4" */
};

struct fw_sink {
    void (*found)(void *ctx, const struct fw_finding *finding);
    void *ctx;
};

/* "note", "warning", "error". */
const char *fw_severity_name(enum fw_severity severity);

#endif
