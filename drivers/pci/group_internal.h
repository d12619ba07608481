/* SPDX-License-Identifier: BSD-2-Clause */
/* What acs.c, group.c, group_text.c and group_quirks.c share. */
#ifndef PCI_GROUP_INTERNAL_H
#define PCI_GROUP_INTERNAL_H

#include "pci_group.h"
#include "pci_internal.h"

/* The entry that applies to f; NULL: none. Some hold only on machines with an AMD-Vi unit. */
const struct pci_quirk *pci_quirk_of(const struct pci_function *f, bool amd_unit);

/* A root port or a switch's downstream port: where requests may be turned round. */
bool pci_is_port(const struct pci_function *f);
/* Functions of one device, by device number or, with ARI, all of the bus. */
bool pci_same_device(const struct pci_function *a, const struct pci_function *b);
/* Its device has other functions; a virtual function does not count as one. */
bool pci_one_of_several(const struct pci_function *f);

#endif
