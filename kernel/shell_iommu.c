/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shell's looks at the units: which devices they have, their registers,
 * rings and interrupt entries, and the walk of one address. Nothing is changed.
 */
#include "shell.h"

#include "acpi.h"
#include "console.h"
#include "groups.h"
#include "hosts.h"
#include "iommu/debug.h"
#include "machine.h"
#include "report.h"
#include "shell_dump.h"
#include "words.h"

#define ENTRIES_SHOWN 8u
#define DOMAINS_NAMED 64u
#define IRQ_ARGUMENTS 3u
#define GROUP_TEXT_BYTES 200u

static const char *yes(bool it)
{
    return it ? "yes" : "no";
}

/* ---- units ---- */

static bool have_units(const char *command)
{
    if (machine.iommu != NULL && iommu_unit_count(machine.iommu) > 0)
        return true;
    print("iommu %s: no unit is driven\n", command);
    return false;
}

/* The unit of that name; SIZE_MAX: there is none. */
static size_t unit_named(const char *name)
{
    struct iommu_unit_info unit;

    for (size_t i = 0; iommu_unit_info(machine.iommu, i, &unit) == IOMMU_OK; i++)
        if (text_equal(unit.name, name))
            return i;
    return SIZE_MAX;
}

static void print_no_unit(const char *command, const char *word)
{
    struct iommu_unit_info unit;

    print("iommu %s: \"%s\" is no unit: expected", command, word);
    for (size_t i = 0; iommu_unit_info(machine.iommu, i, &unit) == IOMMU_OK; i++)
        print("%s %s", i == 0 ? "" : ",", unit.name);
    print("\n");
}

/* Calls look for the unit that words[0] names, or for each. */
static void for_units(const char *command, unsigned count, char *const *words,
                      enum iommu_status (*look)(size_t unit, const void *arg), const void *arg)
{
    struct iommu_unit_info unit;
    size_t chosen = SIZE_MAX;

    if (!have_units(command))
        return;
    if (count > 0) {
        chosen = unit_named(words[0]);
        if (chosen == SIZE_MAX) {
            print_no_unit(command, words[0]);
            return;
        }
    }
    for (size_t i = 0; iommu_unit_info(machine.iommu, i, &unit) == IOMMU_OK; i++) {
        enum iommu_status status;

        if (count > 0 && i != chosen)
            continue;
        print("%s: base=0x%llx\n", unit.name, (unsigned long long)unit.registers_pa);
        status = look(i, arg);
        shell_dump_end();
        if (status != IOMMU_OK)
            print("%s: %s\n", unit.name,
                  status == IOMMU_ERR_UNSUPPORTED ? "there is none, or it is off"
                                                  : iommu_status_name(status));
    }
}

/* ---- ls ---- */

/* Domains have no names: numbered as they come. */
static unsigned domain_number(const struct iommu_domain *domain)
{
    static const struct iommu_domain *seen[DOMAINS_NAMED];

    for (unsigned i = 0; i < DOMAINS_NAMED; i++) {
        if (seen[i] == NULL)
            seen[i] = domain;
        if (seen[i] == domain)
            return i;
    }
    return DOMAINS_NAMED;
}

static void device_line(const struct pci_function *f)
{
    const struct iommu_domain *domain = iommu_device_domain(f->owner);
    const struct pci_group_member *member = groups_member(f);
    struct iommu_domain_info info;

    print("  " PCI_FORMAT " %04x:%04x %s state=%s", PCI_ARGS(f), f->vendor, f->device,
          pci_class_name(f->class_code), iommu_debug_device_state(f->owner));
    if (member != NULL && member->group != PCI_NO_GROUP)
        print(" group=%zu", member->group);
    if (domain != NULL) {
        iommu_domain_info(domain, &info);
        print(" domain=%u format=%s levels=%u devices=%zu", domain_number(domain), info.format,
              info.levels, info.devices);
    }
    if (iommu_device_has_reserved(f->owner))
        print(" reserved-regions");
    if (iommu_device_fenced(f->owner))
        print(" fenced");
    print("\n");
}

static void unit_line(const struct iommu_unit_info *unit)
{
    print("%s: %s segment=%04x base=0x%llx", unit->name, unit->vendor, unit->segment,
          (unsigned long long)unit->registers_pa);
    if (unit->has_rid)
        print(" function=" IOMMU_RID_FORMAT, IOMMU_RID_ARGS(unit->segment, unit->rid));
    print(" translating=%s remapping=%s%s\n", yes(unit->translating), yes(unit->remapping),
          unit->fenced ? " fenced" : "");
}

