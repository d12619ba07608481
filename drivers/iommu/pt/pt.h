/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page tables: one engine (pt_engine.h), one constant and one file a format.
 *
 * The engine has no policy and sends no invalidation. Map and unmap say in a
 * struct iommu_gather what must be flushed, and hang the table pages that may
 * be freed afterwards on it; pt_free_gathered() frees them.
 * Callers on ranges that do not overlap may run at once: a table is installed
 * by compare-exchange.
 *
 * The kernel builds its own address spaces with the x86-64 format, so the
 * permissions are those of both worlds; a format ignores what it has no bit for.
 */
#ifndef IOMMU_PT_H
#define IOMMU_PT_H

#include "iommu/iommu.h"

/* pt permissions: IOMMU_READ, IOMMU_WRITE and, in formats that know them: */
#define PT_EXECUTE  4u      /* x86-64: absent sets NX */
#define PT_USER     8u      /* x86-64: U/S, at every level */
#define PT_UNCACHED 16u     /* x86-64: PCD | PWT */
#define PT_GLOBAL   32u     /* x86-64: G on leaves */
#define PT_WRITE_COMBINE 64u /* x86-64: PAT entry 1 (PWT), as the kernel programs it */

struct pt_table;

/* Where a walk begins. */
struct pt_root {
    uint64_t pa;
    unsigned levels;
};

struct pt_config {
    const struct iommu_platform *platform;  /* its pages, table_offset and dma_flush */
    void *platform_ctx;
    unsigned levels;        /* as the format has them; where it grows: those of the empty table */
    unsigned input_bits;    /* IOVAs are below 2^input_bits; 0: as the levels say, as it must be where canonical */
    /*
     * Leaves allowed: bit 12, which must be set, 21, and 30 only with 21. AMD
     * v1: any of 12 to 38, those above 21 only with 21, above 30 only with 30.
     */
    uint64_t page_sizes;
    unsigned output_bits;   /* widest physical address, up to 52 */
    bool coherent;          /* walks snoop the caches: no flush of cache lines */
    uint64_t table_limit_pa; /* highest address of a table page: IOMMU_ANY_PA */
    unsigned table_prot;    /* PT_USER: set U/S in table entries (x86-64) */
};

/*
 * One page table. Its members are the engine's; read levels, table_pages and
 * root_pa freely. It points into itself: it must stay where it was made.
 */
struct pt_table {
    struct pt_config config;
    uint64_t *root;
    uint64_t root_pa;
    uintptr_t table_offset; /* config.platform's, at hand */
    unsigned input_bits;    /* IOVAs are below 2^input_bits; x86-64: the canonical width */
    unsigned notices;       /* where trees grow: in gathers not freed yet; changed atomically (pt_walk.h) */
    uint64_t table_pages;   /* with the root, and unlinked ones until freed; changed atomically */
    uint64_t iova_bias;     /* what moves a canonical IOVA into [0, 2^input_bits); else 0 */

    /* Where trees grow, as one word: the root's address and, below bit 12, its levels. */
    uint64_t top;           /* walks begin here; root, root_pa and config.levels follow it */
    uint64_t grown;         /* the tallest root there is, if not raised yet; else 0 */

    /* For the operations on one page, which know tables of four levels only; see pt_create(). */
    uint64_t *start;        /* the root, or stand_in */
    uint64_t stand_in;      /* the one entry of a fourth level: leads to a root of three levels, or nowhere */
    uintptr_t below[3];     /* added to a settled entry of level 1, 2 or 3: the table it leads to */
    uint64_t iova_last;     /* the highest biased IOVA; */
    uint64_t iova_refused;  /* bits that the biased IOVA of a page, */
    uint64_t pa_refused;    /* and its physical address, must not have */
};

/* The operations of one format. A domain holds a pointer to its format's. */
struct pt_ops {
    const char *name;

    /*
     * Makes an empty table. IOMMU_ERR_NOMEM; IOMMU_ERR_UNSUPPORTED: levels or
     * page sizes the format has not.
     */
    enum iommu_status (*create)(struct pt_table *table, const struct pt_config *config);

