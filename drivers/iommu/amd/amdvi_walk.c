/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an AMD-Vi unit does with a request, step by step: device table entry
 * (AMD-Vi §2.2.2), host tables with skipped levels and encoded sizes (§2.2.3),
 * guest tables of requests without a PASID (§2.2.6). The tables are those the
 * unit has been given, its own or a predecessor's, and may say anything. Nested
 * tables, and what secure nested paging adds, are left out.
 */
#include "amd/amdvi.h"
#include "dump.h"

/* §2.2.3 Host entries */
#define V1_PR           BIT64(0)
#define V1_A            BIT64(5)
#define V1_D            BIT64(6)
#define V1_NEXT         BITS64(11, 9)
#define V1_ADDR         BITS64(51, 12)
#define V1_U            BIT64(59)
#define V1_FC           BIT64(60)
#define V1_IR           BIT64(61)
#define V1_IW           BIT64(62)
#define V1_RIGHTS       BITS64(62, 61)
#define V1_LEAF         0u
#define V1_SIZED        7u
#define V1_LEAF_RESERVED BITS64(58, 52)
#define V1_TABLE_RESERVED BITS64(60, 52)

/* §2.2.6.5 Guest entries */
#define V2_P            BIT64(0)
#define V2_RW           BIT64(1)
#define V2_US           BIT64(2)
#define V2_PWT          BIT64(3)
#define V2_PCD          BIT64(4)
#define V2_A            BIT64(5)
#define V2_D            BIT64(6)
#define V2_PS           BIT64(7)
#define V2_G            BIT64(8)
#define V2_ADDR         BITS64(51, 12)
#define V2_NX           BIT64(63)
#define V2_LARGE_MAX    3u      /* levels 2 and 3 have large pages; bit 12 of them is PAT */
#define V2_LARGE_PAT    BIT64(12)
#define GUEST_LEVELS    4u      /* GuestPagingMode 0 */

/* HAD */
#define HAD_RESERVED    2u
#define HAD_DIRTY       3u

#define LEVEL_BITS 9u
#define LEVEL_ENTRIES 512u
#define HOST_TOP 6u             /* takes in 64 bits; has no pages */

static const char *const mode_names[] = { "no host table", "1 level", "2 levels", "3 levels",
                                          "4 levels", "5 levels", "6 levels", "reserved" };
static const char *const control_names[] = { "abort", "forward", "translate", "reserved" };
static const char *const remap_names[] = { "abort", "forward", "remap", "reserved" };
static const char *const next_names[] = { "page", "level 1", "level 2", "level 3", "level 4",
                                          "level 5", "level 6", "page of encoded size" };
static const char *const guest_names[] = { "4 levels", "5 levels", "reserved", "reserved" };

