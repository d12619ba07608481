/* SPDX-License-Identifier: BSD-2-Clause */
/* cmdline.c and policy.c: every word, and what is wrong with words. */
#include "test.h"

#include "cmdline.h"
#include "policy.h"

static char warned[4096];
static unsigned warnings;

static void note(void *ctx, const char *line)
{
    (void)ctx;
    strncat(warned, line, sizeof(warned) - strlen(warned) - 1);
    warnings++;
}

static struct options parse(const char *text)
{
    struct options options;

    warned[0] = '\0';
    warnings = 0;
    memset(&options, 0xa5, sizeof(options));
    cmdline_parse(&options, text, note, NULL);
    return options;
}

static const char *policy(const char *text)
{
    static char line[256];
    struct options options = parse(text);

    policy_line(&options, line, sizeof(line));
    return line;
}

static void check_defaults(const char *text)
{
    struct options o = parse(text);

    CHECK_EQ(warnings, 0);
    CHECK_STR(o.run, "*");
    CHECK_STR(o.bench, "");
    CHECK_EQ(o.report, REPORT_SUMMARY);
    CHECK_STR(o.scratch, "");
    CHECK(!o.expect_unprotected);
    CHECK_EQ(o.exit, EXIT_DEFAULT);
    CHECK_STR(o.console, "");
    CHECK(!o.seed_given);
    CHECK_EQ(o.loglevel, 2);
    CHECK(!o.list && !o.iommu_off && !o.passthrough && !o.lazy_asked && !o.no_superpages && !o.no_queue);
    CHECK(!o.graphics_off);
    CHECK(!o.intel_off && !o.amd_off && !o.ivrs_dump && !o.force_enable && !o.guest_tables);
    CHECK_EQ(o.dmar_table, 0);
    CHECK_EQ(o.ivrs_table, 0);
    CHECK(o.strict);
    CHECK_EQ(o.passthrough_origin, ORIGIN_DEFAULT);
    CHECK_EQ(o.strict_origin, ORIGIN_DEFAULT);
    CHECK_STR(o.trap, "");
    CHECK_EQ(o.unknown_count, 0);
}

TEST(nothing_gives_the_defaults)
{
    check_defaults(NULL);
    check_defaults("");
    check_defaults("  \t \n ");
}

TEST(own_words)
{
    struct options o = parse("run=dma/*,-dma/stress* bench=pt/* report=json scratch=0000:00:05.0 "
                             "expect=unprotected exit=halt seed=0x1f loglevel=1 list trap=ud vtd=noqueue dmar=1 ivrs=2 madt=3");

    CHECK_EQ(warnings, 0);
    CHECK_STR(o.run, "dma/*,-dma/stress*");
    CHECK_STR(o.bench, "pt/*");
    CHECK_EQ(o.report, REPORT_JSON);
    CHECK_STR(o.scratch, "0000:00:05.0");
    CHECK(o.expect_unprotected);
    CHECK_EQ(o.exit, EXIT_HALT);
    CHECK(o.seed_given);
    CHECK_EQ(o.seed, 31);
    CHECK_EQ(o.loglevel, 1);
    CHECK(o.list);
    CHECK_STR(o.trap, "ud");
    CHECK(o.no_queue);
    CHECK_EQ(o.dmar_table, 1);
    CHECK_EQ(o.madt_table, 3);
    CHECK_EQ(o.ivrs_table, 2);
}

TEST(every_exit_and_report)
{
    static const struct {
        const char *word;
        enum exit_action action;
    } exits[] = {
        { "exit=qemu", EXIT_QEMU }, { "exit=poweroff", EXIT_POWEROFF }, { "exit=reboot", EXIT_REBOOT },
        { "exit=halt", EXIT_HALT }, { "exit=shell", EXIT_SHELL },
    };

    for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++)
        CHECK_EQ(parse(exits[i].word).exit, exits[i].action);
    CHECK_EQ(parse("report=summary").report, REPORT_SUMMARY);
    CHECK_EQ(parse("report=full").report, REPORT_FULL);
    CHECK_EQ(parse("report=none").report, REPORT_NONE);
    CHECK_EQ(parse("report=full").preboot, PREBOOT_WORD_NONE);
    CHECK_EQ(parse("preboot=on").preboot, PREBOOT_WORD_ON);
    CHECK_EQ(parse("preboot=on preboot=off").preboot, PREBOOT_WORD_OFF);
    CHECK_EQ(parse("preboot=maybe").preboot, PREBOOT_WORD_NONE);
}