static void run_ls(unsigned count, char *const *words)
{
    struct iommu_unit_info unit;
    size_t uncovered = 0;

    (void)count;
    (void)words;
    if (!have_units("ls"))
        return;
    for (size_t i = 0; iommu_unit_info(machine.iommu, i, &unit) == IOMMU_OK; i++) {
        unit_line(&unit);
        for (const struct pci_function *f = pci_first(machine.pci); f != NULL; f = f->next)
            if (f->owner != NULL && iommu_device_unit(f->owner) == i)
                device_line(f);
    }
    for (const struct pci_function *f = pci_first(machine.pci); f != NULL; f = f->next)
        uncovered += f->owner == NULL && !f->is_bridge;
    print("%zu functions under no unit\n", uncovered);
}

/* ---- groups ---- */

static void run_groups(unsigned count, char *const *words)
{
    const struct pci_group_member *member;
    char reason[GROUP_TEXT_BYTES];
    struct shell_id id;
    size_t group;

    if (groups_none() != NULL) {
        print("iommu groups: there are none: %s\n", groups_none());
        return;
    }
    if (count == 0) {
        groups_print();
        return;
    }
    if (!shell_want_id("iommu groups", words[0], &id))
        return;
    group = groups_of_id(id.segment, id.rid, &member);
    if (member == NULL) {
        print("iommu groups: no function sends as %s\n", words[0]);
        return;
    }
    (void)pci_group_text(member, reason, sizeof(reason));
    if (group == PCI_NO_GROUP)
        print("group: " PCI_FORMAT " is in none: %s\n", PCI_ARGS(member->function), reason);
    else
        groups_print_group(group);
}

/* ---- regs, queue, irte ---- */

static enum iommu_status look_regs(size_t unit, const void *arg)
{
    (void)arg;
    return iommu_debug_registers(machine.iommu, unit, &shell_dump);
}

static void run_regs(unsigned count, char *const *words)
{
    for_units("regs", count, words, look_regs, NULL);
}

/*
 * The registers the hand-off snapshot has, as found and as they are: also of units that are not
 * driven.
 */
static void run_handoff(unsigned count, char *const *words)
{
    const struct acpi_table *table = machine.table;
    struct iommu_handoff now = { 0 };

    (void)count;
    (void)words;
    report_handoff();
    if (table == NULL)
        print("iommu handoff: no table describes units\n");
    else if (iommu_take_handoff(&kernel_iommu_platform, NULL, table->bytes, table->len, &now) ==
             IOMMU_OK)
        report_handoff_units("now", &now);
}

static enum iommu_status look_queue(size_t unit, const void *arg)
{
    (void)arg;
    return iommu_debug_queues(machine.iommu, unit, ENTRIES_SHOWN, &shell_dump);
}

static void run_queue(unsigned count, char *const *words)
{
    for_units("queue", count, words, look_queue, NULL);
}

struct wanted_irte {
    struct iommu_debug_irq_filter filter;
    uint16_t segment;           /* of the id */
};

static enum iommu_status look_irte(size_t unit, const void *arg)
{
    const struct wanted_irte *wanted = arg;
    struct iommu_unit_info info;

    if (wanted->filter.has_rid && iommu_unit_info(machine.iommu, unit, &info) == IOMMU_OK &&
        info.segment != wanted->segment) {
        print("note: the id is of another segment\n");
        return IOMMU_OK;
    }
    return iommu_debug_irq_entries(machine.iommu, unit, &wanted->filter, &shell_dump);
}

/* UNIT, RID and INDEX look different, so that any of them may be left out. */
static void run_irte(unsigned count, char *const *words)
{
    struct wanted_irte wanted = { .segment = 0 };
    unsigned units = 0;
    struct shell_id id;
    uint64_t index;

    if (!have_units("irte"))
        return;
    for (unsigned i = 0; i < count; i++) {
        if (text_number(words[i], &index) && index <= UINT32_MAX) {
            wanted.filter.has_index = true;
            wanted.filter.index = (uint32_t)index;
        } else if (shell_read_id(words[i], &id)) {
            wanted.filter.has_rid = true;
            wanted.filter.rid = id.rid;
            wanted.segment = id.segment;
        } else if (i == 0 && unit_named(words[i]) != SIZE_MAX) {
            units = 1;
        } else {
            print("iommu irte: \"%s\" is no unit's name, no requester id and no index\n", words[i]);
            return;
        }
    }
    for_units("irte", units, words, look_irte, &wanted);
}

/* ---- walk ---- */

static const char *rights(unsigned prot)
{
    static const char *const names[] = { "nothing", "read", "write", "read and write" };

    return names[prot & IOMMU_RW];
}

static void print_size(unsigned shift)
{
    static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };

    print("%llu %s", 1ull << shift % 10, units[shift / 10]);
}

