/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line: words of its own ("make help" lists them) and those of Linux.
 * Portable. Later words win; a word in quotation marks may hold
 * spaces. A word that is not understood never stops the boot.
 */
#include "cmdline.h"

#include "boot_info.h"
#include "format.h"
#include "irq_override.h"
#include "words.h"

/* No word is cut: a cut list of globs would run other scenarios than asked for. */
#define WORD_BYTES BOOT_CMDLINE_BYTES
#define LOGLEVEL_MAX 3u
#define LOGLEVEL_LINUX_MAX 7u
#define BAUD_MAX 115200u
#define TABLE_NUMBER_MAX 255u
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct parser {
    struct options *options;
    void (*warn)(void *ctx, const char *line);
    void *ctx;
    const char *word;       /* the whole word, for messages */
};

static void warn(const struct parser *parser, const char *problem)
{
    char line[WORD_BYTES + 96];

    format_line(line, sizeof(line), "%s: %s", parser->word, problem);
    parser->warn(parser->ctx, line);
}

static bool one_of(const char *text, const char *const *list, size_t count, size_t *index)
{
    for (*index = 0; *index < count; (*index)++)
        if (text_equal(text, list[*index]))
            return true;
    return false;
}

/* ---- our own words: false means the value makes no sense ---- */

/* A value that does not fit changes nothing: half a list or half a name means another one. */
static bool set_text(char *out, size_t size, const char *value)
{
    return text_len(value) < size && text_copy(out, size, value);
}

static bool set_run(struct parser *parser, const char *value)
{
    return *value != '\0' && set_text(parser->options->run, sizeof(parser->options->run), value);
}

static bool set_bench(struct parser *parser, const char *value)
{
    return set_text(parser->options->bench, sizeof(parser->options->bench), value);
}

static bool set_scratch(struct parser *parser, const char *value)
{
    return set_text(parser->options->scratch, sizeof(parser->options->scratch), value);
}

static bool set_trap(struct parser *parser, const char *value)
{
    return set_text(parser->options->trap, sizeof(parser->options->trap), value);
}

static bool set_report(struct parser *parser, const char *value)
{
    static const char *const names[] = {
        [REPORT_SUMMARY] = "summary",
        [REPORT_FULL] = "full",
        [REPORT_JSON] = "json",
        [REPORT_NONE] = "none",
    };
    size_t index;

    if (!one_of(value, names, COUNT(names), &index))
        return false;
    parser->options->report = (enum report_kind)index;
    return true;
}

static bool set_preboot(struct parser *parser, const char *value)
{
    static const char *const names[] = { "on", "off" };
    size_t index;

    if (!one_of(value, names, COUNT(names), &index))
        return false;
    parser->options->preboot = index == 0 ? PREBOOT_WORD_ON : PREBOOT_WORD_OFF;
    return true;
}

static bool set_exit(struct parser *parser, const char *value)
{
    static const char *const names[] = { "qemu", "poweroff", "reboot", "halt", "shell" };
    size_t index;

    if (!one_of(value, names, COUNT(names), &index))
        return false;
    parser->options->exit = (enum exit_action)(EXIT_QEMU + index);
    return true;
}

static bool set_expect(struct parser *parser, const char *value)
{
    if (!text_equal(value, "unprotected"))
        return false;
    parser->options->expect_unprotected = true;
    return true;
}

static bool set_seed(struct parser *parser, const char *value)
{
    uint64_t seed;

    if (!text_number(value, &seed))
        return false;
    parser->options->seed = seed;
    parser->options->seed_given = true;
    return true;
}

static bool set_loglevel(struct parser *parser, const char *value)
{
    uint64_t level;

    if (!text_number(value, &level))
        return false;
    /* All that is above ours shows everything. */
    if (level > LOGLEVEL_LINUX_MAX)
        warn(parser, "levels go from 0 to 3, Linux's to 7; taken as 3");
    parser->options->loglevel = level > LOGLEVEL_MAX ? (int)LOGLEVEL_MAX : (int)level;
    return true;
}