static const struct dump_field entry_list[] = {
    DUMP_FIELD("V", AMDVI_DTE0_V),
    DUMP_FIELD("TV", AMDVI_DTE0_TV),
    DUMP_FIELD("HAD", AMDVI_DTE0_HAD),
    DUMP_MEANING("Mode", AMDVI_DTE0_MODE, mode_names),
    DUMP_ADDRESS("Root", AMDVI_DTE0_ROOT),
    DUMP_FIELD("PPR", AMDVI_DTE0_PPR),
    DUMP_FIELD("GIoV", AMDVI_DTE0_GIOV),
    DUMP_FIELD("GV", AMDVI_DTE0_GV),
    DUMP_FIELD("GLX", AMDVI_DTE0_GLX),
    DUMP_FIELD("IR", AMDVI_DTE0_IR),
    DUMP_FIELD("IW", AMDVI_DTE0_IW),
    DUMP_FIELD_OF(1, "DomainID", AMDVI_DTE1_DOMAIN_ID),
    DUMP_FIELD_OF(1, "I", AMDVI_DTE1_I),
    DUMP_FIELD_OF(1, "SE", AMDVI_DTE1_SE),
    DUMP_FIELD_OF(1, "SA", AMDVI_DTE1_SA),
    DUMP_MEANING_OF(1, "IoCtl", AMDVI_DTE1_IO_CTL, control_names),
    DUMP_FIELD_OF(1, "SD", AMDVI_DTE1_SD),
    DUMP_FIELD_OF(1, "EX", AMDVI_DTE1_EX),
    DUMP_FIELD_OF(1, "SysMgt", AMDVI_DTE1_SYS_MGT),
    DUMP_FIELD_OF(2, "IV", AMDVI_DTE2_IV),
    DUMP_FIELD_OF(2, "IntTabLen", AMDVI_DTE2_INT_TAB_LEN),
    DUMP_FIELD_OF(2, "IG", AMDVI_DTE2_IG),
    DUMP_ADDRESS_OF(2, "IntTabRoot", AMDVI_DTE2_INT_TAB_ROOT),
    DUMP_MEANING_OF(2, "GuestPagingMode", AMDVI_DTE2_GUEST_PAGING_MODE, guest_names),
    DUMP_FIELD_OF(2, "InitPass", AMDVI_DTE2_INIT_PASS),
    DUMP_FIELD_OF(2, "EIntPass", AMDVI_DTE2_EINT_PASS),
    DUMP_FIELD_OF(2, "NMIPass", AMDVI_DTE2_NMI_PASS),
    DUMP_MEANING_OF(2, "IntCtl", AMDVI_DTE2_INT_CTL, remap_names),
    DUMP_FIELD_OF(2, "Lint0Pass", AMDVI_DTE2_LINT0_PASS),
    DUMP_FIELD_OF(2, "Lint1Pass", AMDVI_DTE2_LINT1_PASS),
};
static const struct dump_field control_list[] = { DUMP_FIELD("IommuEn", AMDVI_CONTROL_IOMMU_EN) };
static const struct dump_field table_list[] = {
    DUMP_ADDRESS("Base", AMDVI_DEV_TAB_BASE), DUMP_FIELD("Size", AMDVI_DEV_TAB_SIZE),
};
static const struct dump_field host_list[] = {
    DUMP_FIELD("PR", V1_PR),
    DUMP_MEANING("NextLevel", V1_NEXT, next_names),
    DUMP_ADDRESS("Address", V1_ADDR),
    DUMP_FIELD("IR", V1_IR),
    DUMP_FIELD("IW", V1_IW),
    DUMP_FIELD("A", V1_A),
    DUMP_FIELD("D", V1_D),
    DUMP_FIELD("U", V1_U),
    DUMP_FIELD("FC", V1_FC),
};
static const struct dump_field gcr3_list[] = {
    DUMP_FIELD("V", AMDVI_GCR3_V), DUMP_ADDRESS("Address", AMDVI_GCR3_ADDRESS),
};
static const struct dump_field guest_list[] = {
    DUMP_FIELD("P", V2_P),     DUMP_FIELD("RW", V2_RW),
    DUMP_FIELD("US", V2_US),   DUMP_FIELD("PWT", V2_PWT),
    DUMP_FIELD("PCD", V2_PCD), DUMP_FIELD("A", V2_A),
    DUMP_FIELD("D", V2_D),     DUMP_FIELD("PS", V2_PS),
    DUMP_FIELD("G", V2_G),     DUMP_ADDRESS("Address", V2_ADDR),
    DUMP_FIELD("NX", V2_NX),
};
static const struct dump_fields entry_fields = DUMP_FIELDS(entry_list),
                                control_fields = DUMP_FIELDS(control_list),
                                table_fields = DUMP_FIELDS(table_list),
                                host_fields = DUMP_FIELDS(host_list),
                                gcr3_fields = DUMP_FIELDS(gcr3_list),
                                guest_fields = DUMP_FIELDS(guest_list);

static const char *const level_names[] = { "",
                                           "level 1 entry",
                                           "level 2 entry",
                                           "level 3 entry",
                                           "level 4 entry",
                                           "level 5 entry",
                                           "level 6 entry" };

struct walk {
    struct amdvi_unit *unit;
    const struct iommu_debug_visitor *visitor;
    struct iommu_debug_walk *out;
    uint64_t iova;
    struct amdvi_dte entry;
};

/* ---- the device table ---- */

