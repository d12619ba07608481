/* SPDX-License-Identifier: BSD-2-Clause */
/* Text out to serial and screen at once, text in from serial and keyboard. */
#ifndef KERNEL_CONSOLE_H
#define KERNEL_CONSOLE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "boot_info.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* Serial port COM1 at 115200 8N1; usable from the first instruction of kernel_main(). */
void console_early_init(void);
/*
 * Screen, port from SPCR, and what console= says; needs mm_init(), acpi_init() and the parsed
 * command line.
 */
void console_init(const struct boot_info *info);
void console_set_level(enum log_level level);

void console_write(const char *text, size_t len);   /* any context */
void console_begin_line(void);  /* ends a line that somebody left unfinished */
/* printf's %s %c %d %u %x %p %% with l, ll, z, width, 0 and -. Any context. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void vprint(const char *format, va_list args);
/* One log line: "# " before and a newline behind it; left out when level is above the set level. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
void vlog_line(enum log_level level, const char *format, va_list args);
/* Shows a panel or the text (screen.h): draw runs while nothing is written. */
void console_draw(void (*draw)(void *ctx), void *ctx);
/* The text alone from here on: what comes must be seen. */
void console_show_text(void);
void console_write_serial(const char *text, size_t len);
bool console_has_keyboard(void);
/* Who sees each key first, and returns it or -1; NULL: nobody. */
void console_set_key_reader(int (*read)(int c));
int console_getc(void); /* a character, or -1 when none waits; keys as ASCII or ESC sequences */

#endif
