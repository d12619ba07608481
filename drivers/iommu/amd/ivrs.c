/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ACPI IVRS table, AMD-Vi §5.2: header, IVHD and IVMD blocks. Blocks of
 * other types are skipped by their length. Device entries: ivrs_entry.c.
 */
#include "amd/ivrs.h"

#include "bits.h"
#include "bytes.h"
#include "memory.h"

/* ACPI table header and the IVRS fields behind it (AMD-Vi §5.2.1). */
struct ivrs_table {
    char signature[4];
    uint32_t length;
    uint8_t revision;
    uint8_t checksum;
    uint8_t oem[26];
    uint32_t ivinfo;
    uint8_t reserved[8];
} __attribute__((packed));
_Static_assert(sizeof(struct ivrs_table) == 48, "AMD-Vi §5.2.1");

struct ivrs_block {
    uint8_t type;
    uint8_t flags;
    uint16_t length;
} __attribute__((packed));
_Static_assert(sizeof(struct ivrs_block) == 4, "AMD-Vi §5.2.2");

/* What all IVHD types begin with; type 10h has its device entries behind it. */
struct ivrs_ivhd {
    struct ivrs_block head;
    uint16_t rid;
    uint16_t capability;
    uint64_t registers_pa;
    uint16_t segment;
    uint16_t info;
    uint32_t features;
} __attribute__((packed));
_Static_assert(sizeof(struct ivrs_ivhd) == 24, "AMD-Vi §5.2.2.2");

/* Types 11h and 40h. */
struct ivrs_ivhd_long {
    struct ivrs_ivhd common;
    uint64_t efr;
    uint64_t efr2;
} __attribute__((packed));
_Static_assert(sizeof(struct ivrs_ivhd_long) == 40, "AMD-Vi §5.2.2.3");

struct ivrs_ivmd {
    struct ivrs_block head;
    uint16_t rid;
    uint16_t last_rid;          /* type 22h */
    uint16_t segment;
    uint8_t reserved[6];
    uint64_t start;
    uint64_t len;
} __attribute__((packed));
_Static_assert(sizeof(struct ivrs_ivmd) == 32, "AMD-Vi §5.2");

enum { IVMD_ALL = 0x20, IVMD_ONE = 0x21, IVMD_RANGE = 0x22 };

#define IVINFO_EFR_VALID BIT32(0)
#define IVINFO_DMA_REMAP BIT32(1)
#define IVINFO_PHYSICAL_BITS BITS32(14, 8)
#define IVINFO_VIRTUAL_BITS BITS32(21, 15)
#define IVINFO_HT_ATS_RESERVED BIT32(22)
#define REGION_FLAGS_RESERVED BITS32(7, 4)
#define BLOCKS_MAX 1024u    /* more than any machine has */
#define CAPABILITY_FIRST 0x40u  /* behind the header of configuration space */
#define CAPABILITY_LAST 0xfcu
#define PAGE_MASK 0xfffull
#define REGISTERS_MASK 0x3fffull    /* AMD-Vi §3.2: base address bits 13:0 are not there */
#define PHYSICAL_END BIT64(52)

/* One run over a table. */
struct reader {
    const uint8_t *table;
    size_t len;                 /* checked against the header */
    bool efr_valid;
    const struct ivrs_handler *handler;
    void *arg;
    enum iommu_status status;
};

static void problem(struct reader *r, uint32_t offset, const char *what, uint64_t value)
{
    if (r->handler->problem != NULL)
        r->handler->problem(r->arg, offset, what, value);
}

/* The block at *offset, which moves behind it; NULL at the table's end and where the length is wrong. */
static const struct ivrs_block *block_split(const struct reader *r, uint32_t *offset)
{
    const struct ivrs_block *head = (const void *)(r->table + *offset);
    size_t left = r->len - *offset;

    if (left < sizeof(*head) || head->length < sizeof(*head) || head->length > left)
        return NULL;
    *offset += head->length;
    return head;
}

