/* SPDX-License-Identifier: BSD-2-Clause */
/* The shell on the console. */
#ifndef KERNEL_SHELL_H
#define KERNEL_SHELL_H

#include "shell_words.h"

/* Reads and runs commands until "exit" or the end of input (Ctrl-D). */
void shell_run(void);

/* ---- its commands, by file ---- */

extern const struct shell_command shell_iommu_commands[];   /* shell_iommu.c: iommu ... */

/* shell_show.c */
void shell_report(unsigned count, char *const *words);
void shell_acpi(unsigned count, char *const *words);
void shell_findings(unsigned count, char *const *words);
void shell_reserved(unsigned count, char *const *words);
void shell_irqs(unsigned count, char *const *words);
void shell_cmdline(unsigned count, char *const *words);
void shell_mem(unsigned count, char *const *words);
void shell_faults(unsigned count, char *const *words);
/* shell_qr.c */
void shell_qr(unsigned count, char *const *words);
/* shell_pci.c */
void shell_lspci(unsigned count, char *const *words);

/* Reads an id; says so where it is none. */
bool shell_want_id(const char *command, const char *word, struct shell_id *id);

#endif