static bool no_memory(struct iommu_debug_walk *out, uint32_t event, const char *why)
{
    dump_refuse(out, event, why);
    out->outcome = IOMMU_DEBUG_UNKNOWN;
    return false;
}

/* The top bits of an id choose the table, where there are several (§2.2.1, DevTblSegEn). */
static struct reg64 table_of(const struct amdvi_unit *unit, uint16_t rid, unsigned *index)
{
    unsigned bits =
        (unsigned)field_get(reg_read64(&unit->regs, AMDVI_CONTROL), AMDVI_CONTROL_DEV_TBL_SEG_EN);
    unsigned segment = bits > 3 ? 0 : (unsigned)rid >> (16 - bits);

    *index = bits > 3 ? rid : rid & ((1u << (16 - bits)) - 1);
    return segment == 0 ? AMDVI_DEV_TAB : AMDVI_DEV_TAB_SEGMENT(segment);
}

bool amdvi_debug_entry(struct amdvi_unit *unit, uint16_t rid,
                       const struct iommu_debug_visitor *visitor, struct amdvi_dte *entry,
                       struct iommu_debug_walk *out)
{
    struct iommu_debug_item item = { .name = "device table entry", .bits = 256 };
    struct reg64 reg = table_of(unit, rid, &item.index);
    uint64_t table = reg_read64(&unit->regs, reg);

    if ((uint64_t)item.index >= (field_get(table, AMDVI_DEV_TAB_SIZE) + 1) * AMDVI_DTES_PER_PAGE) {
        dump_refuse(out, AMDVI_EVENT_IO_PAGE_FAULT, "the device table has no entry for the id");
        return false;
    }
    item.at = (table & AMDVI_DEV_TAB_BASE) + (uint64_t)item.index * sizeof(*entry);
    if (!dump_read(&unit->base, item.at, item.words, 4))
        return no_memory(out, AMDVI_EVENT_DEV_TAB_HARDWARE_ERROR,
                         "the device table lies where there is no memory");
    for (unsigned i = 0; i < 4; i++)
        entry->q[i] = item.words[i];
    if (visitor == NULL)
        return true;
    dump_register64(visitor, &unit->regs, "DEV_TAB", reg, &table_fields);
    dump_item(visitor, &item, &entry_fields);
    return true;
}

static void pass(const struct walk *w, unsigned prot, const char *why)
{
    w->out->outcome = IOMMU_DEBUG_UNTRANSLATED;
    w->out->pa = w->iova;
    w->out->prot = prot;
    w->out->why = why;
}

static void page_fault(const struct walk *w, const char *why)
{
    dump_refuse(w->out, AMDVI_EVENT_IO_PAGE_FAULT, why);
}

