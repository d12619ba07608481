/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers of AMD-Vi units, their PCI functions and an IVRS table of the
 * test's own making, for tests of bring-up that want a unit to behave in one
 * odd way: refuse a base, never stop, read all ones. Registers are plain
 * memory; Run bits follow Control at once, and commands are executed inside
 * the write that starts them, of which only COMPLETION_WAIT does anything.
 * Nothing is translated: amdvi_model.h does that.
 */
#ifndef FAKE_AMDVI_H
#define FAKE_AMDVI_H

#include "fake_platform.h"
#include "iommu/iommu.h"

#define FAKE_AMDVI_UNITS 3
#define FAKE_AMDVI_FUNCTIONS 8
#define FAKE_AMDVI_LEN 0x4000u
#define FAKE_AMDVI_WRITES 8192
#define FAKE_AMDVI_BASE 0xfd000000ull   /* of unit 0; each further one lies 1 MiB above */

struct fake_amdvi_unit {
    uint8_t registers[FAKE_AMDVI_LEN] __attribute__((aligned(16)));
    bool absent;            /* reads all ones */
    bool locked;            /* bases are ignored while IommuEn = 1 */
    bool table_dead;        /* the device table's base is never taken */
    uint64_t control_zero;  /* bits of Control that stay 0 */
    uint32_t run_zero;      /* Run bits that never come */
    uint32_t run_one;       /* Run bits that, once there, stay */
    bool exclusion_stuck;
    uint64_t commands[16];  /* executed, by opcode */
};

struct fake_amdvi_write {
    unsigned unit;
    unsigned offset;
    uint64_t value;
};

struct fake_amdvi_function {
    uint16_t segment, rid;
    uint8_t config[256];
};

struct fake_amdvi {
    struct fake_platform memory;    /* first: the platform's ctx is both; memory.platform is complete */
    struct fake_amdvi_unit units[FAKE_AMDVI_UNITS];
    struct fake_amdvi_function functions[FAKE_AMDVI_FUNCTIONS];
    size_t function_count;
    struct fake_amdvi_write writes[FAKE_AMDVI_WRITES];  /* of registers, in order */
    size_t write_count;
    size_t config_writes;
    size_t windows;                 /* mapped now */
    size_t fail_map;                /* the nth mmio_map() returns NULL */
    uint16_t stopped[16];           /* bus_master_off() */
    size_t stopped_count;
    bool stopped_while_on;          /* ... with IommuEn = 1 in unit 0 at the first of them */
    struct iommu_msi message;       /* of fault_interrupt(), plus the unit's number in data */
    bool no_message;
    uint8_t table[4096];            /* the IVRS */
    size_t table_len, block;
    char text[65536];               /* all lines logged */
    size_t text_len;
};

/* Units answer at their bases; function 00:00.2 of each segment-0 unit is added by fake_amdvi_function(). */
void fake_amdvi_init(struct fake_amdvi *fake, size_t pages);
void fake_amdvi_free(struct fake_amdvi *fake);

uint64_t fake_amdvi_get(const struct fake_amdvi *fake, unsigned unit, unsigned offset);
void fake_amdvi_set(struct fake_amdvi *fake, unsigned unit, unsigned offset, uint64_t value);
bool fake_amdvi_logged(const struct fake_amdvi *fake, const char *text);
/* The position of the first write of that offset with all of these bits set, from position on; SIZE_MAX: none. */
size_t fake_amdvi_find(const struct fake_amdvi *fake, size_t position, unsigned unit, unsigned offset, uint64_t bits);

/* An empty function; words of its configuration space. */
struct fake_amdvi_function *fake_amdvi_function(struct fake_amdvi *fake, uint16_t segment, uint16_t rid,
                                                uint32_t id, uint32_t class_code);
void fake_amdvi_config(struct fake_amdvi_function *f, unsigned offset, unsigned width, uint32_t value);
uint32_t fake_amdvi_config_get(const struct fake_amdvi_function *f, unsigned offset, unsigned width);
/* 1022:1451 of class 0806h: capability block at 40h with a header, first MSI at 64h, a dummy one at 58h. */
struct fake_amdvi_function *fake_amdvi_iommu(struct fake_amdvi *fake, uint16_t segment, uint16_t rid,
                                             uint32_t header);

/* The table, block by block. */
void fake_ivrs_begin(struct fake_amdvi *fake, uint32_t ivinfo);
void fake_ivrs_ivhd(struct fake_amdvi *fake, uint8_t type, uint8_t flags, uint16_t rid, uint64_t base, uint64_t efr);
void fake_ivrs_entry(struct fake_amdvi *fake, uint8_t type, uint16_t rid, uint8_t setting);
void fake_ivrs_alias(struct fake_amdvi *fake, uint8_t type, uint16_t rid, uint8_t setting, uint16_t alias);
/* 48h */
void fake_ivrs_special(struct fake_amdvi *fake, uint8_t variety, uint8_t handle, uint16_t rid, uint8_t setting);
void fake_ivrs_ivmd(struct fake_amdvi *fake, uint8_t type, uint8_t flags, uint16_t first, uint16_t last,
                    uint64_t start, uint64_t len);
/* Lengths and checksum. */
void fake_ivrs_end(struct fake_amdvi *fake);

#endif
