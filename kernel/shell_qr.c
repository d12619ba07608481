/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shell's qr: the compact report as text, as half blocks on the serial line, as a picture on
 * the screen.
 */
#include "shell.h"

#include "console.h"
#include "qr.h"
#include "run_record.h"
#include "run_view.h"
#include "words.h"

/* Light is drawn, dark left out: a terminal's paper is dark. By upper << 1 | lower. */
static const char *const halves[] = { " ", "\xe2\x96\x84", "\xe2\x96\x80", "\xe2\x96\x88" };

/* Two rows a line, so that a module is about square. */
static void print_blocks(const struct qr *qr)
{
    unsigned end = qr->size + 2 * QR_QUIET;

    for (unsigned row = 0; row < end; row += 2) {
        for (unsigned column = 0; column < end; column++) {
            bool upper = !qr_is_dark(qr, column - QR_QUIET, row - QR_QUIET);
            bool lower = row + 1 < end && !qr_is_dark(qr, column - QR_QUIET, row + 1 - QR_QUIET);
            const char *half = halves[upper << 1 | lower];

            console_write_serial(half, text_len(half));
        }
        console_write_serial("\n", 1);
    }
}

void shell_qr(unsigned count, char *const *words)
{
    static struct qr qr;
    static char text[COMPACT_BYTES];
    size_t len = run_record_compact(text, sizeof(text));

    (void)count;
    (void)words;
    if (!qr_encode(&qr, text, len, QR_LEVEL_L, COMPACT_VERSION_MAX)) {
        print("qr: %zu bytes are too long\n", len);
        return;
    }
    print("%s\n# qr: %zu bytes, version %u-%c, mask %u\n", text, len, qr.version,
          qr.level == QR_LEVEL_L ? 'L' : 'M', qr.mask);
    print_blocks(&qr);
    run_view_show_qr(&qr);
}
