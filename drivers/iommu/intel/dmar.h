/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the ACPI DMAR table: units (DRHD) and reserved regions (RMRR) with
 * their device scopes. The bytes are firmware's: nothing is read past a
 * length that has not been checked, and every step consumes at least a
 * header. Source: VT-d §8
 */
#ifndef IOMMU_DMAR_H
#define IOMMU_DMAR_H

#include "iommu/iommu.h"

enum dmar_scope_type {
    DMAR_SCOPE_ENDPOINT = 1,    /* one PCI function */
    DMAR_SCOPE_BRIDGE = 2,      /* a bridge and all below it */
    DMAR_SCOPE_IOAPIC = 3,
    DMAR_SCOPE_HPET = 4,
    DMAR_SCOPE_ACPI = 5,        /* ACPI namespace device */
};

/* Device scope entry (VT-d §8.3.1). */
struct dmar_scope {
    uint8_t type;               /* enum dmar_scope_type, or a number it does not know */
    uint8_t enumeration_id;     /* IOAPIC, HPET: the id of MADT or HPET table; ACPI: the ANDD's number */
    uint8_t start_bus;
    uint8_t path_length;        /* pairs; at least 1 */
    const uint8_t *path;        /* device, function, device, function, ... */
    uint32_t offset;            /* of the entry in the table */
};

/* The scopes of one structure; a copy is an iterator. */
struct dmar_scopes {
    const uint8_t *at;
    size_t left;                /* bytes */
    uint32_t offset;            /* of at in the table */
};

/* DRHD (VT-d §8.3). */
struct dmar_unit {
    uint32_t offset;
    uint16_t segment;
    uint64_t registers_pa;
    uint64_t registers_len;     /* 4096 << size field */
    bool include_pci_all;
    struct dmar_scopes scopes;
};

/* RMRR (VT-d §8.4), rounded outwards to pages. */
struct dmar_reserved {
    uint32_t offset;
    uint16_t segment;
    uint64_t start;
    uint64_t end;               /* half-open */
    struct dmar_scopes scopes;
};

#define DMAR_FLAG_INTR_REMAP 1u
#define DMAR_FLAG_X2APIC_OPT_OUT 2u
#define DMAR_FLAG_DMA_CTRL_OPT_IN 4u

struct dmar_info {
    unsigned host_address_bits;
    uint8_t flags;              /* DMAR_FLAG_* */
};

/* Any member may be NULL. */
struct dmar_handler {
    void (*header)(void *arg, const struct dmar_info *info);
    void (*unit)(void *arg, const struct dmar_unit *unit);
    void (*reserved)(void *arg, const struct dmar_reserved *region);
    /* Something is wrong at that byte: what, and the value met. */
    void (*problem)(void *arg, uint32_t offset, const char *what, uint64_t value);
};

/*
 * Visits the structures in the table's order. What makes no sense is passed
 * to handler->problem and left out; structures of other types are skipped.
 *
 * IOMMU_ERR_TABLE  signature, length or checksum is wrong, or a structure's length is and
 *                  what follows it is lost; everything before has been visited
 */
enum iommu_status dmar_read(const void *table, size_t len, const struct dmar_handler *handler, void *arg);

/* The next scope; false at the end. Entries dmar_read() found malformed end the list. */
bool dmar_scope_next(struct dmar_scopes *scopes, struct dmar_scope *out);

/*
 * The requester id a scope's path leads to, through the secondary bus of each
 * bridge on it. For IOAPIC, HPET and ACPI scopes of one pair it is the source
 * id the platform gave it, whether or not such a function exists.
 *
 * IOMMU_ERR_NOT_FOUND  a function on the way is absent or not a bridge
 * IOMMU_ERR_TABLE      a device number above 31 or a function above 7
 */
enum iommu_status dmar_scope_rid(const struct iommu_platform *platform, void *ctx, uint16_t segment,
                                 const struct dmar_scope *scope, uint16_t *rid);

#endif