/* Fields are reserved where the feature is missing that they belong to (§2.2.2). */
enum feature { FEATURE_EFR, FEATURE_EFR2, FEATURE_HEADER, FEATURE_CONTROL };
static const struct {
    unsigned word;
    uint64_t bits;
    enum feature where;
    uint64_t needs;
} gates[] = {
    { 0, AMDVI_DTE0_CXL_ATTRIBUTE, FEATURE_EFR2, AMDVI_EFR2_CXL_IO_SUP },
    { 0, AMDVI_DTE0_HAD, FEATURE_EFR, AMDVI_EFR_HA_SUP },
    { 0, AMDVI_DTE0_PPR | AMDVI_DTE0_GPRP, FEATURE_EFR, AMDVI_EFR_PPR_SUP },
    { 0, AMDVI_DTE0_GIOV, FEATURE_EFR, AMDVI_EFR_GIO_SUP },
    { 0, AMDVI_DTE0_GV | AMDVI_DTE0_GLX | AMDVI_DTE0_GCR3_14_12, FEATURE_EFR, AMDVI_EFR_GT_SUP },
    { 0, AMDVI_DTE0_GV | AMDVI_DTE0_GLX | AMDVI_DTE0_GCR3_14_12, FEATURE_CONTROL,
      AMDVI_CONTROL_GT_EN },
    { 1, AMDVI_DTE1_GCR3_30_15 | AMDVI_DTE1_GCR3_51_31, FEATURE_CONTROL, AMDVI_CONTROL_GT_EN },
    { 1, AMDVI_DTE1_I | AMDVI_DTE1_CACHE, FEATURE_HEADER, AMDVI_CAP_HEADER_IOTLB_SUP },
    { 1, AMDVI_DTE1_SATS, FEATURE_EFR, AMDVI_EFR_SAT_SUP },
    { 2, AMDVI_DTE2_GUEST_PAGING_MODE, FEATURE_CONTROL, AMDVI_CONTROL_GT_EN },
    { 2, AMDVI_DTE2_HPT_MODE, FEATURE_EFR, AMDVI_EFR_SNP_SUP },
    { 3, AMDVI_DTE3_VM_TAG | AMDVI_DTE3_VM_GW, FEATURE_EFR, AMDVI_EFR_SNP_SUP },
    { 3, AMDVI_DTE3_VIMU_EN | AMDVI_DTE3_G_DEVICE_ID | AMDVI_DTE3_GUEST_ID, FEATURE_EFR,
      AMDVI_EFR_VIOMMU_SUP },
    { 3, AMDVI_DTE3_ATTR_V | AMDVI_DTE3_MODE0_FC | AMDVI_DTE3_SNOOP_ATTRIBUTE, FEATURE_EFR,
      AMDVI_EFR_ATTR_FW_SUP },
};
#define DTE3_RESERVED (BITS64(205 - 192, 204 - 192) | BITS64(244 - 192, 240 - 192))

static uint64_t features(const struct amdvi_unit *unit, enum feature where)
{
    switch (where) {
    case FEATURE_EFR:
        return unit->efr;
    case FEATURE_EFR2:
        return unit->efr2;
    case FEATURE_HEADER:
        return unit->header;
    case FEATURE_CONTROL:
        break;
    }
    return reg_read64(&unit->regs, AMDVI_CONTROL);
}

static bool has_reserved(const struct walk *w)
{
    const uint64_t *q = w->entry.q;

    if ((q[0] & AMDVI_DTE0_RESERVED) || (q[2] & AMDVI_DTE2_RESERVED) || (q[3] & DTE3_RESERVED))
        return true;
    for (size_t i = 0; i < DUMP_COUNT(gates); i++)
        if ((q[gates[i].word] & gates[i].bits) &&
            !(features(w->unit, gates[i].where) & gates[i].needs))
            return true;
    return false;
}

/* HATS and GATS count levels from 4 on; what both say is that the unit has not more. */
static bool has_levels(const struct walk *w)
{
    unsigned hats = (unsigned)field_get(w->unit->efr, AMDVI_EFR_HATS);
    unsigned host_levels = hats == AMDVI_HATS_NONE ? 0 : hats + 4;
    const uint64_t *q = w->entry.q;

    if (!(q[0] & AMDVI_DTE0_TV))
        return true;
    if (field_get(q[0], AMDVI_DTE0_MODE) > host_levels)
        return false;
    return !(q[0] & AMDVI_DTE0_GV) ||
           (field_get(q[0], AMDVI_DTE0_GLX) <= field_get(w->unit->efr, AMDVI_EFR_GLX_SUP) &&
            field_get(q[2], AMDVI_DTE2_GUEST_PAGING_MODE) <=
                field_get(w->unit->efr, AMDVI_EFR_GATS) &&
            field_get(q[2], AMDVI_DTE2_GUEST_PAGING_MODE) <= AMDVI_GUEST_5_LEVELS);
}

static bool has_values(const struct walk *w)
{
    const uint64_t *q = w->entry.q;
    unsigned had = (unsigned)field_get(q[0], AMDVI_DTE0_HAD);

    if (field_get(q[1], AMDVI_DTE1_IO_CTL) > AMDVI_CTL_TRANSLATE || had == HAD_RESERVED ||
        (had == HAD_DIRTY && !(w->unit->efr & AMDVI_EFR_HD_SUP)))
        return false;
    return !(q[2] & AMDVI_DTE2_IV) ||
           (field_get(q[2], AMDVI_DTE2_INT_CTL) <= AMDVI_CTL_TRANSLATE &&
            field_get(q[2], AMDVI_DTE2_INT_TAB_LEN) <= AMDVI_INT_TAB_LEN_2048);
}