static bool is_console(const char *value)
{
    const char *unit = text_after(value, "ttyS");
    uint64_t baud;

    if (text_equal(value, "fb"))
        return true;
    if (unit == NULL || *unit < '0' || *unit > '3')
        return false;
    if (unit[1] == '\0')
        return true;
    /* A rate the 16550's clock divides down to exactly. */
    return unit[1] == ',' && text_number(unit + 2, &baud) && baud > 0 && BAUD_MAX % baud == 0;
}

static bool add_console(struct parser *parser, const char *value)
{
    char *list = parser->options->console;
    size_t len = text_len(list);

    if (!is_console(value) || len + text_len(value) + 2 > sizeof(parser->options->console))
        return false;
    if (len > 0)
        list[len++] = ';';
    return text_copy(list + len, sizeof(parser->options->console) - len, value);
}

static bool set_vtd(struct parser *parser, const char *value)
{
    if (!text_equal(value, "noqueue"))
        return false;
    parser->options->no_queue = true;
    return true;
}

/* Machines have one; an emulator given a second puts its own first. */
static bool set_table_number(const char *value, unsigned *out)
{
    uint64_t number;

    if (!text_number(value, &number) || number > TABLE_NUMBER_MAX)
        return false;
    *out = (unsigned)number;
    return true;
}

static bool set_dmar(struct parser *parser, const char *value)
{
    return set_table_number(value, &parser->options->dmar_table);
}

static bool set_madt(struct parser *parser, const char *value)
{
    return set_table_number(value, &parser->options->madt_table);
}

static bool set_ivrs(struct parser *parser, const char *value)
{
    return set_table_number(value, &parser->options->ivrs_table);
}

static bool set_trace(struct parser *parser, const char *value)
{
    if (!text_equal(value, "dma"))
        return false;
    parser->options->trace_dma = true;
    return true;
}

/* ---- the Linux words ---- */

static void set_strict(struct options *options, bool lazy)
{
    options->strict_origin = ORIGIN_CMDLINE;
    options->lazy_asked = lazy;
}

static void set_passthrough(struct options *options, bool passthrough)
{
    options->passthrough = passthrough;
    options->passthrough_origin = ORIGIN_CMDLINE;
}

static const char no_effect[] = "known, has no effect here";

/* Calls item for each part of a list with commas; each must say whether it knew it. */
static void each_item(struct parser *parser, const char *value,
                      bool (*item)(struct parser *parser, const char *text))
{
    char text[64];

    while (true) {
        size_t len = 0;

        while (value[len] != '\0' && value[len] != ',')
            len++;
        (void)text_copy(text, len + 1 < sizeof(text) ? len + 1 : sizeof(text), value);
        if (!item(parser, text))
            warn(parser, "not a value of this word, ignored");
        if (value[len] == '\0')
            return;
        value += len + 1;
    }
}

static bool intel_item(struct parser *parser, const char *text)
{
    static const char *const others[] = { "sm_on", "sm_off", "tboot_noforce", "forcedac" };
    size_t index;

    if (text_equal(text, "off"))
        parser->options->intel_off = true;
    else if (text_equal(text, "on"))
        parser->options->intel_off = false;
    else if (text_equal(text, "strict"))
        set_strict(parser->options, false);
    else if (text_equal(text, "sp_off"))
        parser->options->no_superpages = true;
    else if (text_equal(text, "igfx_off"))
        parser->options->graphics_off = true;
    else if (one_of(text, others, COUNT(others), &index))
        warn(parser, no_effect);
    else
        return false;
    return true;
}

static bool iommu_item(struct parser *parser, const char *text)
{
    static const char *const others[] = {
        "force",    "noforce", "biomerge", "merge",      "nomerge",   "panic",
        "nopanic",  "soft",    "usedac",   "allowdac",   "nodac",     "forcesac",
        "nobypass", "memaper", "noagp",    "noaperture", "fullflush",
    };
    size_t index;

    if (text_equal(text, "off"))
        parser->options->iommu_off = true;
    else if (text_equal(text, "pt"))
        set_passthrough(parser->options, true);
    else if (text_equal(text, "nopt"))
        set_passthrough(parser->options, false);
    else if (text_equal(text, "strict"))
        set_strict(parser->options, false);
    else if (one_of(text, others, COUNT(others), &index))
        warn(parser, no_effect);
    else
        return false;
    return true;
}

