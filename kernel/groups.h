/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's isolation groups: which functions cannot be kept from one
 * another, and why. Found once, when the units have been started.
 */
#ifndef KERNEL_GROUPS_H
#define KERNEL_GROUPS_H

#include "json.h"
#include "pci_group.h"

/*
 * Finds them and logs each function's as Linux does, "Adding to iommu group N". Needs started
 * units.
 */
void groups_init(void);

/* Why there are no groups; NULL: there are. */
const char *groups_none(void);
size_t groups_count(void);
/* How many functions, bridges too, are in one. */
size_t groups_functions(void);
/* NULL: no function has been looked at. Valid for good. */
const struct pci_group_member *groups_member(const struct pci_function *f);
/*
 * The group of what sends under a requester id, which may be an alias of the function found;
 * PCI_NO_GROUP, and *member is NULL where nobody does. member may be NULL.
 */
size_t groups_of_id(uint16_t segment, uint16_t rid, const struct pci_group_member **member);

/* As pci_turned_ranges(), on this machine; 0 without groups. */
size_t groups_turned(const struct pci_function *f, struct pci_range *out, size_t max);

/* One line a group with its members, one a member with its reason; every line starts with "# ". */
void groups_print(void);
void groups_print_group(size_t group);
/* "groups": [{id, members, reserved}], or "groups_none": why there are none, with an empty list. */
void groups_json(struct json *json);
/*
 * "group", "group_kind" (pci_group_reason_name()), "group_because" and "group_reason" of a
 * function, inside its object.
 */
void groups_json_function(struct json *json, const struct pci_function *f);

#endif