    /* Frees all of it. Nothing may walk it any more. */
    void (*destroy)(struct pt_table *table);

    /*
     * Maps as iommu_map() says, with the largest leaves that fit, unmapping
     * what it did when it fails. gather receives what must be flushed although
     * entries only became present (an empty table replaced by a large leaf,
     * a level put in where one was skipped), and on failure what had been
     * mapped for a moment; tables is set when a table was linked, for units
     * that cache not-present entries. So sync the gather if it is not empty,
     * whatever map returned.
     */
    enum iommu_status (*map)(struct pt_table *table, const struct iommu_mapping *m,
                             struct iommu_gather *gather);

    /*
     * Unmaps as iommu_unmap_gather() says. A table is unlinked when the range
     * covers its whole span. Without unmapped (NULL) such a table is not read,
     * which is much cheaper. The hull takes in large pages that were split whole,
     * by this call or any before it: a unit may hold the large page until the
     * splitter has flushed. The mark of a split goes with its table, or with
     * the smaller leaves that have taken the large one's place. Above the root
     * of a tree that grows nothing is mapped, and that is all there is to say.
     */
    enum iommu_status (*unmap)(struct pt_table *table, uint64_t iova, uint64_t len,
                               struct iommu_gather *gather, uint64_t *unmapped);

    /*
     * The common cases of map and unmap, one page of 4 KiB or 2 MiB through
     * tables that stand: the entry, written and to be written back by the
     * caller. NULL: nothing was done; map and unmap will know what it is.
     */
    uint64_t *(*map_page)(struct pt_table *table, const struct iommu_mapping *m);
    uint64_t *(*unmap_page)(struct pt_table *table, uint64_t iova, uint64_t len);

    /* Where iova leads. IOMMU_ERR_NOT_FOUND: nowhere, and *pa is 0. */
    enum iommu_status (*translate)(const struct pt_table *table, uint64_t iova, uint64_t *pa);

    /*
     * The leaf at iova, any byte of it. IOMMU_ERR_NOT_FOUND: leaf->level is
     * where the walk ended.
     */
    enum iommu_status (*lookup)(const struct pt_table *table, uint64_t iova,
                                struct iommu_leaf *leaf);

    /*
     * Formats whose trees grow; NULL in others. grow() makes a taller root
     * that leads to the present one and suffices for the address last; the
     * table stays as it is until every unit walks from the new root and
     * raise() says so. Up to then map() refuses what the present root does not
     * reach (IOMMU_ERR_RANGE). One caller at a time; the other operations may
     * run meanwhile. A root that is not raised is freed with the table, and
     * what the next grow() returns or builds on. IOMMU_ERR_NOMEM;
     * IOMMU_ERR_RANGE: last is beyond input_bits
     */
    enum iommu_status (*grow)(struct pt_table *table, uint64_t last, struct pt_root *out);
    void (*raise)(struct pt_table *table, const struct pt_root *root);

    /*
     * Unlinks every table page that maps nothing onto the gather. Nothing else
     * may use the table meanwhile.
     */
    void (*trim)(struct pt_table *table, struct iommu_gather *gather);
};

extern const struct pt_ops pt_vtd_ss;   /* VT-d §9.8: second stage, 3 to 5 levels */
extern const struct pt_ops pt_amd_v1;   /* AMD-Vi §2.2.3: 1 to 6 levels, grows */
extern const struct pt_ops pt_x86_64;   /* VT-d §9.7 and the CPU's own: 4 or 5 levels */
/*
 * AMD-Vi guest tables for requests without a PASID (GIoV): x86-64 entries, 4 or
 * 5 levels, U/S always set, IOVAs of 47 or 56 bits, not sign-extended.
 */
extern const struct pt_ops pt_amd_v2;

/* Writes an entry back, where walks do not snoop. */
static inline void pt_flush_entry(const struct pt_table *table, const uint64_t *entry)
{
    if (!table->config.coherent)
        table->config.platform->dma_flush(table->config.platform_ctx, entry, sizeof(*entry));
}

/* Frees what a gather holds; only after the flush has completed. Leaves the gather empty. */
void pt_free_gathered(struct pt_table *table, struct iommu_gather *gather);

#endif
