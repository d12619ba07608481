/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qr.c: the standard's own examples for its codes, its tables for what stands
 * where, and symbols read back by a decoder of this file's own, which knows
 * nothing of how they were made.
 */
#include "test.h"

#include "qr.h"

static struct qr qr;
static char text[QR_BYTES_MAX + 2];

static const char *text_of(size_t len)
{
    for (size_t i = 0; i < len; i++)
        text[i] = (char)('!' + i * 7 % 90);
    text[len] = '\0';
    return text;
}

/* ---- codes ---- */

TEST(format_bits_of_the_standards_table)
{
    /* ISO/IEC 18004 Annex C: its example, and rows of its table. */
    CHECK_EQ(qr_format_bits(QR_LEVEL_M, 5), 0x40ce); /* 100000011001110 */
    CHECK_EQ(qr_format_bits(QR_LEVEL_M, 0), 0x5412);
    CHECK_EQ(qr_format_bits(QR_LEVEL_L, 0), 0x77c4); /* 111011111000100 */
    CHECK_EQ(qr_format_bits(QR_LEVEL_L, 7), 0x6976);
    for (unsigned mask = 0; mask < QR_MASKS; mask++)
        CHECK(qr_format_bits(QR_LEVEL_L, mask) != qr_format_bits(QR_LEVEL_M, mask));
}

TEST(version_bits_of_the_standards_table)
{
    /* Annex D: its example, 7, and others of its table. */
    CHECK_EQ(qr_version_bits(7), 0x07c94);
    CHECK_EQ(qr_version_bits(8), 0x085bc);
    CHECK_EQ(qr_version_bits(20), 0x149a6);
    CHECK_EQ(qr_version_bits(25), 0x191e1);
}

TEST(error_words_of_the_standards_example)
{
    /* Annex I: 01234567 as version 1-M. */
    static const uint8_t data[] = { 0x10, 0x20, 0x0c, 0x56, 0x61, 0x80, 0xec, 0x11,
                                    0xec, 0x11, 0xec, 0x11, 0xec, 0x11, 0xec, 0x11 };
    static const uint8_t wanted[] = { 0xa5, 0x24, 0xd4, 0xc1, 0xed, 0x36, 0xc7, 0x87, 0x2c, 0x55 };
    uint8_t seen[sizeof(wanted)], other[sizeof(data)];

    qr_error_words(data, sizeof(data), seen, sizeof(seen));
    CHECK(memcmp(seen, wanted, sizeof(wanted)) == 0);
    memcpy(other, data, sizeof(data));
    other[15] ^= 1;
    qr_error_words(other, sizeof(other), seen, sizeof(seen));
    CHECK(memcmp(seen, wanted, sizeof(wanted)) != 0);
}

TEST(data_words_of_table_7)
{
    static const unsigned wanted[][3] = {
        { 1, 19, 16 },    { 2, 34, 28 },    { 5, 108, 86 },   { 6, 136, 108 },  { 7, 156, 124 },
        { 10, 274, 216 }, { 14, 461, 365 }, { 15, 523, 415 }, { 20, 861, 669 }, { 25, 1276, 1000 },
    };

    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        CHECK_EQ(qr_data_words(wanted[i][0], QR_LEVEL_L), wanted[i][1]);
        CHECK_EQ(qr_data_words(wanted[i][0], QR_LEVEL_M), wanted[i][2]);
    }
}

/* ---- which version ---- */

TEST(the_smallest_version_that_holds_it)
{
    /* Table 7, bytes: 1-M 14, 1-L 17, 9-L 230, 10-L 271, 25-L 1273. */
    static const struct {
        size_t len;
        unsigned version;
        enum qr_level level;
    } wanted[] = {
        { 0, 1, QR_LEVEL_M },     { 14, 1, QR_LEVEL_M },   { 15, 1, QR_LEVEL_L },
        { 17, 1, QR_LEVEL_L },    { 18, 2, QR_LEVEL_M },   { 230, 9, QR_LEVEL_L },
        { 231, 10, QR_LEVEL_L },  { 271, 10, QR_LEVEL_L }, { 272, 11, QR_LEVEL_L },
        { 1273, 25, QR_LEVEL_L },
    };

    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        CHECK(qr_encode(&qr, text_of(wanted[i].len), wanted[i].len, QR_LEVEL_L, QR_VERSION_MAX));
        CHECK_EQ(qr.version, wanted[i].version);
        CHECK_EQ(qr.size, 17 + 4 * wanted[i].version);
        CHECK_EQ(qr.level, wanted[i].level);
    }
    CHECK(!qr_encode(&qr, text_of(1274), 1274, QR_LEVEL_L, QR_VERSION_MAX));
    CHECK(!qr_encode(&qr, text_of(1000), 1000, QR_LEVEL_M, QR_VERSION_MAX));
    CHECK(qr_encode(&qr, text_of(997), 997, QR_LEVEL_M, QR_VERSION_MAX));
    CHECK(!qr_encode(&qr, text_of(231), 231, QR_LEVEL_L, 9));
    CHECK(!qr_encode(&qr, text_of(1), 1, QR_LEVEL_L, 0));
}

