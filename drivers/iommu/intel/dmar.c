/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ACPI DMAR table, VT-d §8: header, DRHD, RMRR and device scopes. ATSR,
 * RHSA, ANDD, SATC and SIDP are skipped by their length.
 */
#include "intel/dmar.h"

#include "bits.h"
#include "bytes.h"
#include "memory.h"

/* ACPI table header and the DMAR fields behind it (VT-d §8.1). */
struct dmar_table {
    char signature[4];
    uint32_t length;
    uint8_t revision;
    uint8_t checksum;
    uint8_t oem[26];
    uint8_t host_address_width; /* bits minus 1 */
    uint8_t flags;
    uint8_t reserved[10];
} __attribute__((packed));
_Static_assert(sizeof(struct dmar_table) == 48, "VT-d §8.1");

struct dmar_structure {
    uint16_t type;
    uint16_t length;
} __attribute__((packed));
_Static_assert(sizeof(struct dmar_structure) == 4, "VT-d §8.2");

struct dmar_drhd {
    struct dmar_structure head;
    uint8_t flags;
    uint8_t size;
    uint16_t segment;
    uint64_t registers_pa;
} __attribute__((packed));
_Static_assert(sizeof(struct dmar_drhd) == 16, "VT-d §8.3");

struct dmar_rmrr {
    struct dmar_structure head;
    uint16_t reserved;
    uint16_t segment;
    uint64_t base;
    uint64_t limit;             /* inclusive */
} __attribute__((packed));
_Static_assert(sizeof(struct dmar_rmrr) == 24, "VT-d §8.4");

struct dmar_scope_entry {
    uint8_t type;
    uint8_t length;
    uint8_t flags;
    uint8_t reserved;
    uint8_t enumeration_id;
    uint8_t start_bus;
} __attribute__((packed));
_Static_assert(sizeof(struct dmar_scope_entry) == 6, "VT-d §8.3.1");

enum { DMAR_DRHD = 0, DMAR_RMRR = 1, DMAR_LAST_TYPE = 6 };

#define DRHD_INCLUDE_PCI_ALL BIT32(0)
#define DRHD_SIZE_PAGES_LOG2 BITS32(3, 0)
#define PAGE_MASK 0xfffull

/* One run over a table. */
struct reader {
    const uint8_t *table;
    size_t len;                 /* checked against the header */
    const struct dmar_handler *handler;
    void *arg;
    enum iommu_status status;
};

static void problem(struct reader *r, uint32_t offset, const char *what, uint64_t value)
{
    if (r->handler->problem != NULL)
        r->handler->problem(r->arg, offset, what, value);
}

/* Splits the next entry off; false at the end and, with *malformed set, where the length is wrong. */
static bool scope_split(struct dmar_scopes *scopes, struct dmar_scope *out, bool *malformed)
{
    const struct dmar_scope_entry *entry = (const void *)scopes->at;

    *malformed = false;
    if (scopes->left == 0)
        return false;
    if (scopes->left < sizeof(*entry) || entry->length > scopes->left ||
        entry->length < sizeof(*entry) + 2) {
        *malformed = true;
        return false;
    }
    *out = (struct dmar_scope){
        .type = entry->type,
        .enumeration_id = entry->enumeration_id,
        .start_bus = entry->start_bus,
        .path_length = (uint8_t)((entry->length - sizeof(*entry)) / 2),
        .path = scopes->at + sizeof(*entry),
        .offset = scopes->offset,
    };
    scopes->at += entry->length;
    scopes->left -= entry->length;
    scopes->offset += entry->length;
    return true;
}

bool dmar_scope_next(struct dmar_scopes *scopes, struct dmar_scope *out)
{
    bool malformed;

    return scope_split(scopes, out, &malformed);
}

/* Reports every scope that makes no sense, so that later walks need not. Returns how many there are. */
static size_t scopes_check(struct reader *r, struct dmar_scopes scopes)
{
    struct dmar_scope scope;
    bool malformed;
    size_t count = 0;

    while (scope_split(&scopes, &scope, &malformed)) {
        count++;
        if (scope.type < DMAR_SCOPE_ENDPOINT || scope.type > DMAR_SCOPE_ACPI)
            problem(r, scope.offset, "unknown device scope type", scope.type);
    }
    if (malformed) {
        problem(r, scopes.offset, "device scope length wrong, rest of the scopes lost",
                scopes.left > 1 ? scopes.at[1] : scopes.left);
        r->status = IOMMU_ERR_TABLE;
    }
    return count;
}

static struct dmar_scopes scopes_of(const struct reader *r, uint32_t offset, size_t fixed, size_t length)
{
    return (struct dmar_scopes){
        .at = r->table + offset + fixed,
        .left = length - fixed,
        .offset = offset + (uint32_t)fixed,
    };
}

static void read_drhd(struct reader *r, uint32_t offset, uint16_t length)
{
    const struct dmar_drhd *drhd = (const void *)(r->table + offset);
    struct dmar_unit unit;

    if (length < sizeof(*drhd)) {
        problem(r, offset, "DRHD shorter than 16 bytes", length);
        return;
    }
    unit = (struct dmar_unit){
        .offset = offset,
        .segment = drhd->segment,
        .registers_pa = drhd->registers_pa,
        .registers_len = (PAGE_MASK + 1) << (drhd->size & DRHD_SIZE_PAGES_LOG2),
        .include_pci_all = (drhd->flags & DRHD_INCLUDE_PCI_ALL) != 0,
        .scopes = scopes_of(r, offset, sizeof(*drhd), length),
    };
    (void)scopes_check(r, unit.scopes);
    if (unit.registers_pa == 0 || (unit.registers_pa & PAGE_MASK) != 0 ||
        unit.registers_pa > UINT64_MAX - unit.registers_len) {
        problem(r, offset, "DRHD register base is not usable", unit.registers_pa);
        return;
    }
    if ((unit.registers_pa & (unit.registers_len - 1)) != 0)
        problem(r, offset, "DRHD register base is not aligned to its size", unit.registers_pa);
    if (r->handler->unit != NULL)
        r->handler->unit(r->arg, &unit);
}

