/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The four functions a freestanding compiler may call on its own. String
 * instructions: quick on every processor since 2013, and no vector registers.
 * Eight bytes a turn, since emulators execute them turn by turn.
 */
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *to, const void *from, size_t len);
void *memmove(void *to, const void *from, size_t len);
void *memset(void *to, int value, size_t len);
int memcmp(const void *left, const void *right, size_t len);

void *memcpy(void *to, const void *from, size_t len)
{
    void *at = to;
    size_t words = len / 8, bytes = len % 8;

    __asm__ volatile("rep movsq" : "+D"(at), "+S"(from), "+c"(words) : : "memory");
    __asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(bytes) : : "memory");
    return to;
}

/* The direction flag is set for two instructions only: the ABI wants it clear. */
static void copy_backwards(uint8_t *to, const uint8_t *from, size_t len)
{
    to += len - 1;
    from += len - 1;
    __asm__ volatile("std; rep movsb; cld" : "+D"(to), "+S"(from), "+c"(len) : : "memory", "cc");
}

void *memmove(void *to, const void *from, size_t len)
{
    if ((uintptr_t)to - (uintptr_t)from >= len)
        return memcpy(to, from, len);
    copy_backwards(to, from, len);
    return to;
}

void *memset(void *to, int value, size_t len)
{
    void *at = to;
    size_t words = len / 8, bytes = len % 8;
    uint64_t pattern = (uint8_t)value * 0x0101010101010101ull;

    __asm__ volatile("rep stosq" : "+D"(at), "+c"(words) : "a"(pattern) : "memory");
    __asm__ volatile("rep stosb" : "+D"(at), "+c"(bytes) : "a"(pattern) : "memory");
    return to;
}

int memcmp(const void *left, const void *right, size_t len)
{
    const uint8_t *a = left, *b = right;

    for (size_t i = 0; i < len; i++) {
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    }
    return 0;
}
