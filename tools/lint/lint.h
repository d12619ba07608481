/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * iommukit-lint: reads firmware tables from files, decodes and judges them
 * with the sources the kernel uses (drivers/firmware), and shows the result.
 */
#ifndef LINT_H
#define LINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "amd/ivrs.h"
#include "finding.h"
#include "intel/dmar.h"
#include "judge.h"
#include "pci_group.h"

#define LINT_SYSFS "/sys"
#define LINT_UNITS 256u
#define LINT_NAME_BYTES 16u

/* One file. */
struct lint_table {
    char *file;
    struct fw_table table;      /* bytes: as many as could be read */
    bool relevant;              /* decoded, and judged */
    size_t problems;            /* told by the decoder */
};

/* A finding, its texts copied. */
struct lint_finding {
    enum fw_severity severity;
    char *id, *table, *what, *trips, *remedy, *reference;
    const char *file;           /* of the table; "" */
    uint32_t offset;
};

/* A unit, as its table describes it. */
struct lint_unit {
    char name[LINT_NAME_BYTES];
    bool amd;
    uint16_t segment;
    uint16_t rid;               /* of its own function, AMD */
    uint64_t base;
    uint32_t offset;            /* in its table */
    const char *file;           /* of that */
    bool all;                   /* DRHD: every function that no other names */
    struct dmar_scopes scopes;  /* DRHD */
    struct ivrs_entries entries;        /* IVHD */
};

/* Memory that some devices may use at any time, RMRR or IVMD. */
struct lint_region {
    bool amd;
    uint16_t segment;
    uint64_t start, end;        /* half-open */
    unsigned prot;
    struct dmar_scopes scopes;  /* RMRR */
    uint16_t first, last;       /* IVMD, inclusive */
};

/* Tables that are one machine's, and what else is known of it. */
struct lint_machine {
    struct lint_table *tables;
    size_t table_count;
    bool running;               /* the machine this runs on, or a copy of its /sys */
    struct fw_facts facts;
    struct fw_table *judged;    /* facts.tables */
    struct lint_unit units[LINT_UNITS];
    size_t unit_count;
    struct lint_region *regions;
    size_t region_count;
    struct lint_finding *findings;
    size_t finding_count;
    size_t trouble;             /* findings that are not notes, and problems */
    struct pci_group_member *members;
    size_t member_count;
};

struct lint {
    struct lint_table *tables;  /* of one machine they are neighbours */
    size_t table_count;
    struct lint_machine *machines;
    size_t machine_count;
    size_t skipped;             /* tables of a folder that are of no concern here */
    bool unreadable;            /* something named could not be read */
    bool denied;                /* own: a table that counts, others could read it */
    bool own;                   /* the tables are those of one machine's /sys */
    size_t trouble;
};

/* Text that grows; out of memory ends the program. */
struct text {
    char *bytes;                /* terminated */
    size_t len, room;
};

void text_add(struct text *text, const char *bytes, size_t len);
void *lint_alloc(void *old, size_t bytes);
char *lint_copy(const char *text);

/* ---- tables.c ---- */

/* A file, or every table in a folder. What cannot be read is said on stderr and noted in lint. */
void tables_load(struct lint *lint, const char *path);
/* A file that was read; its bytes are lint's from here on. */
void tables_take(struct lint *lint, const char *path, uint8_t *bytes, size_t len);
/* Groups what was loaded into machines. */
void tables_sort(struct lint *lint);
/* The whole file, at most max bytes; NULL with errno. */
uint8_t *file_read(const char *path, size_t max, size_t *len);

/* A table's length takes bytes 4 to 7, the last of which is 0: text has none. */
bool file_is_text(const void *start, size_t len);
/* Text of others for a terminal: without what could steer it. */
void put_plain(const char *text, FILE *out);

/* ---- dump.c ---- */

/*
 * The next table of a text that acpidump printed, from *text, which is moved
 * behind it; end is terminated. False: there is no other. The bytes are the
 * caller's to free.
 */
bool dump_read(const char **text, const char *end, uint8_t **bytes, size_t *len);

/* ---- machine.c ---- */

/* Decodes and judges one of lint's; sysfs: "/sys" or a copy, NULL: tables of another machine. */
void machine_judge(const struct lint *lint, struct lint_machine *machine, const char *sysfs);
/* The unit that watches f; NULL: none. */
const struct lint_unit *machine_unit_of(const struct lint_machine *machine,
                                        const struct pci_function *f);
bool machine_region_names(const struct lint_machine *machine, const struct lint_region *region,
                          const struct pci_function *f);
/* Further requester ids of f that the tables name; at most max. */
size_t machine_aliases(const struct lint_machine *machine, const struct pci_function *f,
                       uint16_t *rids, size_t max);

/* ---- facts.c ---- */

/* The memory map, the processor and the PCI functions, as far as they are to be had. */
void facts_read(struct fw_facts *facts, const char *sysfs);

/* ---- what is shown ---- */

void show_summary(const struct lint *lint, FILE *out);
void show_text(const struct lint *lint, FILE *out);
void show_json(const struct lint *lint, struct text *out);
void show_dot(const struct lint *lint, FILE *out);
/* A page that holds the report, which must be JSON. */
void show_html(const char *report, size_t len, FILE *out);
/* Whether a file's bytes are text that has no table of acpidump in it. */
bool report_is(const uint8_t *bytes, size_t len);
/*
 * The JSON object of a file: the whole of it, or between the kernel's markers;
 * *len becomes its length. NULL, said on stderr: there is none.
 */
char *report_cut(const char *path, const uint8_t *bytes, size_t *len);

#endif
