/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The IVRS table as text: what the library's reader makes of it, blocks that
 * another supersedes included, ranges paired, and every problem with its
 * offset. Portable.
 */
#include "ivrs_dump.h"

#include "amd/ivrs.h"
#include "console.h"
#include "format.h"

#define NAMES_BYTES 64u
#define UID_BYTES 64u

struct bit_name {
    uint32_t bit;
    const char *name;
};

/* " (a,b)", or nothing when no bit is set. */
static const char *bit_names(const struct bit_name *names, size_t count, uint32_t bits, char out[NAMES_BYTES])
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < count; i++)
        if ((bits & names[i].bit) != 0)
            used += format_line(out + used, NAMES_BYTES - used, "%s%s", used == 0 ? " (" : ",", names[i].name);
    if (used != 0)
        format_line(out + used, NAMES_BYTES - used, ")");
    return out;
}

static const char *setting_names(uint8_t setting, char out[NAMES_BYTES])
{
    static const struct bit_name names[] = {
        { IVRS_SETTING_INIT_PASS, "init" }, { IVRS_SETTING_EINT_PASS, "extint" },
        { IVRS_SETTING_NMI_PASS, "nmi" }, { IVRS_SETTING_SYSMGT, "sysmgt" },
        { IVRS_SETTING_LINT0_PASS, "lint0" }, { IVRS_SETTING_LINT1_PASS, "lint1" },
    };

    return bit_names(names, sizeof(names) / sizeof(names[0]), setting, out);
}

static const char *unit_flag_names(const struct ivrs_unit *unit, char out[NAMES_BYTES])
{
    static const struct bit_name names[] = {
        { IVRS_FLAG_HT_TUN_EN, "httun" }, { IVRS_FLAG_PASS_PW, "passpw" },
        { IVRS_FLAG_RES_PASS_PW, "respasspw" }, { IVRS_FLAG_ISOC, "isoc" },
        { IVRS_FLAG_IOTLB_SUP, "iotlb" }, { IVRS_FLAG_COHERENT, "coherent" },
        { IVRS_FLAG_PREF_SUP, "prefetch" }, { IVRS_FLAG_PPR_SUP, "ppr" },
    };
    /* The last two are reserved in the other types. */
    size_t count = sizeof(names) / sizeof(names[0]) - (unit->type == IVRS_UNIT_10 ? 0u : 2u);

    return bit_names(names, count, unit->flags, out);
}

/* Firmware's text, not terminated: up to size - 1 bytes of it, those that are no plain letters replaced. */
static const char *plain_text(const char *text, size_t len, char *out, size_t size)
{
    size_t used = 0;

    for (; used < len && used + 1 < size && text[used] != '\0'; used++)
        out[used] = text[used] > ' ' && text[used] <= '~' ? text[used] : '?';
    out[used] = '\0';
    return used == 0 ? "-" : out;
}

/* "00:14.0" or "00:14.0-00:14.7". */
static const char *ids(uint16_t first, uint16_t last, char out[NAMES_BYTES])
{
    size_t used = format_line(out, NAMES_BYTES, "%02x:%02x.%u", first >> 8, first >> 3 & 31u, first & 7u);

    if (last != first)
        format_line(out + used, NAMES_BYTES - used, "-%02x:%02x.%u", last >> 8, last >> 3 & 31u, last & 7u);
    return out;
}

static void dump_header(void *arg, const struct ivrs_info *info)
{
    (void)arg;
    print("# ivrs: revision=%u ivinfo=0x%08x physical-bits=%u virtual-bits=%u%s%s%s\n", info->revision, info->ivinfo,
          info->physical_bits, info->virtual_bits, info->efr_valid ? " efr-valid" : "",
          info->dma_remap ? " dma-remap" : "", info->ht_ats_reserved ? " ht-ats-reserved" : "");
}

static void dump_devices(const struct ivrs_entry *entry)
{
    char devices[NAMES_BYTES], alias[NAMES_BYTES], setting[NAMES_BYTES];

    print("# ivrs: offset=0x%03x   %02xh devices %s%s%s setting=0x%02x%s%s\n", entry->offset, entry->type,
          ids(entry->first, entry->last, devices), entry->has_alias ? " as " : "",
          entry->has_alias ? ids(entry->alias, entry->alias, alias) : "", entry->setting,
          setting_names(entry->setting, setting), entry->ats_denied ? " no-ats" : "");
}

