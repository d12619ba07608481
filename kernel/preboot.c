/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See preboot.h. Through tables that are not this kernel's at most one read is
 * sent (preboot_dma.h): a write that they lead astray would land in memory of
 * nobody's choice. What else firmware's tables let pass is what the take-over
 * says of them in the log.
 */
#include "preboot.h"

#include "format.h"
#include "amd/amdvi_regs.h"
#include "intel/vtd_regs.h"

#define SENTENCE_BYTES 200u
#define PCI_COMMAND_MASTER 0x0004u
#define CLASS_BRIDGE 0x06u

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

bool preboot_is_master(const struct pci_function *f)
{
    return !f->is_bridge && f->class_code >> 16 != CLASS_BRIDGE && (f->command_at_entry & PCI_COMMAND_MASTER) != 0;
}

/* VT-d §11.4.8.3, §11.4.8.5: a limit below its base switches the region off. */
static bool protects_low(const struct iommu_handoff_unit *unit)
{
    return (unit->intel.capability & VTD_CAP_PLMR) != 0 &&
           unit->intel.protected_low_limit >= unit->intel.protected_low_base;
}

static bool protects_high(const struct iommu_handoff_unit *unit)
{
    return (unit->intel.capability & VTD_CAP_PHMR) != 0 &&
           unit->intel.protected_high_limit >= unit->intel.protected_high_base;
}

static bool protects_regions(const struct iommu_handoff_unit *unit)
{
    return unit->vendor == IOMMU_HANDOFF_INTEL &&
           (unit->intel.protected_memory & VTD_PMEN_PRS) != 0 &&
           (protects_low(unit) || protects_high(unit));
}

/* The earlier of two snapshots is nearer to what firmware had on. */
static const struct iommu_handoff *earliest(const struct preboot_facts *facts)
{
    if (facts->before_exit != NULL && facts->before_exit->taken != 0)
        return facts->before_exit;
    return facts->entry != NULL && facts->entry->taken != 0 ? facts->entry : NULL;
}

static void count_units(const struct iommu_handoff *handoff, struct preboot *out)
{
    for (uint32_t i = 0; i < handoff->unit_count && i < IOMMU_HANDOFF_UNITS; i++) {
        const struct iommu_handoff_unit *unit = &handoff->units[i];

        out->units += unit->present;
        out->translating += unit->present && unit->translating;
        out->regions += unit->present && protects_regions(unit);
    }
}

static enum preboot_verdict verdict_of(const struct preboot *judged)
{
    if (judged->units == 0)
        return PREBOOT_UNKNOWN;
    if (judged->translating == judged->units)
        return PREBOOT_TRANSLATED;
    if (judged->translating > 0)
        return PREBOOT_SOME;
    return judged->regions > 0 ? PREBOOT_REGIONS : PREBOOT_OPEN;
}

void preboot_judge(const struct preboot_facts *facts, struct preboot *out)
{
    const struct iommu_handoff *handoff = earliest(facts);

    *out = (struct preboot){ .before_exit = handoff != NULL && handoff == facts->before_exit };
    for (const struct pci_function *f = facts->functions; f != NULL; f = f->next)
        out->masters += preboot_is_master(f);
    if (handoff != NULL)
        count_units(handoff, out);
    out->verdict = verdict_of(out);
    out->opt_in_broken = facts->opt_in_known && facts->opt_in && out->verdict == PREBOOT_OPEN;
}

const char *preboot_verdict_name(enum preboot_verdict verdict)
{
    static const char *const names[] = {
        [PREBOOT_UNKNOWN] = "unknown",
        [PREBOOT_OPEN] = "open",
        [PREBOOT_REGIONS] = "protected-regions",
        [PREBOOT_SOME] = "partly-translated",
        [PREBOOT_TRANSLATED] = "translated",
    };

    return names[verdict];
}

void preboot_summary(const struct preboot *j, char *out, size_t size)
{
    const char *when = j->before_exit ? "before ExitBootServices" : "at kernel entry";

    switch (j->verdict) {
    case PREBOOT_UNKNOWN:
        format_line(out, size, "not known: no unit could be read");
        break;
    case PREBOOT_OPEN:
        format_line(out, size, "open %s: no unit translated, %zu device%s could send", when, j->masters,
                    plural(j->masters));
        break;
    case PREBOOT_REGIONS:
        format_line(out, size, "only protected regions %s: no unit translated, %zu device%s could send", when,
                    j->masters, plural(j->masters));
        break;
    case PREBOOT_SOME:
        format_line(out, size, "partly translated %s: %zu of %zu units", when, j->translating, j->units);
        break;
    case PREBOOT_TRANSLATED:
        format_line(out, size, "translated %s: %zu unit%s by tables not ours", when, j->units, plural(j->units));
        break;
    }
}

struct telling {
    preboot_put *put;
    void *ctx;
};

#define TELL(t, ...)                                                        \
    do {                                                                    \
        char sentence[SENTENCE_BYTES];                                      \
        (void)format_line(sentence, sizeof(sentence), __VA_ARGS__);         \
        (t)->put((t)->ctx, sentence);                                       \
    } while (0)

/* VT-d §11.4.8: PMEN and the two regions. The limits lack the bits below the unit's granularity. */
static void tell_regions(const struct telling *t, const struct iommu_handoff_unit *unit)
{
    unsigned long long base = unit->registers_pa;

    if (!protects_regions(unit)) {
        TELL(t, "unit 0x%llx protected no memory region%s", base,
             (unit->intel.capability & (VTD_CAP_PLMR | VTD_CAP_PHMR)) == 0 ? ": it has none" : "");
        return;
    }
    if (protects_low(unit))
        TELL(t, "unit 0x%llx protected memory 0x%x up to the block of 0x%x", base, unit->intel.protected_low_base,
             unit->intel.protected_low_limit);
    if (protects_high(unit))
        TELL(t, "unit 0x%llx protected memory 0x%llx up to the block of 0x%llx", base,
             (unsigned long long)unit->intel.protected_high_base,
             (unsigned long long)unit->intel.protected_high_limit);
}

