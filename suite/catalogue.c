/* SPDX-License-Identifier: BSD-2-Clause */
/* All scenarios, area by area, in the order in which they run. */
#include "scenario.h"

extern const struct scenario_table dma_scenarios;           /* dma.c */

const struct scenario_table *const suite_catalogue[] = {
    &dma_scenarios,
};

const size_t suite_catalogue_count = sizeof(suite_catalogue) / sizeof(suite_catalogue[0]);
