/* SPDX-License-Identifier: BSD-2-Clause */
/* preboot.c: the verdict of each snapshot, and what is said of it. */
#include "test.h"

#include "preboot.h"

static const struct preboot_dma not_tried = { .reason = "nobody asked" };

struct said {
    char text[4096];
};

static void collect(void *ctx, const char *sentence)
{
    struct said *said = ctx;

    strcat(said->text, sentence);
    strcat(said->text, "\n");
}

static struct iommu_handoff intel(bool translating, uint32_t pmen)
{
    struct iommu_handoff h = { .taken = 1, .unit_count = 1 };

    h.units[0] = (struct iommu_handoff_unit){ .vendor = IOMMU_HANDOFF_INTEL, .present = true,
                                              .translating = translating, .registers_pa = 0xfed90000 };
    h.units[0].intel.protected_memory = pmen;
    h.units[0].intel.capability = 0x60;     /* PLMR, PHMR: VT-d §11.4.2 bits 5 and 6 */
    h.units[0].intel.protected_low_limit = 0xfff00000;
    h.units[0].intel.protected_high_base = 0x100000000;
    h.units[0].intel.protected_high_limit = 0x27fe00000;
    return h;
}

static struct preboot judge(const struct preboot_facts *facts, struct said *said, char summary[200])
{
    struct preboot judged;

    said->text[0] = '\0';
    preboot_judge(facts, &judged);
    preboot_summary(&judged, summary, 200);
    preboot_explain(facts, &judged, collect, said);
    return judged;
}

static void says(const struct said *said, const char *text)
{
    if (strstr(said->text, text) == NULL)
        test_fail(__FILE__, __LINE__, "\"%s\" is not in:\n%s", text, said->text);
}

TEST(nothing_is_known_without_a_snapshot)
{
    struct preboot_facts facts = { .dma = &not_tried };
    struct said said;
    char summary[200];

    CHECK_EQ(judge(&facts, &said, summary).verdict, PREBOOT_UNKNOWN);
    CHECK_STR(summary, "not known: no unit could be read");
    says(&said, "at kernel entry: nobody looked");
}

/* COMMAND bit 2 is bus master; bridges are those of class 06h. */
TEST(open_with_its_bus_masters)
{
    struct iommu_handoff entry = intel(false, 0);
    struct pci_function disk = { .rid = 0x0030, .class_code = 0x010802, .command_at_entry = 0x0007 };
    struct pci_function idle = { .next = &disk, .rid = 0x0018, .class_code = 0x00ff00, .command_at_entry = 0x0003 };
    struct pci_function bridge = { .next = &idle, .class_code = 0x060000, .command_at_entry = 0x0007 };
    struct preboot_facts facts = { .dma = &not_tried, .entry = &entry, .functions = &bridge, .blocked = 3 };
    struct preboot judged;
    struct said said;
    char summary[200];

    judged = judge(&facts, &said, summary);
    CHECK_EQ(judged.verdict, PREBOOT_OPEN);
    CHECK_EQ(judged.masters, 1);
    CHECK_STR(summary, "open at kernel entry: no unit translated, 1 device could send");
    says(&said, "bus mastering was on at kernel entry: 0000:00:06.0");
    CHECK(strstr(said.text, "0000:00:03.0") == NULL);
    says(&said, "a DMA then would have arrived anywhere: nothing stood in its way");
    says(&said, "a DMA sent now while blocked did not arrive: 3 devices tried");
    says(&said, "unit 0xfed90000 protected no memory region");
    says(&said, "cannot be seen from here");
}