static void read_rmrr(struct reader *r, uint32_t offset, uint16_t length)
{
    const struct dmar_rmrr *rmrr = (const void *)(r->table + offset);
    struct dmar_reserved region;

    if (length < sizeof(*rmrr)) {
        problem(r, offset, "RMRR shorter than 24 bytes", length);
        return;
    }
    if (rmrr->limit <= rmrr->base || rmrr->limit > UINT64_MAX - PAGE_MASK - 1) {
        problem(r, offset, "RMRR limit is not above its base", rmrr->limit);
        return;
    }
    if ((rmrr->base & PAGE_MASK) != 0)
        problem(r, offset, "RMRR base is not page aligned, rounded down", rmrr->base);
    if (((rmrr->limit + 1) & PAGE_MASK) != 0)
        problem(r, offset, "RMRR limit is not the end of a page, rounded up", rmrr->limit);
    region = (struct dmar_reserved){
        .offset = offset,
        .segment = rmrr->segment,
        .start = rmrr->base & ~PAGE_MASK,
        .end = (rmrr->limit + 1 + PAGE_MASK) & ~PAGE_MASK,
        .scopes = scopes_of(r, offset, sizeof(*rmrr), length),
    };
    if (scopes_check(r, region.scopes) == 0)
        problem(r, offset, "RMRR names no device", 0);
    if (r->handler->reserved != NULL)
        r->handler->reserved(r->arg, &region);
}

static void read_structures(struct reader *r)
{
    uint32_t offset = sizeof(struct dmar_table);

    while (offset < r->len) {
        const struct dmar_structure *head = (const void *)(r->table + offset);
        size_t left = r->len - offset;

        if (left < sizeof(*head) || head->length < sizeof(*head) || head->length > left) {
            problem(r, offset, "structure length wrong, rest of the table lost",
                    left < sizeof(*head) ? left : head->length);
            r->status = IOMMU_ERR_TABLE;
            return;
        }
        if (head->type == DMAR_DRHD)
            read_drhd(r, offset, head->length);
        else if (head->type == DMAR_RMRR)
            read_rmrr(r, offset, head->length);
        else if (head->type > DMAR_LAST_TYPE)
            problem(r, offset, "unknown structure type, skipped", head->type);
        offset += head->length;
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

enum iommu_status dmar_read(const void *table, size_t len, const struct dmar_handler *handler, void *arg)
{
    const struct dmar_table *dmar = table;
    struct reader r = { .table = table, .len = len, .handler = handler, .arg = arg };

    if (len < sizeof(*dmar) || memcmp(dmar->signature, "DMAR", 4) != 0) {
        problem(&r, 0, "not a DMAR table, bytes there", len);
        return IOMMU_ERR_TABLE;
    }
    if (dmar->length < sizeof(*dmar)) {
        problem(&r, 4, "table length too small", dmar->length);
        return IOMMU_ERR_TABLE;
    }
    if (dmar->length > len) {
        problem(&r, 4, "table is cut off, its length says", dmar->length);
        r.status = IOMMU_ERR_TABLE;
    } else {
        r.len = dmar->length;
        check_sum(&r);
    }
    if (handler->header != NULL)
        handler->header(arg, &(struct dmar_info){
            .host_address_bits = dmar->host_address_width + 1u, .flags = dmar->flags });
    read_structures(&r);
    return r.status;
}

#define PCI_HEADER_TYPE 0x0e
#define PCI_HEADER_TYPE_MASK BITS32(6, 0)
#define PCI_HEADER_BRIDGE 1u
#define PCI_SECONDARY_BUS 0x19
#define PCI_VENDOR 0x00
#define PCI_VENDOR_ABSENT 0xffffu

enum iommu_status dmar_scope_rid(const struct iommu_platform *platform, void *ctx, uint16_t segment,
                                 const struct dmar_scope *scope, uint16_t *rid)
{
    uint32_t bus = scope->start_bus;

    for (unsigned hop = 0; hop < scope->path_length; hop++) {
        uint8_t device = scope->path[2 * hop], function = scope->path[2 * hop + 1];

        if (device > 31 || function > 7)
            return IOMMU_ERR_TABLE;
        *rid = IOMMU_RID(bus, device, function);
        if (hop + 1u == scope->path_length)
            break;
        if (platform->pci_read(ctx, segment, *rid, PCI_VENDOR, 2) == PCI_VENDOR_ABSENT ||
            (platform->pci_read(ctx, segment, *rid, PCI_HEADER_TYPE, 1) & PCI_HEADER_TYPE_MASK) !=
                PCI_HEADER_BRIDGE)
            return IOMMU_ERR_NOT_FOUND;
        bus = platform->pci_read(ctx, segment, *rid, PCI_SECONDARY_BUS, 1);
    }
    return IOMMU_OK;
}