/* ---- what stands where ---- */

static void check_rings(unsigned column, unsigned row, const char *rings)
{
    unsigned reach = (unsigned)strlen(rings) - 1;

    for (unsigned i = 0; i <= reach; i++) {
        CHECK_EQ(qr_is_dark(&qr, column - i, row), rings[i] == '#');
        CHECK_EQ(qr_is_dark(&qr, column, row + i), rings[i] == '#');
        CHECK_EQ(qr_is_dark(&qr, column + i, row + i), rings[i] == '#');
        CHECK_EQ(qr_is_dark(&qr, column + i, row - i), rings[i] == '#');
    }
}

static void check_finders(void)
{
    /* The fourth ring of each lies outside at two sides, where it is light, too. */
    check_rings(3, 3, "##.#");
    check_rings(qr.size - 4, 3, "##.#");
    check_rings(3, qr.size - 4, "##.#");
    for (unsigned i = 0; i < 8; i++) {
        CHECK(!qr_is_dark(&qr, i, 7));
        CHECK(!qr_is_dark(&qr, qr.size - 8, i));
    }
    for (unsigned i = 8; i < qr.size - 8; i++) {
        CHECK_EQ(qr_is_dark(&qr, i, 6), i % 2 == 0);
        CHECK_EQ(qr_is_dark(&qr, 6, i), i % 2 == 0);
    }
    CHECK(qr_is_dark(&qr, 8, qr.size - 8));
    CHECK(!qr_is_dark(&qr, qr.size, 0));
}

TEST(patterns_stand_where_annex_e_says)
{
    static const unsigned centres[][6] = {
        { 2, 18 },
        { 7, 22, 38 },
        { 13, 34, 62 },
        { 14, 26, 46, 66 },
        { 15, 26, 48, 70 },
        { 16, 26, 50, 74 },
        { 19, 30, 58, 86 },
        { 20, 34, 62, 90 },
        { 21, 28, 50, 72, 94 },
        { 22, 26, 50, 74, 98 },
        { 24, 28, 54, 80, 106 },
        { 25, 32, 58, 84, 110 },
    };

    for (size_t i = 0; i < sizeof(centres) / sizeof(centres[0]); i++) {
        unsigned version = centres[i][0];
        size_t len = qr_data_words(version, QR_LEVEL_L) - 3;

        CHECK(qr_encode(&qr, text_of(len), len, QR_LEVEL_L, QR_VERSION_MAX));
        CHECK_EQ(qr.version, version);
        check_finders();
        for (unsigned a = 1; a < 6 && centres[i][a] != 0; a++)
            for (unsigned b = 1; b < 6 && centres[i][b] != 0; b++)
                check_rings(centres[i][a], centres[i][b], "#.#");
    }
}

/* ---- penalties, by hand ---- */

TEST(penalties_of_symbols_by_hand)
{
    qr = (struct qr){ .version = 1, .size = 21 };
    /* 42 lines of one run of 21: 3 + 16; 20 * 20 blocks of 3; fifty off one half: 10 * 10. */
    CHECK_EQ(qr_penalty(&qr), 42 * 19 + 400 * 3 + 100);
    for (unsigned row = 0; row < 21; row++)
        for (unsigned column = 0; column < 21; column++)
            if ((row + column) % 2 == 0)
                qr.dark[row][column / 8] |= (uint8_t)(0x80u >> column % 8);
    /* A chessboard: no runs, no blocks, 221 of 441 dark. */
    CHECK_EQ(qr_penalty(&qr), 0);
}

TEST(penalty_of_what_looks_like_a_finder)
{
    static const uint8_t alike[] = { 0x00, 0x05, 0xd0 }; /* ...01011101 from column 13 to 19 */
    unsigned before;

    qr = (struct qr){ .version = 1, .size = 21 };
    before = qr_penalty(&qr);
    memcpy(qr.dark[10], alike, sizeof(alike));
    /*
     * The row: light from 0 to 12 (3 + 8) instead of 21 (19), then no run; 4 light ones on both
     * sides count twice 40. Each of five columns: two runs of 10 (8 + 8) instead of one of 21 (19).
     * Blocks that hold one of columns 13, 15, 16, 17, 19 in rows 9 to 11: all 8 pairs 12|13 ..
     * 19|20, two rows each. Dark: 5 of 441.
     */
    CHECK_EQ(qr_penalty(&qr), before + 80 - 8 - 5 * 3 - 16 * 3 - 10);
}

/* ---- read back ---- */

static unsigned powers[255];

