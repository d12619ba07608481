/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PS/2 keyboard behind an 8042, polled. Firmware has set it up: nothing is configured, only
 * read.
 */
#include "keyboard.h"

#include "cpu.h"
#include "keymap.h"

#define PORT_DATA 0x60
#define PORT_STATUS 0x64
#define STATUS_OUTPUT_FULL BIT32(0)
#define STATUS_FROM_MOUSE BIT32(5)
#define STATUS_ABSENT 0xffu
/* Old bytes thrown away at the start: more than any controller holds. */
#define DRAIN_TURNS 64

static struct keymap keys;
static const char *pending = "";

static bool has_byte(uint8_t status)
{
    return status != STATUS_ABSENT && (status & STATUS_OUTPUT_FULL);
}

bool keyboard_init(void)
{
    if (io_read8(PORT_STATUS) == STATUS_ABSENT)
        return false;
    for (int i = 0; i < DRAIN_TURNS && has_byte(io_read8(PORT_STATUS)); i++)
        (void)io_read8(PORT_DATA);
    return true;
}

int keyboard_getc(void)
{
    if (*pending == '\0') {
        uint8_t status = io_read8(PORT_STATUS), code;

        if (!has_byte(status))
            return -1;
        code = io_read8(PORT_DATA);
        if (!(status & STATUS_FROM_MOUSE))
            pending = keymap_read(&keys, code);
    }
    return *pending != '\0' ? *pending++ : -1;
}
