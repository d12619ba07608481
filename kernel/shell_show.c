/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands of the shell that show what the report, the tables and the logs hold. */
#include "shell.h"

#include "acpi.h"
#include "console.h"
#include "decode_text.h"
#include "groups.h"
#include "irq.h"
#include "machine.h"
#include "report.h"
#include "report_diagnosis.h"
#include "suite_env.h"
#include "words.h"

#define FAULTS_SHOWN 32u
#define SIGNATURE_LETTERS 4u
#define TURNED_SHOWN 16u

void shell_report(unsigned count, char *const *words)
{
    static const char in_full[] = "report full";

    if (count == 0 || text_equal(words[0], "summary"))
        report_print(REPORT_SUMMARY, in_full);
    else if (text_equal(words[0], "full"))
        report_print(REPORT_FULL, in_full);
    else if (text_equal(words[0], "json"))
        report_print(REPORT_JSON, in_full);
    else
        print("report: expected summary, full, json or nothing, not \"%s\"\n", words[0]);
}

/* ---- tables ---- */

static void print_line(void *ctx, const char *line)
{
    (void)ctx;
    print("%s\n", line);
}

/* "dmar" is DMAR. */
static bool read_signature(const char *word, char out[SIGNATURE_LETTERS + 1])
{
    if (text_len(word) != SIGNATURE_LETTERS) {
        print("acpi: \"%s\" is no signature: expected four letters (DMAR, APIC)\n", word);
        return false;
    }
    for (unsigned i = 0; i <= SIGNATURE_LETTERS; i++)
        out[i] = word[i] >= 'a' && word[i] <= 'z' ? (char)(word[i] - 'a' + 'A') : word[i];
    return true;
}

void shell_acpi(unsigned count, char *const *words)
{
    char signature[SIGNATURE_LETTERS + 1];
    const struct acpi_table *found;
    uint64_t number = 0;

    if (count == 0) {
        report_acpi();
        return;
    }
    if (!read_signature(words[0], signature))
        return;
    if (count > 1 && !text_number(words[1], &number)) {
        print("acpi: \"%s\" is no number: expected which table %s, counted from 0\n", words[1],
              signature);
        return;
    }
    found = acpi_find(&machine_acpi, signature, number);
    if (found == NULL) {
        print("acpi: there is no table %s number %llu, \"acpi\" lists them\n", signature,
              (unsigned long long)number);
        return;
    }
    if (!fw_print(found->bytes, found->len, print_line, NULL))
        print("acpi: there are problems in it, see above\n");
}

void shell_findings(unsigned count, char *const *words)
{
    (void)count;
    (void)words;
    report_findings();
}

/* ---- reserved memory ---- */

static const char *rights(unsigned prot)
{
    static const char *const names[] = { "none", "read", "write", "read and write" };

    return names[prot & IOMMU_RW];
}

static size_t regions_of(const struct pci_function *f)
{
    struct iommu_region region;
    size_t i = 0;

    for (; f->owner != NULL && iommu_reserved_region(f->owner, i, &region) == IOMMU_OK; i++)
        print("reserved: " PCI_FORMAT " 0x%llx-0x%llx stays mapped, %s\n", PCI_ARGS(f),
              (unsigned long long)region.start, (unsigned long long)region.end - 1,
              rights(region.prot));
    return i;
}

/* What a domain of the device's cannot hold, as long as it is in one. */
static void holes_of(const struct pci_function *f)
{
    const struct iommu_domain *domain = f->owner != NULL ? iommu_device_domain(f->owner) : NULL;
    struct iommu_region hole;

    for (size_t i = 0; domain != NULL && iommu_domain_hole(domain, i, &hole) == IOMMU_OK; i++)
        print("reserved: " PCI_FORMAT " 0x%llx-0x%llx cannot be mapped in its domain\n",
              PCI_ARGS(f), (unsigned long long)hole.start, (unsigned long long)hole.end - 1);
}

