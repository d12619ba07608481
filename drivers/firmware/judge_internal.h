/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the judge_*.c files share: one run's state, rules, checked tables and
 * the facts behind several checks. Nothing here is for other files.
 */
#ifndef FIRMWARE_JUDGE_INTERNAL_H
#define FIRMWARE_JUDGE_INTERNAL_H

#include <stdarg.h>

#include "bytes.h"
#include "judge.h"

#define JUDGE_PAGE_MASK 0xfffull
#define JUDGE_MIB 0x100000ull
#define JUDGE_GIB 0x40000000ull
#define JUDGE_INTERRUPTS_START 0xfee00000ull
#define JUDGE_INTERRUPTS_END 0xfef00000ull
#define JUDGE_HT_START 0xfd00000000ull      /* HyperTransport's own addresses */
#define JUDGE_HT_END 0x10000000000ull
#define JUDGE_ACPI_HEADER 36u
/* More is no table of a machine; bounds the work of comparing every structure with every other. */
#define JUDGE_TABLE_BYTES 0x10000u
#define JUDGE_SOURCES 128u

/* What all findings of one kind have in common. */
struct judge_rule {
    enum fw_severity severity;
    const char *id, *trips, *remedy, *reference;
};

/* A table whose header makes sense; bytes NULL: there is none. */
struct judge_table {
    const char *signature;
    const uint8_t *bytes;
    uint32_t len;           /* of header and what is there the smaller one */
};

/* One structure of a table, or one entry of a structure. */
struct judge_item {
    const uint8_t *at;
    uint32_t offset;        /* in the table */
    uint32_t len;
    unsigned type;
};

/* The requester id the table gives to an IOAPIC's or HPET's interrupts. */
struct judge_source {
    uint32_t offset;
    bool hpet;
    uint8_t id;
    uint16_t segment, rid;
};

struct judge_ioapic {
    uint32_t offset;
    uint8_t id;
    uint32_t address, gsi_base;
};

struct judge {
    const struct fw_facts *facts;
    const struct fw_sink *sink;
    size_t count;
    struct judge_source sources[JUDGE_SOURCES];     /* of the table being judged */
    size_t source_count;
    char what[512];
    char remedy[320];       /* instead of the rule's, for the next finding; "": none */
};

/* judge_text.c: as snprintf for %s %c %u %x %llu %llx, width and 0; cut where it does not fit. */
void judge_format(char *out, size_t size, const char *format, va_list args);

void judge_found(struct judge *j, const struct judge_rule *rule, const struct judge_table *t,
                 uint32_t offset, const char *format, ...) __attribute__((format(printf, 5, 6)));
void judge_remedy(struct judge *j, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The first table of that signature whose header makes sense. */
struct judge_table judge_table(const struct judge *j, const char *signature);

/* ---- judge_facts.c: memory, buses, functions ---- */

/* The first region of that kind that shares a byte with [start, end); NULL: none, or no map. */
const struct fw_memory *judge_memory_of(const struct judge *j, uint64_t start, uint64_t end,
                                        enum fw_memory_kind kind);
/* Every byte of [start, end) lies in regions of that kind. */
bool judge_memory_is(const struct judge *j, uint64_t start, uint64_t end, enum fw_memory_kind kind);
/* The byte behind the last one of RAM; 0: no map. */
uint64_t judge_ram_end(const struct judge *j);
const struct pci_function *judge_function(const struct judge *j, uint16_t segment, uint16_t rid);
/* Whether MCFG has that bus; true without MCFG for segment 0. */
bool judge_bus_known(const struct judge *j, uint16_t segment, unsigned bus);
bool judge_segment_known(const struct judge *j, uint16_t segment);
const struct fw_unit_state *judge_unit_state(const struct judge *j, uint64_t registers_pa);
/* A memory BAR that ends above limit; NULL: none. */
const struct pci_function *judge_bar_above(const struct judge *j, uint64_t limit,
                                           uint64_t *bar_end);
static inline bool judge_is_display(const struct pci_function *f)
{
    return f->class_code >> 16 == 3;
}

/* It sends no requests of its own. */
static inline bool judge_is_host_bridge(const struct pci_function *f)
{
    return f->class_code >> 8 == 0x0600;
}

/* ---- judge_unit.c: what holds for units of both vendors ---- */

struct judge_unit {
    const struct judge_table *table;
    uint32_t offset;
    uint64_t registers_pa, registers_len;
    bool repeated;          /* an earlier unit of the table has the same registers */
};

void judge_unit_registers(struct judge *j, const struct judge_unit *unit);
/* bits 0: not said. RAM and BARs against the width the table gives. */
void judge_address_width(struct judge *j, const struct judge_table *t, uint32_t offset,
                         unsigned bits, const char *name);

/* ---- judge_madt.c ---- */

/* item->offset 0 begins; false at the end and where a length is wrong. */
bool judge_madt_next(const struct judge_table *madt, struct judge_item *item);
bool judge_ioapic_next(const struct judge_table *madt, struct judge_item *item,
                       struct judge_ioapic *out);
void judge_madt(struct judge *j, const struct judge_table *madt);
void judge_hpet(struct judge *j, const struct judge_table *hpet);

/* ---- judge_sources.c: IOAPICs and HPETs of DMAR or IVRS against MADT and HPET table ---- */

void judge_source_add(struct judge *j, const struct judge_source *source);
void judge_sources(struct judge *j, const struct judge_table *t);

/* ---- DMAR ---- */

enum {
    JUDGE_DRHD, JUDGE_RMRR, JUDGE_ATSR, JUDGE_RHSA, JUDGE_ANDD, JUDGE_SATC, JUDGE_SIDP,
    JUDGE_DMAR_TYPES
};

/* As judge_madt_next(). */
bool judge_dmar_next(const struct judge_table *dmar, struct judge_item *item);
/* The next structure of that type that is as long as it must be. */
bool judge_dmar_next_of(const struct judge_table *dmar, struct judge_item *item, unsigned type);
uint32_t judge_dmar_fixed(unsigned type);   /* bytes before the scopes, at least */
void judge_dmar(struct judge *j, const struct judge_table *dmar);
void judge_dmar_scopes(struct judge *j, const struct judge_table *dmar);
void judge_rmrr(struct judge *j, const struct judge_table *dmar);
void judge_dmar_rest(struct judge *j, const struct judge_table *dmar);

/* ---- IVRS ---- */

bool judge_ivrs_next(const struct judge_table *ivrs, struct judge_item *item);
bool judge_is_ivhd(const struct judge_item *item);      /* of a known type, as long as it must be */
uint32_t judge_ivhd_fixed(unsigned type);
void judge_ivrs(struct judge *j, const struct judge_table *ivrs);
void judge_ivhd_entries(struct judge *j, const struct judge_table *ivrs,
                        const struct judge_item *ivhd, bool best);
void judge_ivhd_compare(struct judge *j, const struct judge_table *ivrs);
void judge_ivrs_coverage(struct judge *j, const struct judge_table *ivrs);
/* A unit says that HyperTransport's range is memory like any other. */
bool judge_ht_ignored(const struct judge_table *ivrs);
void judge_ivmd(struct judge *j, const struct judge_table *ivrs);

void judge_mcfg(struct judge *j, const struct judge_table *mcfg);
void judge_viot(struct judge *j, const struct judge_table *viot);

#endif