/* What the unit refuses to work with (§2.2.2, Table 8). */
static bool is_legal(const struct walk *w)
{
    const char *why =
        has_reserved(w)  ? "a reserved bit of the entry is set"
        : !has_levels(w) ? "the unit has no tables of so many levels (Mode, GLX, GuestPagingMode)"
        : !has_values(w) ? "a field has a reserved value (HAD, IoCtl, IntCtl, IntTabLen)"
                         : NULL;

    if (why != NULL)
        dump_refuse(w->out, AMDVI_EVENT_ILLEGAL_DEV_TABLE_ENTRY, why);
    return why == NULL;
}

/*
 * §3.3: neither translated nor checked. With secure nested paging the registers mean something
 * else.
 */
static bool is_excluded(const struct walk *w)
{
    uint64_t base = reg_read64(&w->unit->regs, AMDVI_EXCL_BASE);
    uint64_t limit = reg_read64(&w->unit->regs, AMDVI_EXCL_LIMIT) & AMDVI_EXCL_LIMIT_ADDRESS;

    if (!(base & AMDVI_EXCL_BASE_EX_EN) || (w->unit->efr & AMDVI_EFR_SNP_SUP))
        return false;
    return ((base & AMDVI_EXCL_BASE_ALLOW) || (w->entry.q[1] & AMDVI_DTE1_EX)) &&
           w->iova >= (base & AMDVI_EXCL_BASE_ADDRESS) && w->iova <= (limit | (IOMMU_PAGE - 1));
}

/* ---- tables: level 1 has pages of 4 KiB ---- */

static unsigned shift_of(unsigned level)
{
    return 12 + LEVEL_BITS * (level - 1);
}

static void finish(const struct walk *w, uint64_t page_pa, unsigned shift, unsigned prot)
{
    struct iommu_debug_walk *out = w->out;

    out->outcome = IOMMU_DEBUG_TRANSLATED;
    out->size_shift = shift;
    out->pa = (page_pa & ~(BIT64(shift) - 1)) | (w->iova & (BIT64(shift) - 1));
    out->prot = prot;
    if (prot == 0)
        page_fault(w, "the levels together give neither read nor write");
}

static bool table_entry(const struct walk *w, uint64_t table, unsigned level,
                        const struct dump_fields *fields, uint64_t *entry)
{
    struct iommu_debug_item item = { .name = level_names[level], .bits = 64 };

    item.index = (uint32_t)(w->iova >> shift_of(level)) % LEVEL_ENTRIES;
    item.at = table + item.index * sizeof(*entry);
    if (!dump_read(&w->unit->base, item.at, item.words, 1))
        return no_memory(w->out, AMDVI_EVENT_PAGE_TAB_HARDWARE_ERROR,
                         "the page table lies where there is no memory");
    dump_item(w->visitor, &item, fields);
    *entry = item.words[0];
    return true;
}

/* NextLevel 7: the lowest zero from bit 12 on is that of the size, halved. */
static unsigned encoded_shift(uint64_t entry)
{
    return (unsigned)__builtin_ctzll(~(entry | (IOMMU_PAGE - 1))) + 1;
}

static void host_leaf(const struct walk *w, uint64_t entry, unsigned level, unsigned prot)
{
    unsigned shift = shift_of(level);

    if (entry & V1_LEAF_RESERVED) {
        page_fault(w, "a reserved bit of the entry is set");
        return;
    }
    if (field_get(entry, V1_NEXT) == V1_SIZED) {
        shift = encoded_shift(entry);
        if (shift <= shift_of(level) || shift >= shift_of(level + 1)) {
            page_fault(w, "the encoded size is none of the level's");
            return;
        }
    }
    if (level == HOST_TOP || shift > 51) {
        page_fault(w, "the level has no pages");
        return;
    }
    finish(w, entry & V1_ADDR, shift, prot);
}