static void dump_special(const struct ivrs_entry *entry)
{
    char device[NAMES_BYTES], setting[NAMES_BYTES];
    const char *kind = entry->kind == IVRS_ENTRY_IOAPIC ? "ioapic" :
                       entry->kind == IVRS_ENTRY_HPET ? "hpet" : "special";

    print("# ivrs: offset=0x%03x   %02xh %s %u variety=%u as %s setting=0x%02x%s\n", entry->offset, entry->type,
          kind, entry->handle, entry->variety, ids(entry->first, entry->first, device), entry->setting,
          setting_names(entry->setting, setting));
}

/* A unique id is a number of 8 bytes, low first, or text. */
static const char *unique_id(const struct ivrs_entry *entry, char out[UID_BYTES])
{
    uint64_t number = 0;

    if (entry->uid_format != 1 || entry->uid_len != 8)
        return plain_text((const char *)entry->uid, entry->uid_len, out, UID_BYTES);
    for (unsigned i = 8; i-- > 0;)
        number = number << 8 | entry->uid[i];
    format_line(out, UID_BYTES, "0x%llx", (unsigned long long)number);
    return out;
}

static void dump_acpi(const struct ivrs_entry *entry)
{
    char device[NAMES_BYTES], setting[NAMES_BYTES], hid[9], cid[9], uid[UID_BYTES];

    print("# ivrs: offset=0x%03x   %02xh acpi hid=%s cid=%s uid=%s as %s setting=0x%02x%s\n", entry->offset,
          entry->type, plain_text(entry->hid, 8, hid, sizeof(hid)), plain_text(entry->cid, 8, cid, sizeof(cid)),
          unique_id(entry, uid), ids(entry->first, entry->first, device), entry->setting,
          setting_names(entry->setting, setting));
}

static void dump_block(const struct ivrs_unit *unit, const char *note)
{
    struct ivrs_entries entries = unit->entries;
    struct ivrs_entry entry;
    char function[NAMES_BYTES], flags[NAMES_BYTES];

    print("# ivrs: offset=0x%03x ivhd %02xh unit %04x:%s capability=0x%02x registers=0x%llx flags=0x%02x%s "
          "info=0x%04x features=0x%08x", unit->offset, unit->type, unit->segment,
          ids(unit->rid, unit->rid, function), unit->capability, (unsigned long long)unit->registers_pa,
          unit->flags, unit_flag_names(unit, flags), unit->info, unit->features);
    if (unit->has_efr)
        print(" efr=0x%llx efr2=0x%llx", (unsigned long long)unit->efr, (unsigned long long)unit->efr2);
    print("%s\n", note);
    while (ivrs_entry_next(&entries, &entry))
        if (entry.kind == IVRS_ENTRY_DEVICES)
            dump_devices(&entry);
        else if (entry.kind == IVRS_ENTRY_ACPI)
            dump_acpi(&entry);
        else
            dump_special(&entry);
}

static void dump_unit(void *arg, const struct ivrs_unit *unit)
{
    (void)arg;
    dump_block(unit, "");
}

static void dump_superseded(void *arg, const struct ivrs_unit *unit)
{
    (void)arg;
    dump_block(unit, " superseded");
}

static void dump_region(void *arg, const struct ivrs_region *region)
{
    char devices[NAMES_BYTES];

    (void)arg;
    print("# ivrs: offset=0x%03x ivmd %02xh segment=%04x devices %s memory 0x%llx-0x%llx %s%s%s\n", region->offset,
          region->type, region->segment, ids(region->first, region->last, devices),
          (unsigned long long)region->start, (unsigned long long)(region->end - 1),
          (region->prot & IOMMU_READ) != 0 ? "r" : "", (region->prot & IOMMU_WRITE) != 0 ? "w" : "",
          (region->flags & IVRS_REGION_EXCLUSION) != 0 ? " exclusion" : "");
}

static void dump_problem(void *arg, uint32_t offset, const char *what, uint64_t value)
{
    (void)arg;
    print("# ivrs: offset=0x%03x problem: %s 0x%llx\n", offset, what, (unsigned long long)value);
}

void ivrs_dump(const void *table, size_t len)
{
    static const struct ivrs_handler handler = {
        .header = dump_header, .unit = dump_unit, .superseded = dump_superseded, .region = dump_region,
        .problem = dump_problem,
    };

    if (ivrs_read(table, len, &handler, NULL) != IOMMU_OK)
        print("# ivrs: the table is damaged\n");
}
