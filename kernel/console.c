/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console: what is printed goes to the serial port and to the screen at
 * once, what is typed comes from either. Until console_init() it is COM1
 * alone. One piece of output is not interrupted by another's, on any CPU.
 */
#include "console.h"

#include "acpi.h"
#include "format.h"
#include "keyboard.h"
#include "machine.h"
#include "screen.h"
#include "serial.h"
#include "spinlock.h"
#include "words.h"

/* Guards: serial port and screen; a piece of output is written under one hold. */
static struct spin_lock lock = SPIN_LOCK("console");
static bool to_serial, to_screen, from_keyboard;
static bool at_line_start = true;
static int (*key_reader)(int c);
static enum log_level shown_level = LOG_INFO;

struct choice {
    bool serial, screen;
    uint16_t port;          /* 0: SPCR's, else COM1 */
    uint32_t baud;
};

void console_early_init(void)
{
    to_serial = serial_init(SERIAL_COM1, SERIAL_BAUD_MAX);
}

/* "ttyS0" or "ttyS0,115200"; cmdline.c has let nothing else through. */
static void choose_serial(struct choice *choice, const char *device)
{
    static const uint16_t ports[] = { 0, 0x2f8, 0x3e8, 0x2e8 };
    uint64_t baud;

    choice->serial = true;
    choice->port = ports[(unsigned)(device[4] - '0') % (sizeof(ports) / sizeof(ports[0]))];
    if (device[5] == ',' && text_number(device + 6, &baud))
        choice->baud = (uint32_t)baud;
}

static struct choice choose(const char *words)
{
    struct choice choice = { .baud = SERIAL_BAUD_MAX };
    char one[24];

    if (*words == '\0')
        return (struct choice){ .serial = true, .screen = true, .baud = SERIAL_BAUD_MAX };
    while (*words != '\0') {
        size_t len = 0;

        while (words[len] != '\0' && words[len] != ';')
            len++;
        (void)text_copy(one, len + 1 < sizeof(one) ? len + 1 : sizeof(one), words);
        if (text_equal(one, "fb"))
            choice.screen = true;
        else
            choose_serial(&choice, one);
        words += words[len] == ';' ? len + 1 : len;
    }
    return choice;
}

/* COM1 is set up already: once more only for another port or another speed. */
static void init_serial(const struct choice *choice)
{
    uint16_t port = choice->port;

    if (port == 0)
        port = acpi_serial_port(&machine_acpi);
    if (port == 0)
        port = SERIAL_COM1;
    if (port == serial_port() && choice->baud == SERIAL_BAUD_MAX)
        return;
    log_line(LOG_INFO, "console: serial port 0x%x at %u baud from here on", port, choice->baud);
    if (serial_init(port, choice->baud)) {
        to_serial = true;
        return;
    }
    to_serial = serial_init(SERIAL_COM1, SERIAL_BAUD_MAX);
    log_line(LOG_WARNING, "console: nothing answers at port 0x%x, back to 0x%x", port, SERIAL_COM1);
}

void console_init(const struct boot_info *info)
{
    struct choice choice = choose(machine.options.console);

    if (choice.serial)
        init_serial(&choice);
    if (choice.screen)
        to_screen = screen_init(&info->framebuffer);
    from_keyboard = keyboard_init();
    if (choice.screen && info->framebuffer.pa == 0)
        log_line(LOG_INFO, "console: this door gives no framebuffer, serial only");
    if (to_screen)
        log_line(LOG_INFO, "console: screen of %u columns and %u rows", screen_columns(),
                 screen_rows());
    if (!choice.serial && to_screen) {
        log_line(LOG_INFO, "console: serial output ends here (console=fb)");
        to_serial = false;
    }
}

void console_set_level(enum log_level level)
{
    shown_level = level;
}

static void write_locked(const char *text, size_t len)
{
    if (len == 0)
        return;
    /* Before it is written: a panic may stop this CPU in the middle. */
    at_line_start = false;
    if (to_serial)
        serial_write(text, len);
    if (to_screen)
        screen_write(text, len);
    at_line_start = text[len - 1] == '\n';
}

void console_write(const char *text, size_t len)
{
    uintptr_t flags = spin_lock(&lock);

    write_locked(text, len);
    spin_unlock(&lock, flags);
}

static void put_console(void *ctx, const char *text, size_t len)
{
    (void)ctx;
    write_locked(text, len);
}

void vprint(const char *format, va_list args)
{
    uintptr_t flags = spin_lock(&lock);

    format_stream(put_console, NULL, format, args);
    spin_unlock(&lock, flags);
}

void console_begin_line(void)
{
    uintptr_t flags = spin_lock(&lock);

    if (!at_line_start)
        write_locked("\n", 1);
    spin_unlock(&lock, flags);
}

void print(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vprint(format, args);
    va_end(args);
}

void vlog_line(enum log_level level, const char *format, va_list args)
{
    uintptr_t flags;

    if (level > shown_level)
        return;
    flags = spin_lock(&lock);
    write_locked("# ", 2);
    format_stream(put_console, NULL, format, args);
    write_locked("\n", 1);
    spin_unlock(&lock, flags);
}

void log_line(enum log_level level, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vlog_line(level, format, args);
    va_end(args);
}

void console_draw(void (*draw)(void *ctx), void *ctx)
{
    uintptr_t flags = spin_lock(&lock);

    draw(ctx);
    spin_unlock(&lock, flags);
}

static void show_text(void *ctx)
{
    (void)ctx;
    screen_show(NULL);
}

void console_show_text(void)
{
    console_draw(show_text, NULL);
}

void console_write_serial(const char *text, size_t len)
{
    uintptr_t flags = spin_lock(&lock);

    if (to_serial)
        serial_write(text, len);
    spin_unlock(&lock, flags);
}

bool console_has_keyboard(void)
{
    return from_keyboard;
}

void console_set_key_reader(int (*read)(int c))
{
    key_reader = read;
}

int console_getc(void)
{
    int c = serial_getc();

    if (c >= 0 || !from_keyboard)
        return c;
    c = keyboard_getc();
    return c >= 0 && key_reader != NULL ? key_reader(c) : c;
}
