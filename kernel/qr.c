/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QR codes (ISO/IEC 18004:2015): one segment of bytes, padded, cut into blocks
 * with Reed-Solomon words, placed in two-module columns from the lower right
 * corner, under the mask of the lowest penalty. Other modes, levels Q and H,
 * Micro QR and versions above 25 are left out. Portable, without memory of
 * its own.
 */
#include "qr.h"

#define FINDER 7u             /* modules of a finder pattern's side */
#define TIMING 6u             /* row and column of the timing patterns */
#define FIRST_WITH_VERSION 7u /* version that says its number */
#define MODE_BYTES 0x4u
#define MODE_BITS 4u
#define PAD_EVEN 0xecu
#define PAD_ODD 0x11u

/* Table 9, versions 1 to 25: error correction words of a block, and blocks. */
static const uint8_t block_error_words[][QR_VERSION_MAX] = {
    [QR_LEVEL_L] = { 7,  10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26,
                     30, 22, 24, 28, 30, 28, 28, 28, 28, 30, 30, 26 },
    [QR_LEVEL_M] = { 10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22,
                     24, 24, 28, 28, 26, 26, 26, 26, 28, 28, 28, 28 },
};
static const uint8_t block_counts[][QR_VERSION_MAX] = {
    [QR_LEVEL_L] = { 1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8, 8, 9, 9, 10, 12 },
    [QR_LEVEL_M] = { 1, 1,  1,  2,  2,  4,  4,  4,  5,  5,  5,  8, 9,
                     9, 10, 10, 11, 13, 14, 16, 17, 17, 18, 20, 21 },
};

/* ---- modules ---- */

static bool bit_at(const uint8_t map[QR_SIZE_MAX][QR_ROW_BYTES], unsigned column, unsigned row)
{
    return map[row][column / 8] >> (7 - column % 8) & 1;
}

static void set_bit(uint8_t map[QR_SIZE_MAX][QR_ROW_BYTES], unsigned column, unsigned row,
                    bool value)
{
    uint8_t bit = (uint8_t)(0x80u >> column % 8);

    map[row][column / 8] =
        (uint8_t)(value ? map[row][column / 8] | bit : map[row][column / 8] & ~bit);
}

bool qr_is_dark(const struct qr *qr, unsigned column, unsigned row)
{
    return column < qr->size && row < qr->size && bit_at(qr->dark, column, row);
}

static void fix(struct qr *qr, unsigned column, unsigned row, bool dark)
{
    set_bit(qr->dark, column, row, dark);
    set_bit(qr->fixed, column, row, true);
}

/* ---- function patterns (§6.3) ---- */

static unsigned distance(unsigned a, unsigned b)
{
    return a > b ? a - b : b - a;
}

