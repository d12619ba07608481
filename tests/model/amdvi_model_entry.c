/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device table: where an entry lies (AMD-Vi §2.2.2, segments as §3.4),
 * which entries are illegal, and the watch for entries that were seen half
 * written (§2.2.2.2).
 */
#include <stdlib.h>
#include <string.h>

#include "amdvi_model_private.h"

enum { ILLEGAL_VALUE = 1, ILLEGAL_RESERVED = 2 };

/* The base register and the index in its table of an id: its top bits choose the segment. */
static unsigned segment_of(const struct am_unit *u, uint16_t rid, unsigned *index)
{
    unsigned bits = (unsigned)spec_get(u->control, ASPEC_CTL_DEV_TBL_SEG_EN);
    unsigned segment = (unsigned)rid >> (16 - bits);

    *index = rid & ((1u << (16 - bits)) - 1);
    return bits == 0 || segment == 0 ? ASPEC_DEV_TAB : ASPEC_DEV_TAB_SEG_1 + (segment - 1) * 8;
}

enum am_entry_state am_entry_fetch(struct am_unit *u, uint16_t rid, uint64_t words[4], uint64_t *pa)
{
    struct amdvi_model *m = u->model;
    unsigned index, offset = segment_of(u, rid, &index);
    uint64_t base = am_get(u, offset, 8), unused;
    uint64_t bytes =
        (spec_get(base, offset == ASPEC_DEV_TAB ? ASPEC_DEV_TAB_SIZE : ASPEC_DEV_TAB_SEG_SIZE) +
         1) *
        AM_PAGE;

    *pa = (base & ASPEC_DEV_TAB_ADDR) + (uint64_t)index * ASPEC_DTE_BYTES;
    if ((uint64_t)index * ASPEC_DTE_BYTES >= bytes)
        return AM_ENTRY_BEYOND;
    if (!am_is_ram(m, *pa, ASPEC_DTE_BYTES))
        return AM_ENTRY_NO_MEMORY;
    (void)am_fetch(u, *pa, &unused); /* says what is wrong with the page */
    am_fetch_halves(u, *pa, words);
    return AM_ENTRY_READ;
}

/* ---- legality ---- */

static uint64_t unless(bool there, uint64_t bits)
{
    return there ? 0 : bits;
}

static bool has_guest(const struct am_unit *u)
{
    return am_efr(u, ASPEC_EFR_GT_SUP) != 0 && am_control(u, ASPEC_CTL_GT_EN);
}

/* Fields of features that the unit has not, or that are off, are reserved. */
static bool translation_reserved(const struct am_unit *u, const uint64_t words[4])
{
    bool iotlb = (u->config->header & ASPEC_CAPH_IOTLB_SUP) != 0;
    uint64_t lo = ASPEC_DTE_W0_RESERVED | unless(am_efr(u, ASPEC_EFR_HA_SUP) != 0, ASPEC_DTE_HAD) |
                  unless(am_efr(u, ASPEC_EFR_PPR_SUP) != 0, ASPEC_DTE_PPR | ASPEC_DTE_GPRP) |
                  unless(am_efr(u, ASPEC_EFR_GIO_SUP) != 0, ASPEC_DTE_GIOV) |
                  unless(has_guest(u), ASPEC_DTE_GV | ASPEC_DTE_GLX | ASPEC_DTE_GCR3_14_12);
    uint64_t hi = unless(has_guest(u), ASPEC_DTE_GCR3_30_15 | ASPEC_DTE_GCR3_51_31) |
                  unless(iotlb, ASPEC_DTE_I | ASPEC_DTE_CACHE) |
                  unless(am_efr(u, ASPEC_EFR_SATS_SUP) != 0, ASPEC_DTE_SATS);

    return (words[0] & lo) != 0 || (words[1] & hi) != 0;
}

static bool interrupt_reserved(const struct am_unit *u, const uint64_t words[4])
{
    uint64_t lo =
        ASPEC_DTE_W2_RESERVED | ASPEC_DTE_HPT_MODE | unless(has_guest(u), ASPEC_DTE_GUEST_PAGING);
    uint64_t hi = ASPEC_DTE_W3_RESERVED |
                  unless(am_efr(u, ASPEC_EFR_VIOMMU_SUP) != 0,
                         ASPEC_DTE_VIMU_EN | ASPEC_DTE_GDEVICE | ASPEC_DTE_GUEST_ID) |
                  unless(am_efr(u, ASPEC_EFR_ATTR_FW_SUP) != 0,
                         ASPEC_DTE_ATTR_V | ASPEC_DTE_MODE0_FC | ASPEC_DTE_SNOOP_ATTR);

    return (words[2] & lo) != 0 || (words[3] & hi) != 0;
}

/* HATS: 0 is 4 levels, 1 is 5, 2 is 6, 3 none. */
static uint64_t host_levels(const struct am_unit *u)
{
    uint64_t hats = am_efr(u, ASPEC_EFR_HATS);

    return hats == 3 ? 0 : 4 + hats;
}

