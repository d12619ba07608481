/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stood between devices and memory before this kernel: the hand-off
 * snapshot in words. A snapshot is one moment; what cannot be known from it is
 * said to be unknown. Portable.
 */
#ifndef KERNEL_PREBOOT_H
#define KERNEL_PREBOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "iommu/iommu.h"
#include "pci.h"
#include "preboot_dma.h"

enum preboot_verdict {
    PREBOOT_UNKNOWN,        /* no snapshot, or no unit in it that answers */
    PREBOOT_OPEN,           /* nothing stood between a bus master and memory */
    PREBOOT_REGIONS,        /* only protected regions or exclusion kept memory apart */
    PREBOOT_SOME,           /* some units translated, the others did not */
    PREBOOT_TRANSLATED,     /* every unit did */
};

struct preboot_facts {
    const struct iommu_handoff *before_exit;    /* before ExitBootServices; taken == 0: nobody was there */
    const struct iommu_handoff *entry;          /* at kernel entry */
    bool opt_in_known, opt_in;          /* the table says that firmware protected memory from DMA before boot */
    const struct pci_function *functions;       /* linked; NULL: not known */
    const struct preboot_dma *dma;      /* what was sent before the units were programmed */
    size_t blocked, passed;             /* exercisers whose DMA was sent while this kernel blocked it */
};

struct preboot {
    enum preboot_verdict verdict;
    size_t units, translating, regions; /* of the earlier snapshot: that answer, translate, protect regions */
    size_t masters;                     /* functions but bridges that had bus mastering on at kernel entry */
    bool before_exit;                   /* it is the snapshot before ExitBootServices that is judged */
    bool opt_in_broken;                 /* the table claims protection, and there was none */
};

void preboot_judge(const struct preboot_facts *facts, struct preboot *out);
/* "open", "protected-regions", ... */
const char *preboot_verdict_name(enum preboot_verdict verdict);
/* The verdict as one sentence. */
void preboot_summary(const struct preboot *judged, char *out, size_t size);
/* Whether it is a bus master that counts: no bridge of any kind, on at entry. */
bool preboot_is_master(const struct pci_function *f);

/* Every sentence there is to say, one call each, without newline. */
typedef void preboot_put(void *ctx, const char *sentence);
void preboot_explain(const struct preboot_facts *facts, const struct preboot *judged, preboot_put *put, void *ctx);

#endif
