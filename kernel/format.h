/* SPDX-License-Identifier: BSD-2-Clause */
/* Text formatting for the console. */
#ifndef KERNEL_FORMAT_H
#define KERNEL_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/*
 * As vsnprintf for %s %c %d %u %x %p %% with l, ll, z, precision of %s, width, 0 and -. Always
 * terminated when size > 0.
 */
size_t format_text(char *out, size_t size, const char *format, va_list args);
size_t format_line(char *out, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, piece by piece to put() instead of into memory. */
typedef void format_put(void *ctx, const char *text, size_t len);
void format_stream(format_put *put, void *ctx, const char *format, va_list args);

#endif