TEST(later_words_win)
{
    CHECK_STR(parse("run=a run=b").run, "b");
    CHECK_EQ(parse("seed=1 seed=2").seed, 2);
    CHECK(!parse("iommu=pt iommu=nopt").passthrough);
    CHECK(!parse("intel_iommu=off intel_iommu=on").intel_off);
    CHECK(!parse("amd_iommu=pgtbl_v2,pgtbl_v1").guest_tables);
    CHECK(parse("amd_iommu=pgtbl_v1 amd_iommu=pgtbl_v2").guest_tables);
}

TEST(consoles_add_up)
{
    CHECK_STR(parse("console=ttyS0").console, "ttyS0");
    CHECK_STR(parse("console=ttyS1,9600 console=fb").console, "ttyS1,9600;fb");
    CHECK_EQ(warnings, 0);
}

TEST(wrong_values_warn_once_with_the_word)
{
    static const char *const wrong[] = {
        "report=xml", "exit=", "exit=now", "expect=protected", "seed=", "seed=12z", "seed=18446744073709551616",
        "loglevel=high", "console=tty0", "console=ttyS9", "console=ttyS0,", "console=ttyS0,115201",
        "console=ttyS0,0", "console=fbx", "iommu.strict=2", "iommu.passthrough=", "vtd=queue", "run=", "dmar=", "dmar=x", "dmar=256", "madt=", "madt=256",
        "ivrs=", "ivrs=256",
        "intel_iommu=maybe", "iommu=", "amd_iommu=on", "intremap=yes", "intremap=",
        "amd_iommu_intr=", "amd_iommu_intr=posted",
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct options o = parse(wrong[i]);

        if (warnings != 1 || strstr(warned, wrong[i]) == NULL)
            test_fail(__FILE__, __LINE__, "%s: %u warnings, \"%s\"", wrong[i], warnings, warned);
        CHECK_EQ(o.exit, EXIT_DEFAULT);
        CHECK(!o.seed_given && !o.iommu_off && !o.intel_off && !o.amd_off && !o.passthrough && !o.no_queue);
        CHECK_EQ(o.dmar_table, 0);
        CHECK_EQ(o.madt_table, 0);
        CHECK_EQ(o.ivrs_table, 0);
        CHECK_STR(o.console, "");
    }
}

TEST(unknown_words_are_collected_and_ignored)
{
    struct options o = parse("quiet root=/dev/sda1 report=full");

    CHECK_EQ(o.unknown_count, 2);
    CHECK_STR(o.unknown[0], "quiet");
    CHECK_STR(o.unknown[1], "root=/dev/sda1");
    CHECK_EQ(warnings, 2);
    CHECK_EQ(o.report, REPORT_FULL);
}

TEST(more_unknown_words_than_fit)
{
    struct options o = parse("a b c d e f g h i j");

    CHECK_EQ(o.unknown_count, 8);
    CHECK_EQ(warnings, 10);
}

TEST(a_prefix_alone_is_not_the_word)
{
    CHECK_EQ(parse("runs=x listing iommux=off").unknown_count, 3);
}

TEST(quotation_marks_hold_spaces)
{
    CHECK_STR(parse("scratch=\"A B\" list").scratch, "A B");
    CHECK(parse("scratch=\"A B\" list").list);
    CHECK_STR(parse("scratch=\"A B").scratch, "A B");
}

TEST(very_long_words_are_cut_and_reported)
{
    char text[3000];
    struct options o;

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    o = parse(text);
    CHECK_EQ(o.unknown_count, 1);
    CHECK_EQ(strlen(o.unknown[0]), sizeof(o.unknown[0]) - 1);
    memcpy(text, "scratch=", 8);
    o = parse(text);
    CHECK_EQ(warnings, 1);
    CHECK_STR(o.scratch, "");
}

