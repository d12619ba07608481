/* SPDX-License-Identifier: BSD-2-Clause */
/* What the runner does with a case before and after its scenario. */
#ifndef SUITE_CASE_H
#define SUITE_CASE_H

#include "scenario.h"

void case_add_master(struct suite_case *t, struct exerciser *ex);
/* The same without a device: no unit stands between it and memory. */
struct master *case_add_bare_master(struct suite_case *t, struct exerciser *ex);
/* Every id under which its requests may arrive, its own first; returns how many. */
size_t case_requester_ids(struct suite_env *env, struct exerciser *ex,
                          uint16_t rids[IOMMU_DEVICE_RIDS]);
/* Where the private memory of m is mapped in translated domains. */
uint64_t case_private_iova(const struct suite_case *t, const struct master *m);
/* Stops and blocks the masters, destroys the domains, frees the frames. */
void case_close(struct suite_case *t);

/* Measures how wide the addresses of master[0] are; not in the catalogue (width.c). */
extern const struct scenario width_measurement;
/* Exercisers with fewer bits than this do not know their width. */
#define WIDTH_KNOWN 32u

#endif