/* Address bits of levels that are left out must be zero. */
static bool skips_set_bits(const struct walk *w, unsigned level, unsigned next)
{
    uint64_t below = shift_of(level) >= 64 ? ~0ull : BIT64(shift_of(level)) - 1;

    return (w->iova & below) >> shift_of(next + 1) != 0;
}

static bool host_next(const struct walk *w, uint64_t entry, unsigned level)
{
    unsigned next = (unsigned)field_get(entry, V1_NEXT);

    if (entry & V1_TABLE_RESERVED)
        page_fault(w, "a reserved bit of the entry is set");
    else if (next >= level)
        page_fault(w, "NextLevel does not lead down");
    else if (skips_set_bits(w, level, next))
        page_fault(w, "the address has bits of a level that is left out");
    return w->out->outcome != IOMMU_DEBUG_REFUSED;
}

static void host(const struct walk *w)
{
    unsigned level = (unsigned)field_get(w->entry.q[0], AMDVI_DTE0_MODE);
    unsigned prot = (unsigned)field_get(w->entry.q[0], AMDVI_DTE0_IR | AMDVI_DTE0_IW);
    uint64_t table = w->entry.q[0] & AMDVI_DTE0_ROOT, entry;

    if (level < HOST_TOP && w->iova >> shift_of(level + 1) != 0) {
        page_fault(w, "the address has more bits than the tables (Mode)");
        return;
    }
    for (;;) {
        unsigned next;

        if (!table_entry(w, table, level, &host_fields, &entry))
            return;
        if (!(entry & V1_PR)) {
            page_fault(w, "nothing is mapped there (PR = 0)");
            return;
        }
        prot &= (unsigned)field_get(entry, V1_RIGHTS);
        next = (unsigned)field_get(entry, V1_NEXT);
        if (next == V1_LEAF || next == V1_SIZED) {
            host_leaf(w, entry, level, prot);
            return;
        }
        if (!host_next(w, entry, level))
            return;
        table = entry & V1_ADDR;
        level = next;
    }
}
_Static_assert(IOMMU_READ == 1 && IOMMU_WRITE == 2, "permissions are IR and IW, in this order");

/* ---- guest tables ---- */

/* The entry of PASID 0, which is the first at every level. */
static bool guest_root(const struct walk *w, uint64_t *table)
{
    const uint64_t *q = w->entry.q;
    struct iommu_debug_item item = { .name = "GCR3 entry", .bits = 64 };

    *table = field_get(q[0], AMDVI_DTE0_GCR3_14_12) << 12 |
             field_get(q[1], AMDVI_DTE1_GCR3_30_15) << 15 |
             field_get(q[1], AMDVI_DTE1_GCR3_51_31) << 31;
    for (unsigned level = (unsigned)field_get(q[0], AMDVI_DTE0_GLX) + 1; level > 0; level--) {
        item.at = *table;
        if (!dump_read(&w->unit->base, item.at, item.words, 1))
            return no_memory(w->out, AMDVI_EVENT_PAGE_TAB_HARDWARE_ERROR,
                             "the GCR3 table lies where there is no memory");
        dump_item(w->visitor, &item, &gcr3_fields);
        if (!(item.words[0] & AMDVI_GCR3_V)) {
            page_fault(w, "no guest table for requests without a PASID (V = 0)");
            return false;
        }
        *table = item.words[0] & AMDVI_GCR3_ADDRESS;
    }
    return true;
}

static bool is_guest_leaf(uint64_t entry, unsigned level)
{
    return level == 1 || (level <= V2_LARGE_MAX && (entry & V2_PS));
}

static uint64_t guest_reserved(const struct walk *w, uint64_t entry, unsigned level)
{
    uint64_t reserved = V2_ADDR & ~(iommu_width_end(w->unit->base.output_bits) - 1);

    if (level > V2_LARGE_MAX)
        reserved |= V2_PS;
    if (level > 1 && is_guest_leaf(entry, level))
        reserved |= V2_ADDR & (BIT64(shift_of(level)) - 1) & ~V2_LARGE_PAT;
    if (!(w->unit->efr & AMDVI_EFR_NX_SUP))
        reserved |= V2_NX;
    return reserved;
}