/*
 * There is no amd_iommu=on: it is reported like any other wrong value. Devices are
 * isolated anyway, so force_isolation changes nothing.
 */
static bool amd_item(struct parser *parser, const char *text)
{
    static const char *const others[] = { "force_isolation", "irtcachedis", "nohugepages",
                                          "v2_pgsizes_only" };
    struct options *options = parser->options;
    size_t index;

    if (text_equal(text, "off"))
        options->amd_off = true;
    else if (text_equal(text, "fullflush"))
        set_strict(options, false);
    else if (text_equal(text, "force_enable"))
        options->force_enable = true;
    else if (text_equal(text, "pgtbl_v1"))
        options->guest_tables = false;
    else if (text_equal(text, "pgtbl_v2"))
        options->guest_tables = true;
    else if (one_of(text, others, COUNT(others), &index))
        warn(parser, no_effect);
    else
        return false;
    return true;
}

static bool intremap_item(struct parser *parser, const char *text)
{
    struct options *options = parser->options;

    if (text_equal(text, "off") || text_equal(text, "on")) {
        options->intremap_on = text_equal(text, "on");
        options->intremap_off = !options->intremap_on;
        return true;
    }
    if (text_equal(text, "nosid"))
        options->intremap_nosid = true;
    else if (text_equal(text, "no_x2apic_optout"))
        options->intremap_x2apic = true;
    else if (text_equal(text, "nopost"))
        options->intremap_nopost = true;
    else
        return false;
    return true;
}

static bool set_intel(struct parser *parser, const char *value)
{
    each_item(parser, value, intel_item);
    return true;
}

static bool set_iommu(struct parser *parser, const char *value)
{
    each_item(parser, value, iommu_item);
    return true;
}

static bool set_amd(struct parser *parser, const char *value)
{
    each_item(parser, value, amd_item);
    return true;
}

static bool set_intremap(struct parser *parser, const char *value)
{
    each_item(parser, value, intremap_item);
    return true;
}

static bool set_amd_intr(struct parser *parser, const char *value)
{
    if (text_equal(value, "legacy"))
        parser->options->irq_format = IOMMU_IRQ_FORMAT_LEGACY;
    else if (text_equal(value, "vapic"))
        parser->options->irq_format = IOMMU_IRQ_FORMAT_VAPIC;
    else
        return false;
    return true;
}

static bool same_source(const struct iommu_irq_override *a, const struct iommu_irq_override *b)
{
    if (a->kind != b->kind)
        return false;
    return a->kind == IOMMU_IRQ_ACPI ? text_equal(a->hid, b->hid) && text_equal(a->uid, b->uid) : a->id == b->id;
}

/* The last word on a source wins. What is wrong with it is all said here. */
static bool add_override(struct parser *parser, enum iommu_irq_source_kind kind, const char *text)
{
    struct options *options = parser->options;
    struct iommu_irq_override override;
    const char *wrong = irq_override_parse(kind, text, &override);
    size_t at = 0;

    if (wrong != NULL) {
        warn(parser, wrong);
        return true;
    }
    while (at < options->override_count && !same_source(&options->overrides[at], &override))
        at++;
    if (at == COUNT(options->overrides)) {
        warn(parser, "more overrides than fit, ignored");
        return true;
    }
    options->overrides[at] = override;
    if (at == options->override_count)
        options->override_count++;
    return true;
}

static bool add_ioapic(struct parser *parser, const char *text)
{
    return add_override(parser, IOMMU_IRQ_IOAPIC, text);
}

static bool add_hpet(struct parser *parser, const char *text)
{
    return add_override(parser, IOMMU_IRQ_HPET, text);
}

static bool add_acpihid(struct parser *parser, const char *text)
{
    return add_override(parser, IOMMU_IRQ_ACPI, text);
}

