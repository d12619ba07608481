/* SPDX-License-Identifier: BSD-2-Clause */
/* All scenarios, area by area, in the order in which they run. */
#include "scenario.h"

/* One table an area. The first needs devices that were never attached. */
const struct scenario_table *const suite_catalogue[] = {
    &entry_scenarios,           /* domains.c */
    &takeover_scenarios,        /* takeover.c */
    &dma_scenarios,             /* dma.c */
    &map_scenarios,             /* tables.c */
    &leaf_scenarios,            /* leaves.c */
    &flush_scenarios,           /* invalidation.c */
    &domain_scenarios,          /* domains.c */
    &topology_scenarios,        /* topology.c */
    &peer_scenarios,            /* peer.c */
    &stress_scenarios,          /* stress.c */
    &smp_scenarios,             /* smp.c */
    &fault_scenarios,           /* faults.c */
    &reserved_scenarios,        /* reserved.c */
    &irq_scenarios,             /* irq.c */
    &irq_pin_scenarios,         /* irq_pins.c */
    &irq_blocked_scenarios,     /* irq_blocked.c */
    &intel_scenarios,           /* intel.c */
    &amd_scenarios,             /* amd.c */
};

const size_t suite_catalogue_count = sizeof(suite_catalogue) / sizeof(suite_catalogue[0]);