/* Half a list of globs, or none, would run other scenarios than asked for. */
TEST(values_that_do_not_fit_change_nothing)
{
    static const char *const prefixes[] = { "run=a,", "bench=a,", "trap=" };
    struct options o = parse("run=dma/* run=");

    CHECK_EQ(warnings, 1);
    CHECK_STR(o.run, "dma/*");
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        for (size_t len = 100; len < 1000; len += 100) {
            char text[1200];

            memset(text, 'x', sizeof(text));
            memcpy(text, prefixes[i], strlen(prefixes[i]));
            text[len] = '\0';
            o = parse(text);
            if (warnings == 0)
                continue;
            CHECK_STR(o.run, "*");
            CHECK_STR(o.bench, "");
            CHECK_STR(o.trap, "");
        }
        CHECK_EQ(warnings, 1);
    }
}

TEST(loglevel_above_ours_is_the_highest)
{
    CHECK_EQ(parse("loglevel=7").loglevel, 3);
    CHECK_EQ(parse("loglevel=0").loglevel, 0);
    CHECK_EQ(warnings, 0);
    CHECK_EQ(parse("loglevel=8").loglevel, 3);
    CHECK_STR(warned, "loglevel=8: levels go from 0 to 3, Linux's to 7; taken as 3");
}

static const char *off_word(const char *text, const char *signature)
{
    struct options options = parse(text);

    return policy_off_word(&options, signature);
}

TEST(words_that_switch_off_name_their_vendor)
{
    CHECK_STR(off_word("intel_iommu=off", "DMAR"), "intel_iommu=off");
    CHECK(off_word("intel_iommu=off", "IVRS") == NULL);
    CHECK_STR(off_word("amd_iommu=off", "IVRS"), "amd_iommu=off");
    CHECK(off_word("amd_iommu=off", "DMAR") == NULL);
    CHECK_STR(off_word("iommu=pt,off", "DMAR"), "iommu=off");
    CHECK_STR(off_word("iommu=off intel_iommu=on", "IVRS"), "iommu=off");
    CHECK(parse("iommu=pt,off").passthrough);
    CHECK(off_word("intel_iommu=on", "DMAR") == NULL);
    CHECK(off_word("", "IVRS") == NULL);
}

static bool remaps_alone(const char *text, const char *signature)
{
    struct options options = parse(text);

    return policy_remaps_alone(&options, signature);
}

TEST(interrupts_alone_are_remapped_when_asked_for)
{
    CHECK(remaps_alone("intel_iommu=off intremap=on", "DMAR"));
    CHECK(remaps_alone("amd_iommu=off intremap=on,nosid", "IVRS"));
    CHECK(!remaps_alone("intel_iommu=off", "DMAR"));
    CHECK(!remaps_alone("intel_iommu=off intremap=nosid", "DMAR"));
    CHECK(!remaps_alone("intel_iommu=off intremap=on,off", "DMAR"));
    CHECK(!remaps_alone("intel_iommu=off iommu=off intremap=on", "DMAR"));
    CHECK(!remaps_alone("intel_iommu=off intremap=on", "IVRS"));
    CHECK(!remaps_alone("intremap=on", "DMAR"));
}

/* Requirement L6: Linux has no such value. */
TEST(amd_iommu_on_is_no_value)
{
    CHECK(off_word("amd_iommu=off amd_iommu=on", "IVRS") != NULL);
    CHECK_EQ(warnings, 1);
    CHECK(strstr(warned, "amd_iommu=on: not a value of this word") != NULL);
}

TEST(amd_words)
{
    struct options o = parse("amd_iommu=force_enable,pgtbl_v2,fullflush amd_iommu_dump");

    CHECK_EQ(warnings, 0);
    CHECK(o.force_enable && o.guest_tables && o.ivrs_dump && !o.amd_off);
    CHECK_EQ(o.strict_origin, ORIGIN_CMDLINE);
    CHECK(!parse("amd_iommu=pgtbl_v2").ivrs_dump);
}

