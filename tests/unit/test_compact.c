/* SPDX-License-Identifier: BSD-2-Clause */
/* compact.c: its lines, and what is left out where there is no room. */
#include "test.h"

#include "compact.h"
#include "qr.h"

static char out[COMPACT_BYTES + 8];
static char failures[COMPACT_FAILED][COMPACT_NAME_BYTES];

static struct compact_facts facts_of(void)
{
    memset(failures, 0, sizeof(failures));
    strcpy(failures[0], "dma/one:edu@0000:00:03.0");
    return (struct compact_facts){
        .version = "9.9",
        .door = "multiboot2",
        .loader = "GRUB",
        .result = "FAIL",
        .verdict = "partial",
        .reason = "1 of 2",
        .processor = "Some CPU",
        .online = 4,
        .ram_mib = 6144,
        .unit_count = 2,
        .units = { { "vtd0", false, 0xfed90000, 0x12, 0x34, 5, true, false },
                   { "amdvi0", true, 0xfd200000, 0x56, 0x78, 0, false, true } },
        .passed = 7,
        .failed = 1,
        .skipped = 3,
        .failures = failures,
        .findings = { "unit-base-zero DMAR+0x30" },
        .finding_count = 1,
    };
}

TEST(all_of_it)
{
    struct compact_facts facts = facts_of();
    size_t len = compact_make(&facts, out, COMPACT_BYTES);

    CHECK_STR(out, "iommukit-compact/1\n"
                   "9.9 multiboot2 GRUB\n"
                   "FAIL partial\n"
                   "n 7 passed 1 failed 3 skipped\n"
                   "1 of 2\n"
                   "c Some CPU, 4 CPUs, 6144 MiB\n"
                   "u vtd0 fed90000 T- cap=12 ecap=34 faults=5\n"
                   "u amdvi0 fd200000 -R efr=56 efr2=78 faults=0\n"
                   "F dma/one:edu@0000:00:03.0\n"
                   "f unit-base-zero DMAR+0x30");
    CHECK_EQ(len, strlen(out));
}

TEST(what_does_not_fit_is_left_out_from_the_end_and_said)
{
    struct compact_facts facts = facts_of();
    size_t whole = compact_make(&facts, out, COMPACT_BYTES), len;

    for (size_t size = 64; size <= COMPACT_BYTES; size++) {
        memset(out, '!', sizeof(out));
        len = compact_make(&facts, out, size);
        CHECK(len < size);
        CHECK_EQ(strlen(out), len);
        CHECK_EQ(out[size], '!');
        CHECK_EQ(len == whole, size >= whole + 3);
        CHECK_EQ(strcmp(out + len - 2, "\n+") == 0, len != whole);
        CHECK(strncmp(out, "iommukit-compact/1\n9.9 multiboot2 GRUB\n", 39) == 0);
    }
}

TEST(more_units_than_there_is_room_for_are_counted)
{
    struct compact_facts facts = facts_of();

    for (unsigned i = 0; i < COMPACT_UNITS; i++)
        facts.units[i] = (struct compact_unit){ .name = "v" };
    facts.unit_count = 10;
    (void)compact_make(&facts, out, COMPACT_BYTES);
    CHECK(strstr(out, "\nu 2 more\n") != NULL);
    facts.unit_count = 8;
    (void)compact_make(&facts, out, COMPACT_BYTES);
    CHECK(strstr(out, "more") == NULL);
}

TEST(all_of_it_is_printable)
{
    struct compact_facts facts = facts_of();

    facts.processor = "Some\tCPU\xae";
    (void)compact_make(&facts, out, COMPACT_BYTES);
    CHECK(strstr(out, "\nc Some?CPU?, 4 CPUs") != NULL);
}

/* The longest there can be is no longer than the QR code it is made for. */
TEST(the_longest_fits_a_qr_code_of_version_15)
{
    static struct qr qr;
    struct compact_facts facts = facts_of();
    size_t len;

    for (unsigned i = 0; i < COMPACT_FAILED; i++)
        memset(failures[i], 'f', i == COMPACT_FAILED - 1 ? 1 : COMPACT_NAME_BYTES - 1);
    facts.failed = COMPACT_FAILED;
    len = compact_make(&facts, out, COMPACT_BYTES);
    CHECK(len > COMPACT_BYTES - 80);
    CHECK(qr_encode(&qr, out, COMPACT_BYTES - 1, QR_LEVEL_L, COMPACT_VERSION_MAX));
    CHECK(!qr_encode(&qr, out, COMPACT_BYTES, QR_LEVEL_L, COMPACT_VERSION_MAX));
}
