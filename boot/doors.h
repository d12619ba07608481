/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From what a loader leaves in memory to struct boot_info. Portable: the
 * kernel, the UEFI application and the host's unit tests compile the same
 * file. A loader's structures are untrusted: nothing is read past a length
 * that has not been checked.
 *
 * Each call returns NULL, or one line that says what is wrong.
 */
#ifndef BOOT_DOORS_H
#define BOOT_DOORS_H

#include <stddef.h>
#include <stdint.h>

#include "boot_info.h"

/* How physical memory is read: a pointer to [pa, pa + len), NULL when that cannot be reached. */
struct door_memory {
    const void *(*map)(void *ctx, uint64_t pa, uint64_t len);
    void *ctx;
};

/* struct hvm_start_info at pa (Xen PVH boot ABI). */
const char *door_pvh(struct boot_info *info, const struct door_memory *memory, uint64_t pa);

/* Boot information at pa, entered with magic in EAX (Multiboot2 3.3 to 3.6). */
const char *door_multiboot2(struct boot_info *info, const struct door_memory *memory,
                            uint32_t magic, uint64_t pa);

/* A finished boot_info at pa, from our own UEFI application. */
const char *door_uefi(struct boot_info *info, const struct door_memory *memory, uint64_t pa);

/*
 * Whose memory EFI loader types are: the application's with its boot_info in it, or a loader's that
 * is done.
 */
enum door_loader_memory { DOOR_LOADER_KEPT, DOOR_LOADER_DONE };

/* What the pieces above are made of; the UEFI application starts its boot_info with these. */
void door_begin(struct boot_info *info, enum boot_door door, const char *loader);
const char *door_efi_map(struct boot_info *info, const uint8_t *map, uint64_t len,
                         uint64_t descriptor_len, enum door_loader_memory loader_memory);

#endif