TEST(words_of_interrupts)
{
    struct options o = parse("");

    CHECK(!o.intremap_off && !o.intremap_nosid && !o.intremap_x2apic && !o.intremap_nopost);
    CHECK_EQ(o.irq_format, IOMMU_IRQ_FORMAT_AUTO);
    CHECK_EQ(o.override_count, 0);
    CHECK(parse("intremap=off").intremap_off);
    CHECK(!parse("intremap=off intremap=on").intremap_off);
    CHECK(!parse("").intremap_on && !parse("intremap=on,off").intremap_on && parse("intremap=on").intremap_on);
    o = parse("intremap=on,nosid,no_x2apic_optout,nopost");
    CHECK(!o.intremap_off && o.intremap_nosid && o.intremap_x2apic && o.intremap_nopost);
    CHECK_EQ(parse("amd_iommu_intr=legacy").irq_format, IOMMU_IRQ_FORMAT_LEGACY);
    CHECK_EQ(parse("amd_iommu_intr=vapic").irq_format, IOMMU_IRQ_FORMAT_VAPIC);
    CHECK_EQ(warnings, 0);
}

static void check_override(const char *text, enum iommu_irq_source_kind kind, unsigned id, uint16_t segment, uint16_t rid)
{
    struct options o = parse(text);

    CHECK_EQ(warnings, 0);
    CHECK_EQ(o.override_count, 1);
    CHECK_EQ(o.overrides[0].kind, kind);
    CHECK_EQ(o.overrides[0].id, id);
    CHECK_EQ(o.overrides[0].segment, segment);
    CHECK_EQ(o.overrides[0].rid, rid);
}

/* 00:14.0 is device 20, function 0: 0xa0; ff:1f.7 is 0xffff. */
TEST(overrides_in_both_spellings)
{
    check_override("ivrs_ioapic[4]=00:14.0", IOMMU_IRQ_IOAPIC, 4, 0, 0x00a0);
    check_override("ivrs_ioapic=4@0000:00:14.0", IOMMU_IRQ_IOAPIC, 4, 0, 0x00a0);
    check_override("ivrs_ioapic=10@00:14.0", IOMMU_IRQ_IOAPIC, 10, 0, 0x00a0);
    check_override("ivrs_ioapic[255]=0001:ff:1f.7", IOMMU_IRQ_IOAPIC, 255, 1, 0xffff);
    check_override("ivrs_hpet[0]=00:14.0", IOMMU_IRQ_HPET, 0, 0, 0x00a0);
    check_override("ivrs_hpet=1@0001:00:14.1", IOMMU_IRQ_HPET, 1, 1, 0x00a1);
}

static void check_hid(const char *text, const char *hid, const char *uid, uint16_t segment, uint16_t rid)
{
    struct options o = parse(text);

    CHECK_EQ(warnings, 0);
    CHECK_EQ(o.override_count, 1);
    CHECK_EQ(o.overrides[0].kind, IOMMU_IRQ_ACPI);
    CHECK_STR(o.overrides[0].hid, hid);
    CHECK_STR(o.overrides[0].uid, uid);
    CHECK_EQ(o.overrides[0].segment, segment);
    CHECK_EQ(o.overrides[0].rid, rid);
}

TEST(overrides_of_acpi_devices)
{
    check_hid("ivrs_acpihid[00:14.5]=AMD0020:0", "AMD0020", "0", 0, 0x00a5);
    check_hid("ivrs_acpihid=AMD0020:0@00:14.5", "AMD0020", "0", 0, 0x00a5);
    check_hid("ivrs_acpihid=AMDI0020:ID00@0001:00:14.5", "AMDI0020", "ID00", 1, 0x00a5);
    check_hid("ivrs_acpihid[0001:00:14.5]=AMD0020:002", "AMD0020", "2", 1, 0x00a5);
    check_hid("ivrs_acpihid=AMD0020:00@00:14.5", "AMD0020", "0", 0, 0x00a5);
}

