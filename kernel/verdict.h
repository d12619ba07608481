/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether the machine is protected. */
#ifndef KERNEL_VERDICT_H
#define KERNEL_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#define VERDICT_REASON_BYTES 384

/* "protected", "partial" or "not-protected", and why in reason. */
const char *machine_verdict(char *reason, size_t size);
/* What is unprotected is so by a word of the command line alone. */
bool machine_open_as_asked(void);

#endif