/* AMD-Vi §3.4.1: requests to the exclusion range are not translated, of every device or of those that say so. */
static void tell_exclusion(const struct telling *t, const struct iommu_handoff_unit *unit)
{
    uint64_t base = unit->amd.exclusion_base;

    if ((base & AMDVI_EXCL_BASE_EX_EN) == 0)
        TELL(t, "unit 0x%llx excluded no range from translation", (unsigned long long)unit->registers_pa);
    else
        TELL(t, "unit 0x%llx let %s reach 0x%llx up to the page of 0x%llx untranslated",
             (unsigned long long)unit->registers_pa,
             (base & AMDVI_EXCL_BASE_ALLOW) != 0 ? "every device" : "devices whose entry says so",
             (unsigned long long)(base & AMDVI_EXCL_BASE_ADDRESS),
             (unsigned long long)(unit->amd.exclusion_limit & AMDVI_EXCL_LIMIT_ADDRESS));
}

static void tell_units(const struct telling *t, const char *when, const struct iommu_handoff *handoff)
{
    if (handoff == NULL || handoff->taken == 0) {
        TELL(t, "%s: nobody looked", when);
        return;
    }
    for (uint32_t i = 0; i < handoff->unit_count && i < IOMMU_HANDOFF_UNITS; i++) {
        const struct iommu_handoff_unit *unit = &handoff->units[i];

        TELL(t, "%s: unit 0x%llx %s", when, (unsigned long long)unit->registers_pa,
             !unit->present       ? "did not answer"
             : unit->translating ? "translated"
                                  : "did not translate");
        if (unit->present && unit->vendor == IOMMU_HANDOFF_AMD)
            tell_exclusion(t, unit);
        else if (unit->present)
            tell_regions(t, unit);
    }
}

static void tell_masters(const struct telling *t, const struct preboot_facts *facts)
{
    for (const struct pci_function *f = facts->functions; f != NULL; f = f->next)
        if (preboot_is_master(f))
            TELL(t, "bus mastering was on at kernel entry: " PCI_FORMAT " %s", PCI_ARGS(f),
                 pci_class_name(f->class_code));
}

static void tell_opt_in(const struct telling *t, const struct preboot_facts *facts, const struct preboot *judged)
{
    if (!facts->opt_in_known)
        return;
    TELL(t, "the table %s that firmware protected memory from DMA before boot%s",
         facts->opt_in ? "claims" : "does not claim",
         judged->opt_in_broken ? ", and nothing of that was on" : "");
}

static void tell_read(const struct telling *t, const struct preboot_dma *dma)
{
    const char *label = dma->ex == NULL ? "" : dma->ex->label;

    switch (dma->result) {
    case PREBOOT_DMA_NOT_TRIED:
        TELL(t, "no device was told to read memory before the units were programmed: %s", dma->reason);
        return;
    case PREBOOT_DMA_UNCLEAR:
        TELL(t, "%s was told to read memory before the units were programmed, what came of it is not known: %s", label,
             dma->reason);
        return;
    case PREBOOT_DMA_REACHED:
        TELL(t, "open: %s read our memory before the units were programmed", label);
        break;
    case PREBOOT_DMA_STOPPED:
        TELL(t, "%s did not read our memory before the units were programmed: refused, or led elsewhere", label);
        break;
    }
    TELL(t, "%zu unit%s recorded a fault meanwhile", dma->recorded, plural(dma->recorded));
    if (dma->undecided > 0)
        TELL(t, "%zu unit%s had faults pending before, which hide whether there is one more", dma->undecided,
             plural(dma->undecided));
    TELL(t, "that shows one read of that device, after firmware and before this kernel programmed a unit: nothing of "
            "earlier, of other devices, or of writes");
}

/* What a DMA then would have met, and what one met that was really sent. */
static void tell_attempt(const struct telling *t, const struct preboot_facts *facts, const struct preboot *judged)
{
    if (judged->verdict == PREBOOT_OPEN)
        TELL(t, "a DMA then would have arrived anywhere: nothing stood in its way");
    else if (judged->verdict == PREBOOT_REGIONS)
        TELL(t, "a DMA then would have arrived anywhere but in those regions");
    else if (judged->translating > 0)
        TELL(t, "what a write then would have met is not known: none was sent through tables that are not ours, for "
                "it may land anywhere; the log's line take-over says how many entries let pass");
    tell_read(t, facts->dma);
    if (facts->passed > 0)
        TELL(t, "a DMA sent now while blocked arrived: %zu of %zu devices pass", facts->passed,
             facts->passed + facts->blocked);
    else if (facts->blocked > 0)
        TELL(t, "a DMA sent now while blocked did not arrive: %zu device%s tried", facts->blocked,
             plural(facts->blocked));
    else
        TELL(t, "no DMA was sent now: no device here that can show it");
    if (!judged->before_exit)
        TELL(t, "what firmware had on before it handed over to a boot loader cannot be seen from here");
}

void preboot_explain(const struct preboot_facts *facts, const struct preboot *judged, preboot_put *put, void *ctx)
{
    const struct telling t = { put, ctx };

    if (facts->before_exit != NULL && facts->before_exit->taken != 0)
        tell_units(&t, "before ExitBootServices", facts->before_exit);
    tell_units(&t, "at kernel entry", facts->entry);
    tell_masters(&t, facts);
    tell_opt_in(&t, facts, judged);
    tell_attempt(&t, facts, judged);
}