/* Linux's spellings of a switch. */
static bool read_switch(const char *value, bool *on)
{
    static const char *const names[] = { "0", "1", "n", "y", "N", "Y", "off", "on" };
    size_t index;

    if (!one_of(value, names, COUNT(names), &index))
        return false;
    *on = index % 2 == 1;
    return true;
}

static bool set_iommu_passthrough(struct parser *parser, const char *value)
{
    bool on;

    if (!read_switch(value, &on))
        return false;
    set_passthrough(parser->options, on);
    return true;
}

static bool set_iommu_strict(struct parser *parser, const char *value)
{
    bool on;

    if (!read_switch(value, &on))
        return false;
    set_strict(parser->options, !on);
    if (!on)
        warn(parser, "lazy mode does not exist here, strict mode stays");
    return true;
}

static bool set_nothing(struct parser *parser, const char *value)
{
    (void)value;
    warn(parser, no_effect);
    return true;
}

/* ---- words ---- */

static const struct word {
    const char *prefix;     /* up to and with '=' */
    bool (*set)(struct parser *parser, const char *value);
} words[] = {
    { "run=", set_run },
    { "bench=", set_bench },
    { "report=", set_report },
    { "preboot=", set_preboot },
    { "scratch=", set_scratch },
    { "expect=", set_expect },
    { "exit=", set_exit },
    { "console=", add_console },
    { "seed=", set_seed },
    { "loglevel=", set_loglevel },
    { "trap=", set_trap },
    { "trace=", set_trace },
    { "vtd=", set_vtd },
    { "dmar=", set_dmar },
    { "madt=", set_madt },
    { "ivrs=", set_ivrs },
    { "intel_iommu=", set_intel },
    { "iommu=", set_iommu },
    { "iommu.passthrough=", set_iommu_passthrough },
    { "iommu.strict=", set_iommu_strict },
    { "iommu.forcedac=", set_nothing },
    { "amd_iommu=", set_amd },
    { "amd_iommu_intr=", set_amd_intr },
    { "ivrs_ioapic", add_ioapic },
    { "ivrs_hpet", add_hpet },
    { "ivrs_acpihid", add_acpihid },
    { "intremap=", set_intremap },
    { "swiotlb=", set_nothing },
};

static void note_unknown(struct parser *parser)
{
    struct options *options = parser->options;

    if (options->unknown_count < COUNT(options->unknown))
        (void)text_copy(options->unknown[options->unknown_count++], sizeof(options->unknown[0]),
                        parser->word);
    warn(parser, "unknown word, ignored");
}

static void read_word(struct parser *parser)
{
    if (text_equal(parser->word, "list")) {
        parser->options->list = true;
        return;
    }
    if (text_equal(parser->word, "amd_iommu_dump")) {
        parser->options->ivrs_dump = true;
        return;
    }
    for (size_t i = 0; i < COUNT(words); i++) {
        const char *value = text_after(parser->word, words[i].prefix);

        if (value == NULL)
            continue;
        if (!words[i].set(parser, value))
            warn(parser, "not a value of this word, ignored");
        return;
    }
    note_unknown(parser);
}

/*
 * The next word into out, without its quotation marks; NULL: there is none. A word that does not
 * fit is cut.
 */
static const char *next_word(const char *text, char out[WORD_BYTES])
{
    bool quoted = false;
    size_t len = 0;

    while (*text == ' ' || *text == '\t' || *text == '\n')
        text++;
    if (*text == '\0')
        return NULL;
    for (; *text != '\0' && (quoted || (*text != ' ' && *text != '\t' && *text != '\n')); text++) {
        if (*text == '"')
            quoted = !quoted;
        else if (len + 1 < WORD_BYTES)
            out[len++] = *text;
    }
    out[len] = '\0';
    return text;
}

void cmdline_parse(struct options *options, const char *text,
                   void (*warn_fn)(void *ctx, const char *line), void *ctx)
{
    char word[WORD_BYTES];
    struct parser parser = { .options = options, .warn = warn_fn, .ctx = ctx, .word = word };

    *options = (struct options){ .run = "*", .loglevel = 2, .strict = true };
    if (text == NULL)
        return;
    while ((text = next_word(text, word)) != NULL)
        if (word[0] != '\0')
            read_word(&parser);
}