/* What a port or a neighbour may answer before the unit sees it. */
static void turned_of(const struct pci_function *f)
{
    struct pci_range turned[TURNED_SHOWN];
    size_t count = groups_turned(f, turned, TURNED_SHOWN);

    for (size_t i = 0; i < count && i < TURNED_SHOWN; i++)
        print("reserved: " PCI_FORMAT " 0x%llx-0x%llx may not reach the unit: devices are there\n",
              PCI_ARGS(f), (unsigned long long)turned[i].start,
              (unsigned long long)turned[i].end - 1);
    if (count > TURNED_SHOWN)
        print("reserved: " PCI_FORMAT " %zu more of that kind\n", PCI_ARGS(f),
              count - TURNED_SHOWN);
}

void shell_reserved(unsigned count, char *const *words)
{
    struct shell_id id = { 0, 0 };
    size_t regions = 0;

    if (count > 0 && !shell_want_id("reserved", words[0], &id))
        return;
    if (count > 0 && (machine.pci == NULL || pci_find(machine.pci, id.segment, id.rid) == NULL)) {
        print("reserved: there is no function %s\n", words[0]);
        return;
    }
    print("reserved: every device 0xfee00000-0xfeefffff is interrupts\n");
    for (const struct pci_function *f = machine.pci ? pci_first(machine.pci) : NULL; f != NULL;
         f = f->next) {
        if (count > 0 && (f->segment != id.segment || f->rid != id.rid))
            continue;
        regions += regions_of(f);
        holes_of(f);
        if (!f->is_bridge)
            turned_of(f);
    }
    print("reserved: %zu regions that firmware wants mapped\n", regions);
}

/* ---- faults ---- */

static const char *access_name(enum iommu_access access)
{
    static const char *const names[] = {
        [IOMMU_ACCESS_READ] = "read",
        [IOMMU_ACCESS_WRITE] = "write",
        [IOMMU_ACCESS_ATOMIC] = "atomic",
        [IOMMU_ACCESS_PAGE_REQUEST] = "page-request",
    };

    return names[access];
}

static void print_fault(const struct iommu_fault *f)
{
    struct iommu_unit_info unit;

    if (iommu_unit_info(machine.iommu, f->unit_index, &unit) != IOMMU_OK)
        return;
    print("%s: fault src=" IOMMU_RID_FORMAT
          " access=%s addr=0x%llx reason=0x%02x(%s) time=%lluus\n",
          unit.name, IOMMU_RID_ARGS(f->segment, f->rid), access_name(f->access),
          (unsigned long long)f->iova, f->reason, f->reason_name != NULL ? f->reason_name : "",
          (unsigned long long)f->time_us);
}

void shell_faults(unsigned count, char *const *words)
{
    static struct iommu_fault faults[FAULTS_SHOWN];
    size_t shown;

    (void)count;
    (void)words;
    if (machine.iommu != NULL)
        (void)iommu_poll_faults(machine.iommu);
    shown = suite_env_recent_faults(faults, FAULTS_SHOWN);
    for (size_t i = 0; i < shown; i++)
        print_fault(&faults[i]);
    print("%zu of %llu faults\n", shown, (unsigned long long)suite_env_faults_seen());
}

/* ---- the machine ---- */

/* The first vector is the timer's, the next are the units' fault events. */
void shell_irqs(unsigned count, char *const *words)
{
    (void)count;
    (void)words;
    for (int vector = 0; vector < IRQ_VECTORS; vector++)
        if (irq_count(vector) > 0)
            print("irq: vector=0x%x count=%llu\n", (unsigned)vector,
                  (unsigned long long)irq_count(vector));
    print("irq: unexpected=%llu\n", (unsigned long long)irq_unexpected());
}

void shell_cmdline(unsigned count, char *const *words)
{
    (void)count;
    (void)words;
    print("%s\n", machine.boot->cmdline);
}

void shell_mem(unsigned count, char *const *words)
{
    (void)count;
    (void)words;
    report_memory();
    for (uint32_t i = 0; i < machine.boot->range_count; i++) {
        const struct boot_range *range = &machine.boot->ranges[i];

        print("# range: 0x%016llx-0x%016llx type=%u firmware-type=%u\n",
              (unsigned long long)range->start, (unsigned long long)range->end, range->type,
              range->firmware_type);
    }
}