static bool translation_value(const struct am_unit *u, const uint64_t words[4])
{
    uint64_t had = spec_get(words[0], ASPEC_DTE_HAD);

    if (spec_get(words[1], ASPEC_DTE_IOCTL) == ASPEC_IOCTL_RESERVED || had == 2 ||
        (had == 3 && am_efr(u, ASPEC_EFR_HD_SUP) == 0))
        return true;
    if ((words[0] & ASPEC_DTE_TV) == 0)
        return false;
    if (spec_get(words[0], ASPEC_DTE_MODE) > host_levels(u))
        return true;
    if (u->config->snp && (words[0] & (ASPEC_DTE_MODE | ASPEC_DTE_GV)) == 0)
        return true;
    return (words[0] & ASPEC_DTE_GV) != 0 &&
           (spec_get(words[0], ASPEC_DTE_GLX) > am_efr(u, ASPEC_EFR_GLX_SUP) ||
            spec_get(words[2], ASPEC_DTE_GUEST_PAGING) > am_efr(u, ASPEC_EFR_GATS));
}

static bool interrupt_value(const uint64_t words[4])
{
    return spec_get(words[2], ASPEC_DTE_INT_CTL) == ASPEC_INT_CTL_RESERVED ||
           spec_get(words[2], ASPEC_DTE_INT_TAB_LEN) > ASPEC_INT_TAB_LEN_MAX;
}

unsigned am_entry_illegal(const struct am_unit *u, const uint64_t words[4])
{
    bool v = (words[0] & ASPEC_DTE_V) != 0, iv = (words[2] & ASPEC_DTE_IV) != 0;

    if ((v && translation_reserved(u, words)) || ((v || iv) && interrupt_reserved(u, words)))
        return ILLEGAL_RESERVED;
    return (v && translation_value(u, words)) || (iv && interrupt_value(words)) ? ILLEGAL_VALUE : 0;
}

bool amdvi_model_entry_is_illegal(const struct amdvi_model *m, unsigned unit,
                                  const uint64_t entry[4])
{
    return am_entry_illegal(&m->units[unit], entry) != 0;
}

bool amdvi_model_fetch_entry(struct amdvi_model *m, unsigned unit, uint16_t rid, uint64_t entry[4])
{
    uint64_t pa;
    bool read;

    am_lock(m);
    read = am_entry_fetch(am_unit(m, unit), rid, entry, &pa) == AM_ENTRY_READ;
    am_unlock(m);
    return read;
}

/* ---- the watch ---- */

void am_watch_look(struct amdvi_model *m)
{
    const struct am_watch *watch = &m->watch;
    uint64_t words[4], pa;

    am_irte_look(m);
    if (watch->unit == NULL || am_entry_fetch(watch->unit, watch->rid, words, &pa) != AM_ENTRY_READ)
        return;
    if (!watch->fn(watch->ctx, watch->rid, words))
        am_violation(m, "amdvi%u: entry of %04x seen as %016llx %016llx %016llx %016llx",
                     watch->unit->index, watch->rid, (unsigned long long)words[0],
                     (unsigned long long)words[1], (unsigned long long)words[2],
                     (unsigned long long)words[3]);
}

void amdvi_model_watch_entry(struct amdvi_model *m, unsigned unit, uint16_t rid,
                             amdvi_model_entry_fn *fn, void *ctx)
{
    am_lock(m);
    m->watch = (struct am_watch){
        .unit = fn == NULL ? NULL : am_unit(m, unit), .rid = rid, .fn = fn, .ctx = ctx
    };
    am_unlock(m);
}

/* Without the model's lock: a store of the driver's is looked at between any two of its
 * instructions. */
static void *checker(void *arg)
{
    struct amdvi_model *m = arg;
    const struct am_watch watch = m->watch;
    uint64_t words[4], pa;

    if (watch.unit == NULL) {
        am_irte_checker(m);
        return NULL;
    }
    if (am_entry_fetch(watch.unit, watch.rid, words, &pa) != AM_ENTRY_READ)
        return NULL;
    while (!__atomic_load_n(&m->checker_ends, __ATOMIC_RELAXED)) {
        am_fetch_halves(watch.unit, pa, words);
        m->checker_refused += !watch.fn(watch.ctx, watch.rid, words);
        __atomic_add_fetch(&m->checker_looks, 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

void amdvi_model_checker_start(struct amdvi_model *m)
{
    if ((m->watch.unit == NULL && m->irte_watch.unit == NULL) || m->checker_runs)
        abort();
    m->checker_ends = false;
    m->checker_looks = 0;
    m->checker_refused = 0;
    m->checker_runs = pthread_create(&m->checker, NULL, checker, m) == 0;
    if (!m->checker_runs)
        abort();
}

uint64_t amdvi_model_checker_looks(const struct amdvi_model *m)
{
    return __atomic_load_n(&m->checker_looks, __ATOMIC_RELAXED);
}

void amdvi_model_checker_stop(struct amdvi_model *m)
{
    __atomic_store_n(&m->checker_ends, true, __ATOMIC_RELAXED);
    pthread_join(m->checker, NULL);
    m->checker_runs = false;
    if (m->checker_refused != 0)
        am_violation(m, "amdvi: the checker refused the entry of %04x %llu times",
                     m->watch.unit != NULL ? m->watch.rid : m->irte_watch.rid,
                     (unsigned long long)m->checker_refused);
}