TEST(malformed_overrides_say_what_is_wrong)
{
    static const struct {
        const char *word, *wrong;
    } words[] = {
        { "ivrs_ioapic", "neither in the form" }, { "ivrs_ioapic4=00:14.0", "neither in the form" },
        { "ivrs_ioapic=", "no number up to 255" }, { "ivrs_ioapic[256]=00:14.0", "no number up to 255" },
        { "ivrs_ioapic[x]=00:14.0", "no number up to 255" }, { "ivrs_ioapic[4]00:14.0", "neither in the form" },
        { "ivrs_ioapic=4", "neither in the form" }, { "ivrs_ioapic=4@", "no PCI function" },
        { "ivrs_ioapic[4]=00:14", "no PCI function" }, { "ivrs_ioapic[4]=00:20.0", "no PCI function" },
        { "ivrs_ioapic[4]=00:14.8", "no PCI function" }, { "ivrs_ioapic[4]=100:14.0", "no PCI function" },
        { "ivrs_ioapic[4]=10000:00:14.0", "no PCI function" }, { "ivrs_ioapic[4]=00:14.0x", "no PCI function" },
        { "ivrs_hpet=0@00:00:14.0:0", "no PCI function" }, { "ivrs_acpihid=AMD0020@00:14.5", "no name of a device" },
        { "ivrs_acpihid=:0@00:14.5", "no name of a device" }, { "ivrs_acpihid=AMDI00200:0@00:14.5", "no name of a device" },
        { "ivrs_acpihid[00:14.5]AMD0020:0", "neither in the form" }, { "ivrs_acpihid=AMD0020:0", "neither in the form" },
        { "ivrs_acpihid[14.5]=AMD0020:0", "no PCI function" }, { "ivrs_acpihid", "neither in the form" },
        { "ivrs_acpihid=A:12345678901234567890123456789012@00:14.5", "no name of a device" },
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        struct options o = parse(words[i].word);

        if (warnings != 1 || strstr(warned, words[i].wrong) == NULL || o.override_count != 0)
            test_fail(__FILE__, __LINE__, "%s: %u warnings, \"%s\"", words[i].word, warnings, warned);
    }
}

TEST(the_last_override_of_a_source_wins)
{
    struct options o = parse("ivrs_ioapic[4]=00:14.0 ivrs_hpet[4]=00:14.1 ivrs_ioapic=4@00:14.2 ivrs_ioapic=5@00:14.3 "
                             "ivrs_acpihid=A:1@00:14.4 ivrs_acpihid=A:2@00:14.5 ivrs_acpihid=A:01@00:14.6");

    CHECK_EQ(o.override_count, 5);
    CHECK_EQ(o.overrides[0].rid, 0xa2);
    CHECK_EQ(o.overrides[1].rid, 0xa1);
    CHECK_EQ(o.overrides[2].rid, 0xa3);
    CHECK_EQ(o.overrides[3].rid, 0xa6);
    CHECK_EQ(o.overrides[4].rid, 0xa5);
    CHECK_EQ(warnings, 0);
}

TEST(more_overrides_than_fit)
{
    char text[40 * 24] = "";

    for (int i = 0; i < 34; i++)
        sprintf(text + strlen(text), "ivrs_ioapic=%d@00:14.0 ", i);
    CHECK_EQ(parse(text).override_count, 32);
    CHECK_EQ(warnings, 2);
    CHECK(strstr(warned, "ivrs_ioapic=33@00:14.0: more overrides than fit") != NULL);
}

TEST(lists_with_commas)
{
    struct options o = parse("intel_iommu=on,strict,sp_off");

    CHECK_EQ(warnings, 0);
    CHECK(o.no_superpages);
    CHECK_EQ(o.strict_origin, ORIGIN_CMDLINE);
    CHECK(!o.graphics_off);
    o = parse("intel_iommu=igfx_off");
    CHECK_EQ(warnings, 0);
    CHECK(o.graphics_off && !o.intel_off && !o.no_superpages);
    o = parse("intel_iommu=on,what,sp_off");
    CHECK_EQ(warnings, 1);
    CHECK(o.no_superpages);
}

