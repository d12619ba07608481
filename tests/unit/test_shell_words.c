/* SPDX-License-Identifier: BSD-2-Clause */
/* kernel/shell_words.c: cutting, ids, which command words name, and what Tab offers. */
#include "test.h"

#include "shell_words.h"

static void nothing(unsigned count, char *const *words)
{
    (void)count;
    (void)words;
}

static const struct shell_command subs[] = {
    { .name = "ls", .run = nothing },
    { .name = "walk", .run = nothing, .least = 2, .most = 2, .kinds = { SHELL_RID } },
    { .name = "irte", .run = nothing, .most = 3, .kinds = { SHELL_UNIT, SHELL_RID } },
    { .name = NULL },
};
static const struct shell_command commands[] = {
    { .name = "help", .run = nothing, .most = 2, .kinds = { SHELL_COMMAND } },
    { .name = "iommu", .subs = subs },
    { .name = "lspci", .run = nothing, .most = 1, .kinds = { SHELL_RID } },
    { .name = "mem", .run = nothing },
    { .name = NULL },
};

static bool value(enum shell_kind kind, size_t n, char *out, size_t size)
{
    if (kind == SHELL_ANYTHING || n > 1)
        return false;
    snprintf(out, size, "%s%zu", kind == SHELL_RID ? "rid" : "unit", n);
    return true;
}

static const struct shell_table table = { .commands = commands, .value = value };

TEST(text_is_cut_at_blanks)
{
    char text[] = "  iommu   walk 00:03.0 ", empty[] = "   ", many[] = "a b c";
    char *words[3];

    CHECK_EQ(shell_split(text, words, 3), 3);
    CHECK_STR(words[0], "iommu");
    CHECK_STR(words[1], "walk");
    CHECK_STR(words[2], "00:03.0");
    CHECK_EQ(shell_split(empty, words, 3), 0);
    CHECK_EQ(shell_split(many, words, 2), 3);
    CHECK_STR(words[1], "b");
}

TEST(ids)
{
    static const struct {
        const char *text;
        uint16_t segment, rid;
    } good[] = {
        { "00:00.0", 0, 0 }, { "00:03.0", 0, 0x18 }, { "ff:1f.7", 0, 0xffff }, { "0001:2:3.4", 1, 0x21c },
        { "FFFF:aB:1F.7", 0xffff, 0xabff },
    };
    static const char *const bad[] = {
        "", "3", "03.0", "00:03", "00:20.0", "00:03.8", "100:03.0", "00:03.0x", "x0:03.0", "0:0:0:0.0", ":03.0",
        "00:.0", "00:03.", "10000:00:03.0", "00:03.0 ", "00000:03.0", "-1:03.0",
    };
    struct shell_id id;

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        CHECK(shell_read_id(good[i].text, &id));
        CHECK_EQ(id.segment, good[i].segment);
        CHECK_EQ(id.rid, good[i].rid);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (shell_read_id(bad[i], &id))
            test_fail(__FILE__, __LINE__, "\"%s\" was taken for an id", bad[i]);
}

static const struct shell_command *resolved(const char *line, unsigned *used)
{
    static char text[64];
    static char *words[SHELL_WORDS];

    snprintf(text, sizeof(text), "%s", line);
    return shell_resolve(&table, shell_split(text, words, SHELL_WORDS), words, used);
}

TEST(commands_and_sub_commands)
{
    unsigned used;

    CHECK(resolved("mem", &used) == &commands[3]);
    CHECK_EQ(used, 1);
    CHECK(resolved("iommu walk 00:03.0 0x1000", &used) == &subs[1]);
    CHECK_EQ(used, 2);
    CHECK(resolved("bogus", &used) == NULL);
    CHECK_EQ(used, 0);
    CHECK(resolved("iommu bogus", &used) == NULL);
    CHECK_EQ(used, 1);
    CHECK(resolved("iommu", &used) == NULL);    /* one is missing */
    CHECK_EQ(used, 1);
    CHECK(resolved("me", &used) == NULL);
    CHECK(shell_find(commands, "memo") == NULL);
}

/* All candidates behind text, with a blank after each. */
static const char *offered(const char *text)
{
    static char all[256];
    char one[32];

    all[0] = '\0';
    for (size_t n = 0; shell_candidate(&table, text, strlen(text), n, one, sizeof(one)); n++)
        snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s ", one);
    return all;
}

TEST(what_tab_offers)
{
    CHECK_STR(offered(""), "help iommu lspci mem ");
    CHECK_STR(offered("  "), "help iommu lspci mem ");
    CHECK_STR(offered("iommu "), "ls walk irte ");
    CHECK_STR(offered("iommu walk "), "rid0 rid1 ");
    CHECK_STR(offered("iommu walk 00:03.0 "), "");
    CHECK_STR(offered("iommu irte "), "unit0 unit1 ");
    CHECK_STR(offered("iommu irte vtd0 "), "rid0 rid1 ");
    CHECK_STR(offered("iommu irte vtd0 00:03.0 "), "");
    CHECK_STR(offered("iommu ls "), "");
    CHECK_STR(offered("help "), "help iommu lspci mem ");
    CHECK_STR(offered("help iommu "), "ls walk irte ");
    CHECK_STR(offered("lspci "), "rid0 rid1 ");
    CHECK_STR(offered("lspci x "), "");
    CHECK_STR(offered("bogus "), "");
    CHECK_STR(offered("iommu bogus "), "");
    CHECK_STR(offered("mem "), "");
    CHECK_STR(offered("a-word-that-is-much-longer-than-any-command-there-is "), "");
}