static unsigned larger(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

/* Rings around a centre: a finder with its separator, or an alignment pattern. */
static void draw_rings(struct qr *qr, unsigned column, unsigned row, unsigned reach, unsigned light)
{
    for (unsigned y = row > reach ? row - reach : 0; y <= row + reach && y < qr->size; y++)
        for (unsigned x = column > reach ? column - reach : 0; x <= column + reach && x < qr->size;
             x++) {
            unsigned ring = larger(distance(x, column), distance(y, row));

            fix(qr, x, y, ring != light && ring != FINDER / 2 + 1);
        }
}

/* Annex E: the first at 6, the last at the other edge's, even steps counted from there. */
static unsigned alignment_positions(unsigned version, unsigned out[FINDER])
{
    unsigned count = version == 1 ? 0 : version / 7 + 2;
    unsigned step = count == 0 ? 0 : (version * 4 + count * 2) / (count * 2 - 2) * 2;

    for (unsigned i = 0; i < count; i++)
        out[i] = i == 0 ? TIMING : 4 * version + 10 - (count - 1 - i) * step;
    return count;
}

static void draw_alignment(struct qr *qr)
{
    unsigned at[FINDER], count = alignment_positions(qr->version, at);

    for (unsigned i = 0; i < count; i++)
        for (unsigned j = 0; j < count; j++) {
            bool at_finder =
                (i == 0 && j == 0) || (i == 0 && j == count - 1) || (i == count - 1 && j == 0);

            if (!at_finder)
                draw_rings(qr, at[i], at[j], 2, 1);
        }
}

/* ---- format and version information (§7.9, §7.10) ---- */

static uint32_t remainder_of(uint32_t value, unsigned bits, uint32_t generator)
{
    unsigned degree = 31u - (unsigned)__builtin_clz(generator);
    uint32_t rest = value << degree;

    for (unsigned i = bits; i-- > 0;)
        if (rest >> (degree + i) & 1)
            rest ^= generator << i;
    return value << degree | rest;
}

uint32_t qr_format_bits(enum qr_level level, unsigned mask)
{
    uint32_t data = (level == QR_LEVEL_L ? 1u : 0u) << 3 | mask;

    return remainder_of(data, 5, 0x537) ^ 0x5412;
}

uint32_t qr_version_bits(unsigned version)
{
    return remainder_of(version, 6, 0x1f25);
}

static void draw_format(struct qr *qr)
{
    uint32_t bits = qr_format_bits(qr->level, qr->mask);

    for (unsigned i = 0; i < 15; i++) {
        bool dark = bits >> i & 1;
        /* Around the upper left finder, past the timing patterns; and along the two others. */
        unsigned near = i < 6 ? i : i < 8 ? i + 1 : i == 8 ? 7 : 14 - i;

        if (i < 8) {
            fix(qr, 8, near, dark);
            fix(qr, qr->size - 1 - i, 8, dark);
        } else {
            fix(qr, near, 8, dark);
            fix(qr, 8, qr->size - 15 + i, dark);
        }
    }
    fix(qr, 8, qr->size - 8, true);
}

static void draw_version(struct qr *qr)
{
    uint32_t bits = qr_version_bits(qr->version);

    for (unsigned i = 0; i < 18 && qr->version >= FIRST_WITH_VERSION; i++) {
        unsigned across = qr->size - 11 + i % 3, along = i / 3;

        fix(qr, across, along, bits >> i & 1);
        fix(qr, along, across, bits >> i & 1);
    }
}

static void draw_function_patterns(struct qr *qr)
{
    for (unsigned i = 0; i < qr->size; i++) {
        fix(qr, TIMING, i, i % 2 == 0);
        fix(qr, i, TIMING, i % 2 == 0);
    }
    draw_rings(qr, FINDER / 2, FINDER / 2, FINDER / 2 + 1, 2);
    draw_rings(qr, qr->size - 1 - FINDER / 2, FINDER / 2, FINDER / 2 + 1, 2);
    draw_rings(qr, FINDER / 2, qr->size - 1 - FINDER / 2, FINDER / 2 + 1, 2);
    draw_alignment(qr);
    draw_format(qr);
    draw_version(qr);
}

/* ---- Reed-Solomon over GF(256), x^8 + x^4 + x^3 + x^2 + 1 (§7.5.2) ---- */

static uint8_t multiply(uint8_t a, uint8_t b)
{
    unsigned product = 0;

    for (unsigned i = 8; i-- > 0;) {
        product = product << 1 ^ (product >> 7) * 0x11du;
        product ^= (unsigned)(b >> i & 1) * a;
    }
    return (uint8_t)product;
}

/* Coefficients of (x - 1)(x - 2)(x - 4)..., without the leading 1. */
static void make_generator(uint8_t *out, unsigned count)
{
    uint8_t root = 1;

    for (unsigned i = 0; i < count; i++)
        out[i] = i == count - 1;
    for (unsigned i = 0; i < count; i++) {
        for (unsigned j = 0; j < count; j++) {
            out[j] = multiply(out[j], root);
            if (j + 1 < count)
                out[j] ^= out[j + 1];
        }
        root = multiply(root, 2);
    }
}

void qr_error_words(const uint8_t *data, size_t len, uint8_t *out, unsigned count)
{
    uint8_t generator[QR_ERROR_WORDS_MAX];

    make_generator(generator, count);
    for (unsigned i = 0; i < count; i++)
        out[i] = 0;
    for (size_t i = 0; i < len; i++) {
        uint8_t factor = data[i] ^ out[0];

        for (unsigned j = 0; j < count; j++)
            out[j] = (uint8_t)((j + 1 < count ? out[j + 1] : 0) ^ multiply(generator[j], factor));
    }
}

/* ---- the words ---- */

/* Table 1: what function patterns leave, in whole words. */
static unsigned all_words(unsigned version)
{
    unsigned modules = (16 * version + 128) * version + 64, count = version / 7 + 2;

    if (version >= 2)
        modules -= (25 * count - 10) * count - 55;
    if (version >= FIRST_WITH_VERSION)
        modules -= 36;
    return modules / 8;
}

unsigned qr_data_words(unsigned version, enum qr_level level)
{
    unsigned at = version - 1;

    return all_words(version) - (unsigned)block_error_words[level][at] * block_counts[level][at];
}

static unsigned length_bits(unsigned version)
{
    return version < 10 ? 8 : 16;
}

static bool holds(unsigned version, enum qr_level level, size_t len)
{
    return MODE_BITS + length_bits(version) + 8 * len <= 8 * qr_data_words(version, level);
}

static void put_bits(uint8_t *out, size_t *at, uint32_t value, unsigned bits)
{
    while (bits-- > 0) {
        out[*at / 8] = (uint8_t)(out[*at / 8] | (value >> bits & 1) << (7 - *at % 8));
        (*at)++;
    }
}

static void fill_data(struct qr *qr, const uint8_t *bytes, size_t len)
{
    size_t at = 0, words = qr_data_words(qr->version, qr->level);

    put_bits(qr->data, &at, MODE_BYTES, MODE_BITS);
    put_bits(qr->data, &at, (uint32_t)len, length_bits(qr->version));
    for (size_t i = 0; i < len; i++)
        put_bits(qr->data, &at, bytes[i], 8);
    /* The terminator's four bits fill the word that the mode has begun. */
    at = (at + 7) / 8;
    for (bool odd = false; at < words; odd = !odd)
        qr->data[at++] = odd ? PAD_ODD : PAD_EVEN;
}

/* §7.6: first words of all blocks, second ones, ...; the first blocks may be one word shorter. */
static void interleave(struct qr *qr)
{
    unsigned blocks = block_counts[qr->level][qr->version - 1];
    unsigned errors = block_error_words[qr->level][qr->version - 1];
    unsigned words = qr_data_words(qr->version, qr->level);
    unsigned shorter = words / blocks, short_blocks = blocks - words % blocks;
    uint8_t error[QR_ERROR_WORDS_MAX];
    const uint8_t *data = qr->data;

    for (unsigned block = 0; block < blocks; block++) {
        unsigned len = shorter + (block >= short_blocks);

        for (unsigned i = 0; i < shorter; i++)
            qr->words[i * blocks + block] = data[i];
        if (len > shorter)
            qr->words[shorter * blocks + block - short_blocks] = data[shorter];
        qr_error_words(data, len, error, errors);
        for (unsigned i = 0; i < errors; i++)
            qr->words[words + i * blocks + block] = error[i];
        data += len;
    }
}

/*
 * §7.7.3: pairs of columns from the right, upwards and downwards in turn, the timing column left
 * out.
 */
static void place(struct qr *qr)
{
    size_t at = 0, bits = 8 * (size_t)all_words(qr->version);
    bool upwards = true;

    for (unsigned right = qr->size - 1; right < qr->size; right -= 2, upwards = !upwards) {
        if (right == TIMING)
            right--;
        for (unsigned i = 0; i < 2 * qr->size; i++) {
            unsigned row = upwards ? qr->size - 1 - i / 2 : i / 2, column = right - i % 2;

            if (bit_at(qr->fixed, column, row))
                continue;
            set_bit(qr->dark, column, row, at < bits && (qr->words[at / 8] >> (7 - at % 8) & 1));
            at++;
        }
    }
}

/* ---- masks (§7.8) ---- */

static bool is_masked(unsigned mask, unsigned j, unsigned i)
{
    switch (mask) {
    case 0:
        return (i + j) % 2 == 0;
    case 1:
        return i % 2 == 0;
    case 2:
        return j % 3 == 0;
    case 3:
        return (i + j) % 3 == 0;
    case 4:
        return (i / 2 + j / 3) % 2 == 0;
    case 5:
        return i * j % 2 + i * j % 3 == 0;
    case 6:
        return (i * j % 2 + i * j % 3) % 2 == 0;
    default:
        return ((i + j) % 2 + i * j % 3) % 2 == 0;
    }
}

/* Twice is not at all. */
static void apply_mask(struct qr *qr)
{
    for (unsigned row = 0; row < qr->size; row++)
        for (unsigned column = 0; column < qr->size; column++)
            if (!bit_at(qr->fixed, column, row) && is_masked(qr->mask, column, row))
                set_bit(qr->dark, column, row, !bit_at(qr->dark, column, row));
}

/*
 * Along a row or a column: runs of one colour from 5 on, and what looks like a finder pattern
 * beside 4 light ones.
 */
static unsigned line_penalty(const struct qr *qr, unsigned line, bool down)
{
    const unsigned finder_before = 0x05d, finder_behind = 0x5d0, window_bits = 0x7ff;
    unsigned penalty = 0, run = 0, window = 0;
    bool last = false;

    for (unsigned i = 0; i < qr->size + QR_QUIET; i++) {
        bool dark = down ? qr_is_dark(qr, line, i) : qr_is_dark(qr, i, line);

        window = (window << 1 | dark) & window_bits;
        if (window == finder_before || window == finder_behind)
            penalty += 40;
        if (i >= qr->size)
            continue;
        run = i > 0 && dark == last ? run + 1 : 1;
        last = dark;
        if (run >= 5)
            penalty += run == 5 ? 3 : 1;
    }
    return penalty;
}

static unsigned block_penalty(const struct qr *qr, unsigned row)
{
    unsigned penalty = 0;

    for (unsigned column = 0; column + 1 < qr->size; column++) {
        bool dark = bit_at(qr->dark, column, row);

        if (bit_at(qr->dark, column + 1, row) == dark &&
            bit_at(qr->dark, column, row + 1) == dark &&
            bit_at(qr->dark, column + 1, row + 1) == dark)
            penalty += 3;
    }
    return penalty;
}

unsigned qr_penalty(const struct qr *qr)
{
    unsigned penalty = 0, dark = 0, all = qr->size * qr->size;

    for (unsigned line = 0; line < qr->size; line++) {
        penalty += line_penalty(qr, line, false) + line_penalty(qr, line, true);
        if (line + 1 < qr->size)
            penalty += block_penalty(qr, line);
        for (unsigned column = 0; column < qr->size; column++)
            dark += bit_at(qr->dark, column, line);
    }
    /* Ten for every whole five in a hundred away from one half. */
    return penalty + distance(20 * dark, 10 * all) / all * 10;
}

static void choose_mask(struct qr *qr)
{
    unsigned best = 0, lowest = ~0u;

    for (qr->mask = 0; qr->mask < QR_MASKS; qr->mask++) {
        unsigned penalty;

        apply_mask(qr);
        draw_format(qr);
        penalty = qr_penalty(qr);
        if (penalty < lowest) {
            lowest = penalty;
            best = qr->mask;
        }
        apply_mask(qr);
    }
    qr->mask = best;
    apply_mask(qr);
    draw_format(qr);
}

bool qr_encode(struct qr *qr, const void *bytes, size_t len, enum qr_level level,
               unsigned version_max)
{
    unsigned version = 1;

    while (version <= version_max && version <= QR_VERSION_MAX && !holds(version, level, len))
        version++;
    if (version > version_max || version > QR_VERSION_MAX)
        return false;
    *qr = (struct qr){ .version = version, .size = 17 + 4 * version, .level = level };
    if (holds(version, QR_LEVEL_M, len))
        qr->level = QR_LEVEL_M;
    draw_function_patterns(qr);
    fill_data(qr, bytes, len);
    interleave(qr);
    place(qr);
    choose_mask(qr);
    return true;
}