TEST(words_without_effect_are_known)
{
    static const char *const words[] = {
        "amd_iommu=force_isolation", "amd_iommu=irtcachedis", "iommu=soft", "iommu=nobypass", "iommu.forcedac=1", "intel_iommu=sm_on",
        "intel_iommu=tboot_noforce",
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        struct options o = parse(words[i]);

        CHECK_EQ(o.unknown_count, 0);
        CHECK_EQ(warnings, 1);
        CHECK(strstr(warned, "has no effect") != NULL);
        CHECK(!o.iommu_off && !o.intel_off && !o.amd_off);
    }
}

TEST(policy_of_the_defaults_names_no_origin)
{
    CHECK_STR(policy(""), "iommu: default domain translated, strict mode");
}

TEST(policy_names_the_command_line_only_where_it_decided)
{
    CHECK_STR(policy("iommu=pt"),
              "iommu: default domain passthrough (set via kernel command line), strict mode");
    CHECK_STR(policy("iommu.passthrough=0 intel_iommu=strict"),
              "iommu: default domain translated (set via kernel command line), "
              "strict mode (set via kernel command line)");
    CHECK_STR(policy("amd_iommu=fullflush"),
              "iommu: default domain translated, strict mode (set via kernel command line)");
}

TEST(policy_says_that_lazy_does_not_exist)
{
    CHECK(strstr(policy("iommu.strict=0"), "lazy mode was asked for and does not exist") != NULL);
    CHECK_EQ(warnings, 1);
    CHECK(strstr(policy("iommu.strict=1"), "lazy") == NULL);
}

TEST(policy_is_printed_when_switched_off)
{
    CHECK_STR(policy("iommu=off"), "iommu: default domain translated, strict mode, switched off by iommu=off");
    CHECK_STR(policy("amd_iommu=off"),
              "iommu: default domain translated, strict mode, AMD units switched off by amd_iommu=off");
}

static bool is_scratch(const char *text, uint16_t segment, uint16_t rid)
{
    struct options options = parse(text);

    return policy_is_scratch(&options, segment, rid);
}

TEST(scratch_is_one_function_of_one_segment)
{
    CHECK(is_scratch("scratch=0000:02:1f.7", 0, 0x02ff));
    CHECK(is_scratch("scratch=02:1f.7", 0, 0x02ff));
    CHECK(is_scratch("scratch=0001:02:1f.7", 1, 0x02ff));
    CHECK(!is_scratch("scratch=02:1f.7", 1, 0x02ff));
    CHECK(!is_scratch("scratch=0001:02:1f.7", 0, 0x02ff));
    CHECK(!is_scratch("scratch=02:1f.6", 0, 0x02ff));
    CHECK(!is_scratch("", 0, 0));
}

static bool missing(const char *text, struct exerciser *a, struct exerciser *b)
{
    struct exerciser *list[] = { a, b };
    struct options options = parse(text);

    return policy_scratch_missing(&options, list, 2);
}

TEST(scratch_that_names_no_disk_is_missing)
{
    static const struct exerciser_ops edu_ops = { .name = "edu" }, disk_ops = { .name = "nvme", .disk = true };
    struct pci_function third = { .rid = 3 << 3 }, sixth = { .rid = 6 << 3 };
    struct exerciser edu = { .ops = &edu_ops, .function = &third, .scratch = true };
    struct exerciser disk = { .ops = &disk_ops, .function = &sixth };

    CHECK(!missing("", &edu, &disk));
    CHECK(!missing("scratch=00:06.0", &edu, &disk));
    CHECK(!missing("scratch=0000:00:06.0", &disk, &edu));
    CHECK(missing("scratch=00:03.0", &edu, &disk));
    CHECK(missing("scratch=00:99.0", &edu, &disk));
    CHECK(missing("scratch=00:06.0", &edu, &edu));
    /* Its serial number is not known before the disk was reached. */
    CHECK(!missing("scratch=SERIAL", &edu, &disk));
    CHECK(missing("scratch=SERIAL", &edu, &edu));
    strcpy(disk.serial, "SERIAL");
    CHECK(!missing("scratch=SERIAL", &edu, &disk));
    CHECK(missing("scratch=SERIA", &edu, &disk));
    /* The model's have no function. */
    disk.function = NULL;
    CHECK(missing("scratch=00:06.0", &edu, &disk));
}
