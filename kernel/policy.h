/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the command line makes of devices that nobody has given a domain, said in the log (Linux
 * prints the same facts).
 */
#ifndef KERNEL_POLICY_H
#define KERNEL_POLICY_H

#include <stddef.h>

#include "cmdline.h"

/*
 * One line without "# " and newline: the type of default domains, strict or lazy, and which of
 * both was asked for.
 */
size_t policy_line(const struct options *options, char *out, size_t size);

#endif