/* What the driver's own book says of the same address. */
static void compare_with_domain(const struct iommu_device *device, uint64_t iova,
                                const struct iommu_debug_walk *walk)
{
    const struct iommu_domain *domain = device != NULL ? iommu_device_domain(device) : NULL;
    bool reaches =
        walk->outcome == IOMMU_DEBUG_TRANSLATED || walk->outcome == IOMMU_DEBUG_UNTRANSLATED;
    uint64_t pa = 0;
    bool mapped;

    if (domain == NULL || walk->outcome == IOMMU_DEBUG_INTERRUPT)
        return;
    mapped = iommu_lookup(domain, iova, &pa) == IOMMU_OK;
    if (mapped == reaches && (!mapped || pa == walk->pa))
        print("driver: its domain says the same\n");
    else if (mapped)
        print("driver: DIFFERENT, its domain says pa=0x%llx\n", (unsigned long long)pa);
    else
        print("driver: DIFFERENT, its domain says that nothing is mapped\n");
}

static void print_walk(struct shell_id id, uint64_t iova, const struct iommu_debug_walk *walk)
{
    print("walk: " IOMMU_RID_FORMAT " iova=0x%llx", IOMMU_RID_ARGS(id.segment, id.rid),
          (unsigned long long)iova);
    switch (walk->outcome) {
    case IOMMU_DEBUG_TRANSLATED:
        print(" pa=0x%llx %s, page of ", (unsigned long long)walk->pa, rights(walk->prot));
        print_size(walk->size_shift);
        break;
    case IOMMU_DEBUG_UNTRANSLATED:
        print(" pa=0x%llx %s, untranslated: %s", (unsigned long long)walk->pa, rights(walk->prot),
              walk->why);
        break;
    case IOMMU_DEBUG_INTERRUPT:
        print(" not translated: %s", walk->why);
        break;
    case IOMMU_DEBUG_REFUSED:
        print(" refused reason=0x%x(%s): %s", walk->reason, walk->reason_name, walk->why);
        break;
    case IOMMU_DEBUG_UNKNOWN:
        print(" ends: %s", walk->why);
        if (walk->reason != 0)
            print(", the unit would refuse with reason=0x%x(%s)", walk->reason, walk->reason_name);
        break;
    }
    print("\n");
}

static void run_walk(unsigned count, char *const *words)
{
    struct iommu_debug_walk walk;
    struct iommu_unit_info unit;
    struct shell_id id;
    uint64_t iova;

    (void)count;
    if (!have_units("walk") || !shell_want_id("iommu walk", words[0], &id))
        return;
    if (!text_number(words[1], &iova)) {
        print("iommu walk: \"%s\" is no address: expected a number, hexadecimal behind 0x\n",
              words[1]);
        return;
    }
    if (iommu_debug_walk(machine.iommu, id.segment, id.rid, iova, &shell_dump, &walk) != IOMMU_OK) {
        print("iommu walk: no unit covers %s: its DMA is not translated\n", words[0]);
        return;
    }
    shell_dump_end();
    print_walk(id, iova, &walk);
    compare_with_domain(iommu_find_device(machine.iommu, id.segment, id.rid), iova, &walk);
    if (iommu_unit_info(machine.iommu, walk.unit, &unit) == IOMMU_OK && unit.fenced)
        print("walk: %s is fenced: what it has cached is not known\n", unit.name);
}

const struct shell_command shell_iommu_commands[] = {
    { .name = "ls",
      .arguments = "",
      .meaning = "units, their devices, and the domain of each",
      .run = run_ls },
    { .name = "groups",
      .arguments = "[RID]",
      .meaning = "functions that cannot be kept from one another, and why",
      .run = run_groups,
      .most = 1,
      .kinds = { SHELL_RID } },
    { .name = "regs",
      .arguments = "[UNIT]",
      .meaning = "every register now, field by field",
      .run = run_regs,
      .most = 1,
      .kinds = { SHELL_UNIT } },
    { .name = "handoff",
      .arguments = "",
      .meaning = "a few registers as firmware left them and now",
      .run = run_handoff },
    { .name = "walk",
      .arguments = "RID IOVA",
      .meaning = "each step of the translation of an address",
      .run = run_walk,
      .least = 2,
      .most = 2,
      .kinds = { SHELL_RID },
      .more = "From the registers to the page, as the tables in memory are: \"iommu walk 00:03.0 "
              "0x40000000\"." },
    { .name = "irte",
      .arguments = "[UNIT] [RID] [INDEX]",
      .meaning = "entries of interrupt remapping",
      .run = run_irte,
      .most = IRQ_ARGUMENTS,
      .kinds = { SHELL_UNIT, SHELL_RID },
      .more = "All that are not zero; those for messages of one id; the one with an index." },
    { .name = "queue",
      .arguments = "[UNIT]",
      .meaning = "rings of commands and events, the newest decoded",
      .run = run_queue,
      .most = 1,
      .kinds = { SHELL_UNIT } },
    { .name = "faults",
      .arguments = "",
      .meaning = "the newest refused requests",
      .run = shell_faults },
    { .name = NULL },
};