static unsigned times(unsigned a, unsigned b)
{
    unsigned i = 0, j = 0;

    if (a == 0 || b == 0)
        return 0;
    while (powers[i] != a)
        i++;
    while (powers[j] != b)
        j++;
    return powers[(i + j) % 255];
}

static void make_powers(void)
{
    unsigned value = 1;

    for (unsigned i = 0; i < 255; i++) {
        powers[i] = value;
        value = value < 128 ? value * 2 : (value * 2) ^ 285;
    }
}

/* A block is a multiple of the generator: zero at each of its roots. */
static bool block_is_sound(const uint8_t *block, unsigned len, unsigned errors)
{
    for (unsigned root = 0; root < errors; root++) {
        unsigned value = 0;

        for (unsigned i = 0; i < len; i++)
            value = times(value, powers[root]) ^ block[i];
        if (value != 0)
            return false;
    }
    return true;
}

static bool is_masked(unsigned mask, unsigned i, unsigned j)
{
    const unsigned zero[] = { (i + j) % 2,
                              i % 2,
                              j % 3,
                              (i + j) % 3,
                              (i / 2 + j / 3) % 2,
                              i * j % 2 + i * j % 3,
                              (i * j % 2 + i * j % 3) % 2,
                              ((i + j) % 2 + i * j % 3) % 2 };

    return zero[mask] == 0;
}

/* Version 1: nothing but finders with their format bits and timing carries no data. */
static bool carries_data(unsigned x, unsigned y)
{
    return !(x < 9 && y < 9) && !(x > 12 && y < 9) && !(x < 9 && y > 12) && x != 6 && y != 6;
}

static void read_words(uint8_t words[26])
{
    unsigned mask = 0, at = 0;

    for (unsigned i = 2; i < 5; i++)
        mask = mask << 1 | (qr_is_dark(&qr, i, 8) ^ (i == 2 || i == 4));
    memset(words, 0, 26);
    for (unsigned pair = 0; pair < 10; pair++)
        for (unsigned i = 0; i < 42; i++) {
            unsigned right = pair < 7 ? 20 - 2 * pair : 19 - 2 * pair, x = right - i % 2;
            unsigned y = pair % 2 == 0 ? 20 - i / 2 : i / 2;

            if (!carries_data(x, y))
                continue;
            words[at / 8] =
                (uint8_t)(words[at / 8] | (qr_is_dark(&qr, x, y) ^ is_masked(mask, y, x))
                                              << (7 - at % 8));
            at++;
        }
    CHECK_EQ(at, 208);
}

TEST(version_1_read_back)
{
    uint8_t words[26];

    make_powers();
    for (size_t len = 0; len <= 17; len++) {
        CHECK(qr_encode(&qr, text_of(len), len, QR_LEVEL_L, 1));
        read_words(words);
        CHECK(block_is_sound(words, 26, qr.level == QR_LEVEL_L ? 7 : 10));
        CHECK_EQ(words[0], 0x40 | len >> 4);
        for (size_t i = 0; i < len; i++)
            CHECK_EQ((uint8_t)(words[i + 1] << 4 | words[i + 2] >> 4), (uint8_t)text[i]);
        for (size_t i = len + 2; i < (qr.level == QR_LEVEL_L ? 19u : 16u); i++)
            CHECK_EQ(words[i], (i - len) % 2 == 0 ? 0xec : 0x11);
        words[9] ^= 0x10;
        CHECK(!block_is_sound(words, 26, qr.level == QR_LEVEL_L ? 7 : 10));
    }
}

TEST(words_of_blocks_of_two_lengths_are_interleaved)
{
    /* Table 9, level M: blocks, the shorter of them, their words of data, words for errors. */
    static const struct {
        size_t len;
        unsigned version, blocks, shorter, words, errors;
    } rows[] = {
        { 152, 8, 4, 2, 38, 22 },
        { 213, 10, 5, 4, 43, 26 },
    };

    make_powers();
    for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
        unsigned words = rows[r].words, blocks = rows[r].blocks, errors = rows[r].errors, data = 0;
        unsigned all = words * blocks + blocks - rows[r].shorter;

        CHECK(qr_encode(&qr, text_of(rows[r].len), rows[r].len, QR_LEVEL_M, QR_VERSION_MAX));
        CHECK_EQ(qr.version, rows[r].version);
        for (unsigned b = 0; b < blocks; b++) {
            unsigned len = words + (b >= rows[r].shorter);
            uint8_t block[70];

            for (unsigned i = 0; i < len; i++) {
                unsigned at = i < words ? blocks * i + b : words * blocks + b - rows[r].shorter;

                block[i] = qr.words[at];
                CHECK_EQ(block[i], qr.data[data++]);
            }
            for (unsigned i = 0; i < errors; i++)
                block[len + i] = qr.words[all + blocks * i + b];
            CHECK(block_is_sound(block, len + errors, errors));
        }
        CHECK_EQ(data, all);
    }
}