/* VT-d §11.4.8.3, §11.4.8.5: a limit below its base switches a region off, whatever PRS says. */
TEST(regions_that_are_switched_off)
{
    struct iommu_handoff entry = intel(false, 0x80000001);
    struct preboot_facts facts = { .dma = &not_tried, .entry = &entry };
    struct said said;
    char summary[200];

    entry.units[0].intel.protected_low_base = 0xfff80000;
    CHECK_EQ(judge(&facts, &said, summary).verdict, PREBOOT_REGIONS);
    CHECK(strstr(said.text, "protected memory 0xfff80000") == NULL);
    says(&said, "unit 0xfed90000 protected memory 0x100000000 up to the block of 0x27fe00000");
    entry.units[0].intel.protected_high_limit = 0xffe00000;
    CHECK_EQ(judge(&facts, &said, summary).verdict, PREBOOT_OPEN);
    says(&said, "unit 0xfed90000 protected no memory region");
    /* One block: base and limit are the same. */
    entry.units[0].intel.protected_high_limit = 0x100000000;
    CHECK_EQ(judge(&facts, &said, summary).verdict, PREBOOT_REGIONS);
}

/* VT-d §11.4.8.1: PRS is bit 0. */
TEST(protected_regions_alone)
{
    struct iommu_handoff entry = intel(false, 0x80000001);
    struct preboot_facts facts = { .dma = &not_tried, .entry = &entry, .opt_in_known = true, .opt_in = true };
    struct preboot judged;
    struct said said;
    char summary[200];

    judged = judge(&facts, &said, summary);
    CHECK_EQ(judged.verdict, PREBOOT_REGIONS);
    CHECK(!judged.opt_in_broken);
    says(&said, "unit 0xfed90000 protected memory 0x0 up to the block of 0xfff00000");
    says(&said, "unit 0xfed90000 protected memory 0x100000000 up to the block of 0x27fe00000");
    says(&said, "anywhere but in those regions");
    says(&said, "no DMA was sent now");
}

TEST(regions_asked_for_but_not_on_do_not_count)
{
    struct iommu_handoff entry = intel(false, 0x80000000);
    struct preboot_facts facts = { .dma = &not_tried, .entry = &entry, .opt_in_known = true, .opt_in = true };
    struct said said;
    char summary[200];

    CHECK_EQ(judge(&facts, &said, summary).verdict, PREBOOT_OPEN);
    CHECK(judge(&facts, &said, summary).opt_in_broken);
    says(&said, "the table claims that firmware protected memory from DMA before boot, and nothing of that was on");
}

TEST(translated_leaves_the_rest_unknown)
{
    struct iommu_handoff entry = intel(true, 0);
    struct preboot_facts facts = { .dma = &not_tried, .entry = &entry, .passed = 1, .blocked = 2 };
    struct said said;
    char summary[200];

    CHECK_EQ(judge(&facts, &said, summary).verdict, PREBOOT_TRANSLATED);
    CHECK_STR(summary, "translated at kernel entry: 1 unit by tables not ours");
    says(&said, "what a write then would have met is not known: none was sent through tables that are not ours");
    says(&said, "no device was told to read memory before the units were programmed: nobody asked");
    says(&said, "a DMA sent now while blocked arrived: 1 of 3 devices pass");
}

TEST(one_unit_of_two)
{
    struct iommu_handoff entry = intel(true, 0);
    struct preboot_facts facts = { .dma = &not_tried, .entry = &entry };
    struct said said;
    char summary[200];

    entry.units[1] = entry.units[0];
    entry.units[1].translating = false;
    entry.units[2].present = false;
    entry.unit_count = 3;
    CHECK_EQ(judge(&facts, &said, summary).verdict, PREBOOT_SOME);
    CHECK_STR(summary, "partly translated at kernel entry: 1 of 2 units");
    says(&said, "did not answer");
}

