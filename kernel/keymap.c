/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scan code set 1, as the 8042 delivers it with translation on. Keys that a
 * terminal sends as escape sequences become the same sequences here. Leaves
 * out Alt, the lamps and other layouts. Portable.
 */
#include "keymap.h"

#define CODE_EXTENDED 0xe0u
#define CODE_PAUSE 0xe1u            /* two bytes follow, at press and at release */
#define PAUSE_BYTES 2u
#define CODE_RELEASED 0x80u
#define CODE_CONTROL 0x1du
#define CODE_SHIFT_LEFT 0x2au
#define CODE_SHIFT_RIGHT 0x36u
#define CODE_CAPS 0x3au
#define CONTROL_MASK 0x1fu

/* From 00h on; 0 where a key has no character. */
static const char plain[] =
    "\0\0331234567890-=\b\tqwertyuiop[]\r\0asdfghjkl;'`\0\\zxcvbnm,./\0*\0 ";
static const char shifted[] =
    "\0\033!@#$%^&*()_+\b\tQWERTYUIOP{}\r\0ASDFGHJKL:\"~\0|ZXCVBNM<>?\0*\0 ";

/* Keypad without Num Lock, and the keys beside it, which send E0h first. */
static const struct sequence {
    uint8_t code;
    const char *text;
} sequences[] = {
    { 0x47, "\033[H" }, { 0x48, "\033[A" },  { 0x49, "\033[5~" },
    { 0x4b, "\033[D" }, { 0x4d, "\033[C" },  { 0x4f, "\033[F" },
    { 0x50, "\033[B" }, { 0x51, "\033[6~" }, { 0x53, "\033[3~" },
};

/* Text of one character lives here for every value, so that no buffer is shared between calls. */
static const char *one_char(unsigned char c)
{
    static char texts[128][2];

    texts[c & 127u][0] = (char)(c & 127u);
    return texts[c & 127u];
}

static bool modifier(struct keymap *keys, uint8_t key, bool pressed)
{
    switch (key) {
    case CODE_CONTROL:
        keys->control = pressed;
        return true;
    case CODE_SHIFT_LEFT:
        keys->shift_left = pressed;
        return true;
    case CODE_SHIFT_RIGHT:
        keys->shift_right = pressed;
        return true;
    case CODE_CAPS:
        keys->caps ^= pressed;
        return true;
    default:
        return false;
    }
}

static const char *character(const struct keymap *keys, uint8_t key)
{
    bool shift = keys->shift_left || keys->shift_right;
    char c = key < sizeof(plain) - 1 ? plain[key] : '\0';
    bool letter = c >= 'a' && c <= 'z';

    if (c == '\0')
        return "";
    if (keys->control && letter)
        return one_char((unsigned char)c & CONTROL_MASK);
    if (shift != (letter && keys->caps))
        c = shifted[key];
    return one_char((unsigned char)c);
}

static const char *special(uint8_t key)
{
    for (unsigned i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++)
        if (sequences[i].code == key)
            return sequences[i].text;
    return "";
}

const char *keymap_read(struct keymap *keys, uint8_t code)
{
    uint8_t key = (uint8_t)(code & ~CODE_RELEASED);
    bool pressed = !(code & CODE_RELEASED), extended = keys->extended;

    if (keys->swallow > 0) {
        keys->swallow--;
        return "";
    }
    keys->extended = code == CODE_EXTENDED;
    if (code == CODE_PAUSE)
        keys->swallow = PAUSE_BYTES;
    if (code == CODE_EXTENDED || code == CODE_PAUSE)
        return "";
    /* E0 2A and E0 36 surround navigation keys and are no shift of anybody's. */
    if (extended && (key == CODE_SHIFT_LEFT || key == CODE_SHIFT_RIGHT))
        return "";
    if (modifier(keys, key, pressed) || !pressed)
        return "";
    if (extended && key == 0x1c)
        return "\r";
    if (extended && key == 0x35)
        return "/";
    return special(key)[0] != '\0' ? special(key) : extended ? "" : character(keys, key);
}