static bool is_ivhd(const struct ivrs_block *head)
{
    return head->type == IVRS_UNIT_10 || head->type == IVRS_UNIT_11 || head->type == IVRS_UNIT_40;
}

static size_t ivhd_fixed(const struct ivrs_block *head)
{
    return head->type == IVRS_UNIT_10 ? sizeof(struct ivrs_ivhd) : sizeof(struct ivrs_ivhd_long);
}

/* NULL: the block describes a unit that could work; otherwise why it does not. */
static const char *ivhd_fault(const struct ivrs_block *head, uint64_t *value)
{
    const struct ivrs_ivhd *ivhd = (const void *)head;

    *value = head->length;
    if (head->length < ivhd_fixed(head))
        return head->type == IVRS_UNIT_10 ? "IVHD shorter than 24 bytes" : "IVHD shorter than 40 bytes";
    *value = ivhd->rid;
    if (ivhd->rid == 0)
        return "IVHD names no function";
    *value = ivhd->capability;
    if (ivhd->capability < CAPABILITY_FIRST || ivhd->capability > CAPABILITY_LAST ||
        ivhd->capability % 4 != 0)
        return "IVHD capability offset is not usable";
    *value = ivhd->registers_pa;
    if (ivhd->registers_pa == 0 || (ivhd->registers_pa & PAGE_MASK) != 0 || ivhd->registers_pa >= PHYSICAL_END)
        return "IVHD register base is not usable";
    return NULL;
}

static bool same_unit(const struct ivrs_ivhd *a, const struct ivrs_ivhd *b)
{
    return a->segment == b->segment && a->rid == b->rid;
}

/* The block that describes the unit of ivhd: among the good ones of the highest type the first. */
static const struct ivrs_ivhd *ivhd_best(const struct reader *r, const struct ivrs_ivhd *ivhd)
{
    const struct ivrs_block *head;
    const struct ivrs_ivhd *best = NULL;
    uint32_t offset = sizeof(struct ivrs_table);
    uint64_t value;

    while ((head = block_split(r, &offset)) != NULL) {
        const struct ivrs_ivhd *other = (const void *)head;

        if (is_ivhd(head) && ivhd_fault(head, &value) == NULL && same_unit(ivhd, other) &&
            (best == NULL || head->type > best->head.type))
            best = other;
    }
    return best;
}

/* Another function's unit, before this one in the table, has the same registers. */
static bool registers_taken(const struct reader *r, const struct ivrs_ivhd *ivhd)
{
    const struct ivrs_block *head;
    uint32_t offset = sizeof(struct ivrs_table);
    uint64_t value;

    while ((head = block_split(r, &offset)) != NULL && (const void *)head != ivhd) {
        const struct ivrs_ivhd *other = (const void *)head;

        if (is_ivhd(head) && ivhd_fault(head, &value) == NULL && !same_unit(ivhd, other) &&
            other->registers_pa == ivhd->registers_pa && ivhd_best(r, other) == other)
            return true;
    }
    return false;
}

static struct ivrs_unit unit_of(const struct reader *r, const struct ivrs_ivhd *ivhd, uint32_t offset)
{
    const struct ivrs_ivhd_long *efr = (const void *)ivhd;
    size_t fixed = ivhd_fixed(&ivhd->head);
    bool has_efr = r->efr_valid && ivhd->head.type != IVRS_UNIT_10;

    return (struct ivrs_unit){
        .offset = offset,
        .type = ivhd->head.type,
        .flags = ivhd->head.flags,
        .rid = ivhd->rid,
        .capability = ivhd->capability,
        .registers_pa = ivhd->registers_pa,
        .segment = ivhd->segment,
        .info = ivhd->info,
        .features = ivhd->features,
        .has_efr = has_efr,
        .efr = has_efr ? efr->efr : 0,
        .efr2 = has_efr ? efr->efr2 : 0,
        .entries = {
            .at = (const uint8_t *)ivhd + fixed,
            .left = ivhd->head.length - fixed,
            .offset = offset + (uint32_t)fixed,
        },
    };
}