/* Before ExitBootServices is nearer to what firmware did. */
TEST(the_earlier_snapshot_is_judged)
{
    struct iommu_handoff before = intel(true, 0), entry = intel(false, 0);
    struct preboot_facts facts = { .dma = &not_tried, .before_exit = &before, .entry = &entry };
    struct preboot judged;
    struct said said;
    char summary[200];

    judged = judge(&facts, &said, summary);
    CHECK_EQ(judged.verdict, PREBOOT_TRANSLATED);
    CHECK(judged.before_exit);
    says(&said, "before ExitBootServices: unit 0xfed90000 translated");
    says(&said, "at kernel entry: unit 0xfed90000 did not translate");
    CHECK(strstr(said.text, "cannot be seen from here") == NULL);
}

/* AMD-Vi §3.4.1: bit 0 enables the range, bit 1 opens it for every device; limits are addresses of pages. */
TEST(exclusion_range)
{
    struct iommu_handoff entry = { .taken = 1, .unit_count = 1 };
    struct preboot_facts facts = { .dma = &not_tried, .entry = &entry };
    struct said said;
    char summary[200];

    entry.units[0] = (struct iommu_handoff_unit){ .vendor = IOMMU_HANDOFF_AMD, .present = true, .translating = true,
                                                  .registers_pa = 0xfed80000 };
    entry.units[0].amd.exclusion_base = 0x50000003;
    entry.units[0].amd.exclusion_limit = 0x5000f000;
    CHECK_EQ(judge(&facts, &said, summary).verdict, PREBOOT_TRANSLATED);
    says(&said, "unit 0xfed80000 let every device reach 0x50000000 up to the page of 0x5000f000 untranslated");
    entry.units[0].amd.exclusion_base = 0x50000001;
    (void)judge(&facts, &said, summary);
    says(&said, "let devices whose entry says so reach 0x50000000");
    entry.units[0].amd.exclusion_base = 0x50000002;
    (void)judge(&facts, &said, summary);
    says(&said, "excluded no range from translation");
}

TEST(verdicts_have_names)
{
    CHECK_STR(preboot_verdict_name(PREBOOT_UNKNOWN), "unknown");
    CHECK_STR(preboot_verdict_name(PREBOOT_OPEN), "open");
    CHECK_STR(preboot_verdict_name(PREBOOT_REGIONS), "protected-regions");
    CHECK_STR(preboot_verdict_name(PREBOOT_SOME), "partly-translated");
    CHECK_STR(preboot_verdict_name(PREBOOT_TRANSLATED), "translated");
}

static void check_read(enum preboot_dma_result result, const char *reason, const char *wanted)
{
    struct iommu_handoff entry = intel(false, 0);
    struct exerciser ex = { .label = "edu@0000:00:03.0" };
    struct preboot_dma dma = { .result = result, .reason = reason, .ex = &ex, .recorded = 1, .undecided = 2 };
    struct preboot_facts facts = { .dma = &dma, .entry = &entry };
    struct said said;
    char summary[200];

    (void)judge(&facts, &said, summary);
    says(&said, wanted);
    if (reason != NULL) {
        CHECK(strstr(said.text, "recorded a fault") == NULL);
        return;
    }
    says(&said, "\n1 unit recorded a fault meanwhile\n");
    says(&said, "\n2 units had faults pending before, which hide whether there is one more\n");
    says(&said, "that shows one read of that device, after firmware and before this kernel programmed a unit: nothing of "
                "earlier, of other devices, or of writes\n");
}

TEST(what_one_read_showed)
{
    check_read(PREBOOT_DMA_REACHED, NULL, "open: edu@0000:00:03.0 read our memory before the units were programmed\n");
    check_read(PREBOOT_DMA_STOPPED, NULL,
               "edu@0000:00:03.0 did not read our memory before the units were programmed: refused, or led elsewhere\n");
    check_read(PREBOOT_DMA_UNCLEAR, "the transfer did not end",
               "edu@0000:00:03.0 was told to read memory before the units were programmed, what came of it is not known: "
               "the transfer did not end\n");
    check_read(PREBOOT_DMA_NOT_TRIED, "preboot=off",
               "no device was told to read memory before the units were programmed: preboot=off\n");
}
