/* SPDX-License-Identifier: BSD-2-Clause */
/* The shell on the console. */
#ifndef KERNEL_SHELL_H
#define KERNEL_SHELL_H

/* Reads and runs commands until "exit". */
void shell_run(void);

#endif
