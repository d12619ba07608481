/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What else is known of the machine this runs on: firmware's memory map from
 * /sys/firmware/memmap, the processor, the PCI functions, and what Linux says
 * of units in /sys/class/iommu (ABI/testing/sysfs-class-iommu*). Without root some of
 * it is not there; nothing is guessed in its place.
 */
#include "lint.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#ifdef __x86_64__
#include <cpuid.h>
#endif

#include "bits.h"
#include "intel/vtd_regs.h"
#include "sysfs_pci.h"

#define MEMMAP_FOLDER "/firmware/memmap"
#define UNITS_FOLDER "/class/iommu"
#define VALUE_BYTES 64u

/* The first line of a file in a folder; "" when there is none. */
static void read_line(const char *folder, const char *entry, const char *name, char *out)
{
    struct text path = { 0 };
    FILE *file;

    text_add(&path, folder, strlen(folder));
    text_add(&path, "/", 1);
    text_add(&path, entry, strlen(entry));
    text_add(&path, "/", 1);
    text_add(&path, name, strlen(name));
    out[0] = '\0';
    file = fopen(path.bytes, "r");
    free(path.bytes);
    if (file == NULL)
        return;
    if (fgets(out, (int)VALUE_BYTES, file) == NULL)
        out[0] = '\0';
    out[strcspn(out, "\n")] = '\0';
    fclose(file);
}

static enum fw_memory_kind kind_of(const char *type)
{
    if (strcmp(type, "System RAM") == 0)
        return FW_MEMORY_RAM;
    if (strcmp(type, "Reserved") == 0 || strcmp(type, "reserved") == 0)
        return FW_MEMORY_RESERVED;
    if (strncmp(type, "ACPI", 4) == 0)
        return FW_MEMORY_ACPI;
    return FW_MEMORY_OTHER;
}

static bool read_range(const char *folder, const char *entry, struct fw_memory *range)
{
    char start[VALUE_BYTES], end[VALUE_BYTES], type[VALUE_BYTES];

    read_line(folder, entry, "start", start);
    read_line(folder, entry, "end", end);
    read_line(folder, entry, "type", type);
    if (start[0] == '\0' || end[0] == '\0' || type[0] == '\0')
        return false;
    *range = (struct fw_memory) {
        .start = strtoull(start, NULL, 0),
        .end = strtoull(end, NULL, 0) + 1,
        .kind = kind_of(type),
    };
    return range->start < range->end;
}

static int by_start(const void *a, const void *b)
{
    const struct fw_memory *left = a, *right = b;

    return left->start < right->start ? -1 : left->start > right->start;
}

static void read_memory(struct fw_facts *facts, const char *sysfs)
{
    struct fw_memory *ranges = NULL;
    struct text folder = { 0 };
    struct dirent **entries;
    int count;

    text_add(&folder, sysfs, strlen(sysfs));
    text_add(&folder, MEMMAP_FOLDER, strlen(MEMMAP_FOLDER));
    count = scandir(folder.bytes, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        ranges = lint_alloc(ranges, (facts->memory_count + 1) * sizeof(*ranges));
        if (read_range(folder.bytes, entries[i]->d_name, &ranges[facts->memory_count]))
            facts->memory_count++;
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    if (facts->memory_count == 0)
        fprintf(stderr,
                "iommukit-lint: %s: no memory map can be read: nothing is compared with RAM\n",
                folder.bytes);
    free(folder.bytes);
    if (facts->memory_count > 0)
        qsort(ranges, facts->memory_count, sizeof(*ranges), by_start);
    facts->memory = facts->memory_count > 0 ? ranges : NULL;
    if (facts->memory == NULL)
        free(ranges);
}

/* ---- units, as Linux has them ---- */

static uint64_t read_register(const char *folder, const char *unit, const char *name)
{
    char value[VALUE_BYTES];

    read_line(folder, unit, name, value);
    return strtoull(value, NULL, 16);
}

/* Of AMD's units Linux says neither where their registers are nor more than the tables. */
static bool read_unit(const char *folder, const char *unit, struct fw_unit_state *out)
{
    uint64_t base = read_register(folder, unit, "intel-iommu/address");
    uint64_t cap = read_register(folder, unit, "intel-iommu/cap");
    uint64_t ecap = read_register(folder, unit, "intel-iommu/ecap");

    if (base == 0 || cap == 0)
        return false;
    *out = (struct fw_unit_state) {
        .registers_pa = base,
        .answers = true,
        .interrupt_remapping = (ecap & VTD_ECAP_IR) != 0,
        .x2apic = (ecap & VTD_ECAP_EIM) != 0,
        .guest_address_bits = (unsigned)field_get(cap, VTD_CAP_MGAW) + 1,
    };
    return true;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void read_units(struct fw_facts *facts, const char *sysfs)
{
    struct fw_unit_state *units = NULL;
    struct text folder = { 0 };
    struct dirent **entries;
    int count;

    facts->entry_unknown = true;
    text_add(&folder, sysfs, strlen(sysfs));
    text_add(&folder, UNITS_FOLDER, strlen(UNITS_FOLDER));
    count = scandir(folder.bytes, &entries, is_visible, alphasort);
    facts->units_unused = count == 0;
    for (int i = 0; i < count; i++) {
        units = lint_alloc(units, (facts->unit_count + 1) * sizeof(*units));
        if (read_unit(folder.bytes, entries[i]->d_name, &units[facts->unit_count]))
            facts->unit_count++;
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    free(folder.bytes);
    facts->units = units;
}

/* ---- the processor ---- */

#ifdef __x86_64__

#define CPUID_HYPERVISOR (1u << 31)
#define CPUID_ADDRESSES 0x80000008u
#define CPUID_PHYSICAL_BITS 0xffu

static void read_processor(struct fw_facts *facts)
{
    unsigned a, b, c, d;
    char vendor[12];

    if (__get_cpuid(0, &a, &b, &c, &d) == 0)
        return;
    memcpy(vendor, &b, 4);
    memcpy(vendor + 4, &d, 4);
    memcpy(vendor + 8, &c, 4);
    facts->amd = memcmp(vendor, "AuthenticAMD", 12) == 0 || memcmp(vendor, "HygonGenuine", 12) == 0;
    if (__get_cpuid(1, &a, &b, &c, &d) != 0)
        facts->hypervisor = (c & CPUID_HYPERVISOR) != 0;
    if (__get_cpuid(CPUID_ADDRESSES, &a, &b, &c, &d) != 0)
        facts->cpu_physical_bits = a & CPUID_PHYSICAL_BITS;
}

#else

static void read_processor(struct fw_facts *facts)
{
    (void)facts;
}

#endif

void facts_read(struct fw_facts *facts, const char *sysfs)
{
    read_memory(facts, sysfs);
    /* A copy of another machine's /sys says nothing of its processor. */
    if (strcmp(sysfs, LINT_SYSFS) == 0)
        read_processor(facts);
    read_units(facts, sysfs);
    facts->functions = sysfs_pci_read(sysfs);
}
