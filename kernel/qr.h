/* SPDX-License-Identifier: BSD-2-Clause */
/* QR codes of bytes: ISO/IEC 18004 model 2, byte mode, levels L and M, versions 1 to 25. Portable.
 */
#ifndef KERNEL_QR_H
#define KERNEL_QR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QR_VERSION_MAX 25u
#define QR_SIZE_MAX (17u + 4u * QR_VERSION_MAX)
#define QR_ROW_BYTES ((QR_SIZE_MAX + 7u) / 8u)
#define QR_WORDS_MAX 1588u     /* codewords of version 25 */
#define QR_BYTES_MAX 1273u     /* that its level L holds */
#define QR_ERROR_WORDS_MAX 30u /* of a block */
#define QR_MASKS 8u
/* Light modules that belong around it. */
#define QR_QUIET 4u

/* How much may be unreadable: 7 or 15 of a hundred codewords. */
enum qr_level { QR_LEVEL_L, QR_LEVEL_M };

struct qr {
    unsigned version, size, mask;
    enum qr_level level;
    uint8_t dark[QR_SIZE_MAX][QR_ROW_BYTES];  /* bit 7 of byte 0 is column 0 */
    uint8_t fixed[QR_SIZE_MAX][QR_ROW_BYTES]; /* what carries no data, and no mask */
    uint8_t data[QR_WORDS_MAX], words[QR_WORDS_MAX];
};

/*
 * The smallest version, at most version_max, that holds len bytes at level; the better level where
 * that costs nothing; the mask of the lowest penalty. False: they do not fit. No allocation; struct
 * qr is too large for a kernel stack.
 */
bool qr_encode(struct qr *qr, const void *bytes, size_t len, enum qr_level level,
               unsigned version_max);
/* Outside of it: light. */
bool qr_is_dark(const struct qr *qr, unsigned column, unsigned row);

/* ---- its parts ---- */

/* Codewords of data, error correction left out. */
unsigned qr_data_words(unsigned version, enum qr_level level);
/* The 15 and the 18 bits as they are placed. */
uint32_t qr_format_bits(enum qr_level level, unsigned mask);
uint32_t qr_version_bits(unsigned version);
/* The Reed-Solomon remainder of data: count words. */
void qr_error_words(const uint8_t *data, size_t len, uint8_t *out, unsigned count);
/* Of the symbol as it stands. */
unsigned qr_penalty(const struct qr *qr);

#endif
