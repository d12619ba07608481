/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is fuzzed: each target takes any bytes, lets one reader of firmware
 * tables loose on them, and aborts when what the reader says cannot be. Run by
 * libFuzzer (fuzz.c) and over the kept inputs (tests/unit/test_fuzz.c).
 */
#ifndef FUZZ_TARGETS_H
#define FUZZ_TARGETS_H

#include <stddef.h>
#include <stdint.h>

struct fuzz_target {
    const char *name;       /* of its folder below corpus/ too */
    void (*run)(const uint8_t *data, size_t len);
};
extern const struct fuzz_target fuzz_targets[];
extern const size_t fuzz_target_count;

/*
 * Every reader refuses a wrong signature, length or checksum at once, so most
 * inputs have them put right. The last byte of the header says what stays as
 * it is: bit 0 the checksum, bit 1 the length, bit 2 the signature.
 */
#define FUZZ_KEEP_AT 35u
#define FUZZ_KEEP_CHECKSUM 0x01u
#define FUZZ_KEEP_LENGTH 0x02u
#define FUZZ_KEEP_SIGNATURE 0x04u
/* Longer inputs are cut: what comes after is more of the same. */
#define FUZZ_BYTES_MAX 4096u

/*
 * The bytes as a table of their own allocation, so that one byte beyond is
 * seen by the sanitizer. NULL signature: as it is. The caller frees it.
 */
uint8_t *fuzz_table(const uint8_t *data, size_t len, const char *signature);

#endif