static void read_ivhd(struct reader *r, const struct ivrs_block *head, uint32_t offset)
{
    const struct ivrs_ivhd *ivhd = (const void *)head, *best;
    struct ivrs_unit unit;
    uint64_t value;
    const char *fault = ivhd_fault(head, &value);

    if (fault != NULL) {
        problem(r, offset, fault, value);
        return;
    }
    unit = unit_of(r, ivhd, offset);
    if (!ivrs_entries_check(&unit, r->handler, r->arg))
        r->status = IOMMU_ERR_TABLE;
    if ((unit.registers_pa & REGISTERS_MASK) != 0)
        problem(r, offset, "IVHD register base is not aligned to its size", unit.registers_pa);
    best = ivhd_best(r, ivhd);
    if (best->head.type > unit.type) {
        if (r->handler->superseded != NULL)
            r->handler->superseded(r->arg, &unit);
    } else if (best != ivhd) {
        problem(r, offset, "a second block of one type for the same unit, left out; function", unit.rid);
    } else if (registers_taken(r, ivhd)) {
        problem(r, offset, "registers belong to the unit of another function, left out", unit.registers_pa);
    } else if (r->handler->unit != NULL) {
        r->handler->unit(r->arg, &unit);
    }
}

/* False: the region makes no sense, and this has been said. */
static bool ivmd_check(struct reader *r, const struct ivrs_ivmd *ivmd, uint32_t offset)
{
    if (ivmd->head.length < sizeof(*ivmd)) {
        problem(r, offset, "IVMD shorter than 32 bytes", ivmd->head.length);
        return false;
    }
    if (ivmd->head.length > sizeof(*ivmd))
        problem(r, offset, "IVMD longer than 32 bytes", ivmd->head.length);
    if ((ivmd->head.flags & REGION_FLAGS_RESERVED) != 0)
        problem(r, offset, "IVMD reserved flags are set", ivmd->head.flags);
    if (ivmd->head.type == IVMD_RANGE && ivmd->last_rid < ivmd->rid) {
        problem(r, offset, "IVMD last device is below its first", ivmd->last_rid);
        return false;
    }
    if (ivmd->len == 0) {
        problem(r, offset, "IVMD region is empty", ivmd->start);
        return false;
    }
    if (ivmd->start >= PHYSICAL_END || ivmd->len > PHYSICAL_END - ivmd->start) {
        problem(r, offset, "IVMD region ends above 52 bits, its length is", ivmd->len);
        return false;
    }
    if ((ivmd->head.flags & (IVRS_REGION_UNITY | IVRS_REGION_EXCLUSION)) == 0) {
        problem(r, offset, "IVMD is neither unity mapped nor an exclusion range", ivmd->head.flags);
        return false;
    }
    return true;
}

/* An exclusion range is one that the unit does not translate: everything is allowed there (AMD-Vi §2.2.4). */
static unsigned region_prot(uint8_t flags)
{
    if ((flags & IVRS_REGION_EXCLUSION) != 0)
        return IOMMU_READ | IOMMU_WRITE;
    return ((flags & IVRS_REGION_READ) != 0 ? IOMMU_READ : 0u) |
           ((flags & IVRS_REGION_WRITE) != 0 ? IOMMU_WRITE : 0u);
}

static void read_ivmd(struct reader *r, const struct ivrs_block *head, uint32_t offset)
{
    const struct ivrs_ivmd *ivmd = (const void *)head;
    uint64_t end;
    struct ivrs_region region;

    if (!ivmd_check(r, ivmd, offset))
        return;
    end = ivmd->start + ivmd->len;
    if ((ivmd->start & PAGE_MASK) != 0)
        problem(r, offset, "IVMD start is not page aligned, rounded down", ivmd->start);
    if ((end & PAGE_MASK) != 0)
        problem(r, offset, "IVMD end is not page aligned, rounded up", end);
    region = (struct ivrs_region){
        .offset = offset,
        .type = head->type,
        .flags = head->flags,
        .segment = ivmd->segment,
        .first = head->type == IVMD_ALL ? 0 : ivmd->rid,
        .last = head->type == IVMD_ALL ? UINT16_MAX : head->type == IVMD_ONE ? ivmd->rid : ivmd->last_rid,
        .start = ivmd->start & ~PAGE_MASK,
        .end = (end + PAGE_MASK) & ~PAGE_MASK,
        .prot = region_prot(head->flags),
    };
    if (region.prot == 0)
        problem(r, offset, "IVMD allows neither reading nor writing", head->flags);
    else if (r->handler->region != NULL)
        r->handler->region(r->arg, &region);
}