static void guest(const struct walk *w)
{
    unsigned levels =
        GUEST_LEVELS + (unsigned)field_get(w->entry.q[2], AMDVI_DTE2_GUEST_PAGING_MODE);
    unsigned prot = (unsigned)field_get(w->entry.q[0], AMDVI_DTE0_IR | AMDVI_DTE0_IW);
    uint64_t table, entry;

    if (w->iova >> shift_of(levels + 1) != 0) {
        page_fault(w, "the address has more bits than the tables (GuestPagingMode)");
        return;
    }
    if (!guest_root(w, &table))
        return;
    for (unsigned level = levels;; level--, table = entry & V2_ADDR) {
        if (!table_entry(w, table, level, &guest_fields, &entry))
            return;
        if (!(entry & V2_P)) {
            page_fault(w, "nothing is mapped there (P = 0)");
            return;
        }
        if (entry & guest_reserved(w, entry, level)) {
            page_fault(w, "a reserved bit of the entry is set");
            return;
        }
        if (!(entry & V2_RW))
            prot &= ~IOMMU_WRITE;
        if ((w->unit->efr & AMDVI_EFR_US_SUP) && !(entry & V2_US))
            prot = 0;
        if (is_guest_leaf(entry, level)) {
            finish(w, entry & V2_ADDR, shift_of(level), prot);
            return;
        }
    }
}

/* ---- all of it ---- */

static void by_entry(const struct walk *w)
{
    const uint64_t *q = w->entry.q;
    unsigned prot = (unsigned)field_get(q[0], AMDVI_DTE0_IR | AMDVI_DTE0_IW);
    bool is_host = field_get(q[0], AMDVI_DTE0_MODE) != AMDVI_DTE_MODE_NONE;
    bool is_guest = (q[0] & (AMDVI_DTE0_GV | AMDVI_DTE0_GIOV)) == (AMDVI_DTE0_GV | AMDVI_DTE0_GIOV);

    if (!(q[0] & AMDVI_DTE0_TV))
        page_fault(w, "the device is blocked (TV = 0)");
    else if (is_guest && is_host)
        dump_give_up(w->out, "nested tables are not looked at");
    else if (is_guest)
        guest(w);
    else if (is_host)
        host(w);
    else if (prot != 0)
        pass(w, prot, "the device passes through (Mode = 0)");
    else
        page_fault(w, "the device is blocked (Mode = 0, IR = IW = 0)");
}

static void walk(struct walk *w, uint16_t rid)
{
    dump_register64(w->visitor, &w->unit->regs, "CONTROL", AMDVI_CONTROL, &control_fields);
    if (!(reg_read64(&w->unit->regs, AMDVI_CONTROL) & AMDVI_CONTROL_IOMMU_EN)) {
        pass(w, IOMMU_RW, "the unit is off (IommuEn = 0)");
        return;
    }
    if (!amdvi_debug_entry(w->unit, rid, w->visitor, &w->entry, w->out))
        return;
    if (!(w->entry.q[0] & AMDVI_DTE0_V)) {
        pass(w, IOMMU_RW, "the entry says nothing: the device passes through (V = 0)");
        return;
    }
    if (!is_legal(w))
        return;
    if (is_excluded(w)) {
        pass(w, IOMMU_RW, "the address lies in the exclusion range");
        return;
    }
    by_entry(w);
}

void amdvi_debug_walk(struct iommu_unit *base, uint16_t rid, uint64_t iova,
                      const struct iommu_debug_visitor *visitor, struct iommu_debug_walk *out)
{
    struct walk w = { .unit = amdvi_unit_of(base), .visitor = visitor, .out = out, .iova = iova };

    if (iova >= IOMMU_INTERRUPT_START && iova < IOMMU_INTERRUPT_END) {
        out->outcome = IOMMU_DEBUG_INTERRUPT;
        out->why = "requests to FEE00000h-FEEFFFFFh are interrupts";
        return;
    }
    walk(&w, rid);
    if (out->reason != 0)
        out->reason_name = amdvi_event_name(out->reason);
}
