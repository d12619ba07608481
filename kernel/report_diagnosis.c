/* SPDX-License-Identifier: BSD-2-Clause */
/* The hand-off in words, usable IOVAs, and what of the diagnosis goes into the JSON report. */
#include "report_diagnosis.h"

#include "console.h"
#include "groups.h"
#include "iova_ranges.h"
#include "machine.h"
#include "preboot.h"
#include "report.h"

#define SENTENCE_BYTES 160u
#define TURNED_MAX 32u

/* ---- checks ---- */

void report_checks_json(struct json *json)
{
    struct check checks[CHECKS_MAX];
    size_t count = report_make_checks(checks);

    json_open(json, "checks", '[');
    for (size_t i = 0; i < count; i++) {
        json_open(json, NULL, '{');
        json_text(json, "name", checks[i].name);
        json_number(json, "depth", checks[i].depth);
        json_text(json, "state", check_state_name(checks[i].state));
        json_text(json, "text", checks[i].text);
        json_text(json, "remedy", checks[i].remedy);
        json_close(json, '}');
    }
    json_close(json, ']');
}

/* ---- before this kernel ---- */

static struct preboot_facts preboot_known(void)
{
    struct preboot_facts facts = {
        .before_exit = &machine.boot->before_exit,
        .entry = &machine.handoff,
        .functions = machine.pci == NULL ? NULL : pci_first(machine.pci),
        .dma = &machine.preboot,
        .blocked = machine.proof.blocked,
        .passed = machine.proof.passed,
    };

    facts.opt_in_known = report_opt_in(&facts.opt_in);
    return facts;
}

void report_preboot_line(unsigned reserve)
{
    struct preboot_facts facts = preboot_known();
    struct preboot judged;
    char sentence[SENTENCE_BYTES];

    if (machine.table == NULL)
        return;
    preboot_judge(&facts, &judged);
    preboot_summary(&judged, sentence, sizeof(sentence));
    (void)report_line(reserve, "# before: %s", sentence);
}

static void print_sentence(void *ctx, const char *sentence)
{
    (void)ctx;
    print("# before: %s\n", sentence);
}

void report_preboot(void)
{
    struct preboot_facts facts = preboot_known();
    struct preboot judged;

    preboot_judge(&facts, &judged);
    preboot_explain(&facts, &judged, print_sentence, NULL);
}

static void put_sentence(void *ctx, const char *sentence)
{
    json_text(ctx, NULL, sentence);
}

static void put_dma(struct json *json, const struct preboot_dma *dma)
{
    json_open(json, "dma", '{');
    json_text(json, "result", preboot_dma_name(dma->result));
    json_text(json, "reason", dma->reason == NULL ? "" : dma->reason);
    if (dma->ex != NULL)
        json_text(json, "device", dma->ex->label);
    json_number(json, "units_with_faults", dma->recorded);
    json_number(json, "units_undecided", dma->undecided);
    json_close(json, '}');
}

void report_preboot_json(struct json *json)
{
    struct preboot_facts facts = preboot_known();
    struct preboot judged;

    preboot_judge(&facts, &judged);
    json_open(json, "handoff_verdict", '{');
    json_text(json, "verdict", preboot_verdict_name(judged.verdict));
    json_text(json, "taken", judged.before_exit ? "before-exit" : "kernel-entry");
    json_number(json, "units", judged.units);
    json_number(json, "translating", judged.translating);
    json_number(json, "protected_regions", judged.regions);
    json_number(json, "bus_masters", judged.masters);
    json_bool(json, "opt_in_broken", judged.opt_in_broken);
    put_dma(json, &machine.preboot);
    json_open(json, "explained", '[');
    preboot_explain(&facts, &judged, put_sentence, json);
    json_close(json, ']');
    json_close(json, '}');
}

/* ---- usable IOVAs ---- */

static void print_ranges(const char *whose, const struct iova_ranges *ranges)
{
    print("# iova: %s format=%s", whose, ranges->format);
    for (size_t i = 0; i < ranges->count; i++)
        print(" 0x%llx-0x%llx", (unsigned long long)ranges->list[i].start,
              (unsigned long long)ranges->list[i].end);
    print("%s\n", ranges->more ? " ..." : "");
}

/* False: it can be given no domain. */
static bool ranges_of(const struct pci_function *f, struct iova_ranges *out)
{
    struct pci_range turned[TURNED_MAX];
    size_t count = groups_turned(f, turned, TURNED_MAX);

    if (iova_ranges(machine.iommu, f->owner, out) != IOMMU_OK)
        return false;
    out->more |= count > TURNED_MAX;
    for (size_t i = 0; i < count && i < TURNED_MAX; i++)
        iova_ranges_without(out, turned[i].start, turned[i].end);
    return true;
}