static void read_blocks(struct reader *r)
{
    uint32_t offset = sizeof(struct ivrs_table), next = offset;
    const struct ivrs_block *head;

    for (; (head = block_split(r, &next)) != NULL; offset = next) {
        if (is_ivhd(head))
            read_ivhd(r, head, offset);
        else if (head->type >= IVMD_ALL && head->type <= IVMD_RANGE)
            read_ivmd(r, head, offset);
        else
            problem(r, offset, "unknown block type, skipped", head->type);
    }
    if (offset < r->len) {
        head = (const void *)(r->table + offset);
        problem(r, offset, "block length wrong, rest of the table lost",
                r->len - offset < sizeof(*head) ? r->len - offset : head->length);
        r->status = IOMMU_ERR_TABLE;
    }
}

/* Each unit is compared with all others: their number bounds the time that takes. */
static void limit_blocks(struct reader *r)
{
    uint32_t offset = sizeof(struct ivrs_table);

    for (unsigned i = 0; i < BLOCKS_MAX; i++)
        if (block_split(r, &offset) == NULL)
            return;
    if (offset < r->len) {
        problem(r, offset, "more blocks than a machine has, the rest left out, bytes", r->len - offset);
        r->len = offset;
        r->status = IOMMU_ERR_TABLE;
    }
}

static void check_sum(struct reader *r)
{
    uint8_t sum = bytes_sum(r->table, r->len);

    if (sum != 0) {
        problem(r, 9, "checksum wrong, bytes add up to", sum);
        r->status = IOMMU_ERR_TABLE;
    }
}

static void read_header(struct reader *r)
{
    const struct ivrs_table *ivrs = (const void *)r->table;
    uint32_t ivinfo = ivrs->ivinfo;
    struct ivrs_info info = {
        .revision = ivrs->revision,
        .ivinfo = ivinfo,
        .efr_valid = (ivinfo & IVINFO_EFR_VALID) != 0,
        .dma_remap = (ivinfo & IVINFO_DMA_REMAP) != 0,
        .physical_bits = (unsigned)field_get(ivinfo, IVINFO_PHYSICAL_BITS),
        .virtual_bits = (unsigned)field_get(ivinfo, IVINFO_VIRTUAL_BITS),
        .ht_ats_reserved = (ivinfo & IVINFO_HT_ATS_RESERVED) != 0,
    };

    r->efr_valid = info.efr_valid;
    if (r->handler->header != NULL)
        r->handler->header(r->arg, &info);
}

enum iommu_status ivrs_read(const void *table, size_t len, const struct ivrs_handler *handler, void *arg)
{
    const struct ivrs_table *ivrs = table;
    struct reader r = { .table = table, .len = len, .handler = handler, .arg = arg };

    if (len < sizeof(*ivrs) || memcmp(ivrs->signature, "IVRS", 4) != 0) {
        problem(&r, 0, "not an IVRS table, bytes there", len);
        return IOMMU_ERR_TABLE;
    }
    if (ivrs->length < sizeof(*ivrs)) {
        problem(&r, 4, "table length too small", ivrs->length);
        return IOMMU_ERR_TABLE;
    }
    if (ivrs->length > len) {
        problem(&r, 4, "table is cut off, its length says", ivrs->length);
        r.status = IOMMU_ERR_TABLE;
    } else {
        r.len = ivrs->length;
        check_sum(&r);
    }
    limit_blocks(&r);
    read_header(&r);
    read_blocks(&r);
    return r.status;
}
