/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fuzzers' kept inputs, through the same targets. What the sanitizers or a
 * target's own checks find ends the program, which then says at which input.
 */
#include "test.h"

#include <sanitizer/common_interface_defs.h>
#include <signal.h>

#include "targets.h"

#define LINE_BYTES (2u * FUZZ_BYTES_MAX + 2u)

static char path[64];
static unsigned number;

static void say_where(void)
{
    fprintf(stderr, "# input: %s:%u\n", path, number);
}

static void on_abort(int signal_number)
{
    (void)signal_number;
    say_where();
}

static unsigned nibble(char c)
{
    CHECK((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a' + 10);
}

static size_t from_hex(const char *line, uint8_t *out)
{
    size_t len = 0;

    for (; line[0] != '\n' && line[0] != '\0'; line += 2)
        out[len++] = (uint8_t)(nibble(line[0]) << 4 | nibble(line[1]));
    return len;
}

static void replay(const struct fuzz_target *target)
{
    static char line[LINE_BYTES];
    static uint8_t input[FUZZ_BYTES_MAX];
    unsigned inputs = 0;
    FILE *file;

    snprintf(path, sizeof(path), "tests/fuzz/corpus/%s.txt", target->name);
    file = fopen(path, "r");
    if (file == NULL)
        test_fail(__FILE__, __LINE__, "cannot open %s", path);
    for (number = 1; fgets(line, sizeof(line), file) != NULL; number++) {
        if (line[0] == '#')
            continue;
        target->run(input, from_hex(line, input));
        inputs++;
    }
    fclose(file);
    CHECK(inputs > 0);
}

TEST(kept_inputs_pass)
{
    __sanitizer_set_death_callback(say_where);
    signal(SIGABRT, on_abort);
    for (size_t i = 0; i < fuzz_target_count; i++)
        replay(&fuzz_targets[i]);
}

/* That the targets see a wrong byte at all: the same table with and without its checksum put right. */
TEST(checksum_is_put_right_unless_kept)
{
    uint8_t data[48] = "DMAR";
    uint8_t *table, sum = 0;

    table = fuzz_table(data, sizeof(data), "DMAR");
    for (size_t i = 0; i < sizeof(data); i++)
        sum = (uint8_t)(sum + table[i]);
    CHECK_EQ(sum, 0);
    CHECK_EQ(table[4], sizeof(data));
    free(table);
    data[FUZZ_KEEP_AT] = FUZZ_KEEP_CHECKSUM | FUZZ_KEEP_LENGTH | FUZZ_KEEP_SIGNATURE;
    table = fuzz_table(data, sizeof(data), "IVRS");
    CHECK_EQ(memcmp(table, data, sizeof(data)), 0);
    free(table);
}
