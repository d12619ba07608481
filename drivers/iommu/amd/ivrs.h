/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the ACPI IVRS table: units (IVHD 10h, 11h, 40h) with their device
 * entries, and memory regions (IVMD 20h to 22h). The bytes are firmware's:
 * nothing is read past a length that has not been checked, and every step
 * consumes at least a byte. Source: AMD-Vi §5.2
 */
#ifndef IOMMU_IVRS_H
#define IOMMU_IVRS_H

#include "iommu/iommu.h"

enum ivrs_unit_type { IVRS_UNIT_10 = 0x10, IVRS_UNIT_11 = 0x11, IVRS_UNIT_40 = 0x40 };

/* DTE setting byte of a device entry (AMD-Vi §5.2.2.5). */
#define IVRS_SETTING_INIT_PASS 0x01u
#define IVRS_SETTING_EINT_PASS 0x02u
#define IVRS_SETTING_NMI_PASS 0x04u
#define IVRS_SETTING_SYSMGT 0x30u
#define IVRS_SETTING_LINT0_PASS 0x40u
#define IVRS_SETTING_LINT1_PASS 0x80u

enum ivrs_entry_kind {
    IVRS_ENTRY_DEVICES,     /* 01h to 04h, 42h, 43h, 46h, 47h: ids first to last, inclusive */
    IVRS_ENTRY_IOAPIC,      /* 48h variety 1: handle is the MADT's IOAPIC id, first the id its interrupts carry */
    IVRS_ENTRY_HPET,        /* 48h variety 2: handle is the HPET's number */
    IVRS_ENTRY_SPECIAL,     /* 48h of another variety, in variety */
    IVRS_ENTRY_ACPI,        /* F0h: an ACPI device that sends as first */
};

/* One device entry; a range is one, made of its start and its end. */
struct ivrs_entry {
    enum ivrs_entry_kind kind;
    uint8_t type;           /* the byte that began it */
    uint8_t setting;        /* IVRS_SETTING_* */
    uint16_t first;
    uint16_t last;
    bool has_alias;         /* requests of these ids arrive as alias */
    uint16_t alias;
    bool ats_denied;        /* 46h, 47h */
    uint8_t handle;         /* IOAPIC, HPET, SPECIAL */
    uint8_t variety;
    const char *hid;        /* ACPI: 8 bytes each, not terminated */
    const char *cid;
    uint8_t uid_format;     /* 0 none, 1 integer, 2 string */
    uint8_t uid_len;
    const uint8_t *uid;
    uint32_t offset;        /* of the entry in the table */
};

/* The device entries of one unit; a copy is an iterator. */
struct ivrs_entries {
    const uint8_t *at;
    size_t left;            /* bytes */
    uint32_t offset;        /* of at in the table */
};

/* One unit: of several blocks for it the one of the highest type. */
struct ivrs_unit {
    uint32_t offset;
    uint8_t type;           /* enum ivrs_unit_type */
    uint8_t flags;          /* IVHD flags: IVRS_FLAG_* */
    uint16_t rid;           /* of the unit's PCI function */
    uint16_t capability;    /* offset of its capability block in configuration space */
    uint64_t registers_pa;
    uint16_t segment;
    uint16_t info;          /* 4:0 MSI number, 12:8 HT unit id */
    uint32_t features;      /* 10h: feature reporting; 11h, 40h: attributes */
    bool has_efr;           /* 11h, 40h, where IVinfo says that they are valid: */
    uint64_t efr;
    uint64_t efr2;
    struct ivrs_entries entries;
};

#define IVRS_FLAG_HT_TUN_EN 0x01u
#define IVRS_FLAG_PASS_PW 0x02u
#define IVRS_FLAG_RES_PASS_PW 0x04u
#define IVRS_FLAG_ISOC 0x08u
#define IVRS_FLAG_IOTLB_SUP 0x10u
#define IVRS_FLAG_COHERENT 0x20u
#define IVRS_FLAG_PREF_SUP 0x40u    /* 10h */
#define IVRS_FLAG_PPR_SUP 0x80u     /* 10h */

/* IVMD, rounded outwards to pages. */
struct ivrs_region {
    uint32_t offset;
    uint8_t type;           /* 20h all devices, 21h one, 22h first to last */
    uint8_t flags;          /* IVRS_REGION_*, as firmware has them */
    uint16_t segment;
    uint16_t first;
    uint16_t last;          /* inclusive */
    uint64_t start;
    uint64_t end;           /* half-open */
    unsigned prot;          /* IOMMU_READ | IOMMU_WRITE; exclusion is both */
};

#define IVRS_REGION_UNITY 0x01u
#define IVRS_REGION_READ 0x02u
#define IVRS_REGION_WRITE 0x04u
#define IVRS_REGION_EXCLUSION 0x08u

struct ivrs_info {
    uint8_t revision;
    uint32_t ivinfo;            /* the word itself */
    bool efr_valid;             /* IVinfo bit 0 */
    bool dma_remap;             /* bit 1: firmware had DMA remapping on before boot */
    unsigned physical_bits;     /* 14:8; 0: not said */
    unsigned virtual_bits;      /* 21:15; 0: not said */
    bool ht_ats_reserved;       /* bit 22 */
};

/* Any member may be NULL. */
struct ivrs_handler {
    void (*header)(void *arg, const struct ivrs_info *info);
    void (*unit)(void *arg, const struct ivrs_unit *unit);
    /* A block for a unit that one of a higher type describes: a repetition for older readers. */
    void (*superseded)(void *arg, const struct ivrs_unit *unit);
    void (*region)(void *arg, const struct ivrs_region *region);
    /* Something is wrong at that byte: what, and the value met. */
    void (*problem)(void *arg, uint32_t offset, const char *what, uint64_t value);
};

/*
 * Visits header, units and regions in the table's order; regions may come
 * before the units they concern. Of blocks for one unit (segment and function)
 * only that of the highest known type that makes sense is visited, of several
 * the first; nor is a second unit with the registers of another. What makes no
 * sense is passed to handler->problem and left out; blocks of other types are
 * skipped by their length.
 *
 * IOMMU_ERR_TABLE  signature, length or checksum is wrong, or a block's length is and
 *                  what follows it is lost, or a device entry's and the rest of its
 *                  block is lost; everything before has been visited
 */
enum iommu_status ivrs_read(const void *table, size_t len, const struct ivrs_handler *handler, void *arg);

/*
 * The next entry; false at the end. Padding, entries of unknown type and
 * ranges without a good end are left out; an entry whose length is wrong ends
 * the list. ivrs_read() has reported each but the first.
 */
bool ivrs_entry_next(struct ivrs_entries *entries, struct ivrs_entry *out);

/*
 * Reports every entry of a unit that makes no sense; ivrs_read() does it for all blocks.
 * False: the list ends early, at an entry whose length is wrong.
 */
bool ivrs_entries_check(const struct ivrs_unit *unit, const struct ivrs_handler *handler, void *arg);

#endif