/* The ranges of a device that has no holes of its own stand for its unit. */
static bool unit_ranges(size_t unit, struct iova_ranges *out)
{
    for (struct pci_function *f = pci_first(machine.pci); f != NULL; f = f->next)
        if (f->owner != NULL && iommu_device_unit(f->owner) == unit &&
            !iommu_device_has_reserved(f->owner) && groups_turned(f, NULL, 0) == 0)
            return ranges_of(f, out);
    return false;
}

static void ranges_of_others(size_t unit, const struct iova_ranges *of_unit)
{
    for (struct pci_function *f = pci_first(machine.pci); f != NULL; f = f->next) {
        struct iova_ranges ranges;
        char name[RID_TEXT_BYTES];

        if (f->owner == NULL || iommu_device_unit(f->owner) != unit || !ranges_of(f, &ranges) ||
            (of_unit != NULL && iova_ranges_equal(&ranges, of_unit)))
            continue;
        report_rid(name, f->segment, f->rid);
        print_ranges(name, &ranges);
    }
}

void report_iova(void)
{
    struct iommu_unit_info unit;
    struct iova_ranges ranges;

    for (size_t i = 0;
         machine.iommu != NULL && iommu_unit_info(machine.iommu, i, &unit) == IOMMU_OK; i++) {
        bool known = unit_ranges(i, &ranges);

        if (known)
            print_ranges(unit.name, &ranges);
        ranges_of_others(i, known ? &ranges : NULL);
    }
}

static void put_range(struct json *json, const struct iommu_region *range)
{
    json_open(json, NULL, '{');
    json_hex(json, "start", range->start);
    json_hex(json, "end", range->end);
    json_close(json, '}');
}

void report_iova_json(struct json *json, const struct pci_function *f)
{
    struct iova_ranges ranges = { .count = 0 };

    if (f->owner != NULL && !ranges_of(f, &ranges))
        ranges.count = 0;
    json_open(json, "iova_ranges", '[');
    for (size_t i = 0; i < ranges.count; i++)
        put_range(json, &ranges.list[i]);
    json_close(json, ']');
}

/* ---- domains ---- */

static const char *domain_type_name(enum iommu_domain_type type)
{
    static const char *const names[] = {
        [IOMMU_DOMAIN_BLOCKED] = "blocked", [IOMMU_DOMAIN_IDENTITY] = "identity",
        [IOMMU_DOMAIN_UNMANAGED] = "unmanaged", [IOMMU_DOMAIN_DMA] = "dma",
        [IOMMU_DOMAIN_DMA_FQ] = "dma-fq", [IOMMU_DOMAIN_SVA] = "sva",
    };

    return names[type];
}

/* The first function of a domain stands for it: so each is told once. */
static bool is_first_of(const struct pci_function *f, const struct iommu_domain *domain)
{
    for (const struct pci_function *p = pci_first(machine.pci); p != f; p = p->next)
        if (p->owner != NULL && iommu_device_domain(p->owner) == domain)
            return false;
    return true;
}

static void put_domain(struct json *json, const struct iommu_domain *domain)
{
    struct iommu_domain_info info;
    char name[RID_TEXT_BYTES];

    iommu_domain_info(domain, &info);
    json_open(json, NULL, '{');
    json_text(json, "type", domain_type_name(info.type));
    json_text(json, "format", info.format);
    json_number(json, "levels", info.levels);
    json_hex(json, "aperture_end", info.aperture_end);
    json_open(json, "members", '[');
    for (const struct pci_function *f = pci_first(machine.pci); f != NULL; f = f->next)
        if (f->owner != NULL && iommu_device_domain(f->owner) == domain) {
            report_rid(name, f->segment, f->rid);
            json_text(json, NULL, name);
        }
    json_close(json, ']');
    json_close(json, '}');
}

void report_domains_json(struct json *json)
{
    json_open(json, "domains", '[');
    for (struct pci_function *f = machine.pci == NULL ? NULL : pci_first(machine.pci); f != NULL;
         f = f->next) {
        const struct iommu_domain *domain = f->owner == NULL ? NULL : iommu_device_domain(f->owner);

        if (domain != NULL && is_first_of(f, domain))
            put_domain(json, domain);
    }
    json_close(json, ']');
}
