/* SPDX-License-Identifier: BSD-2-Clause */
/* PCI functions of a running Linux machine, from /sys/bus/pci. */
#ifndef LINT_SYSFS_PCI_H
#define LINT_SYSFS_PCI_H

#include <stdbool.h>

#include "pci.h"

struct files;

struct sysfs_pci {
    const struct pci_function *functions;   /* NULL: there are none, or the folder is not there */
    /* Of some only the first 64 bytes are readable: capabilities and ACS are not known. */
    bool partial;
    unsigned left_out;      /* functions in domains above ffff, or whose function 0 is not there */
    struct files *files;    /* what the list rests on */
};

/*
 * sysfs is "/sys" or a folder with a bus/pci/devices like it. Nothing is written. What cannot be
 * known is said on stderr. Out of memory ends the program.
 */
struct sysfs_pci sysfs_pci_load(const char *sysfs);
void sysfs_pci_free(struct sysfs_pci *pci);

/* The list alone, to be kept for good. */
const struct pci_function *sysfs_pci_read(const char *sysfs);

#endif
