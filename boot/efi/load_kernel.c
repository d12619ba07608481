/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Puts the kernel's segments into memory at the first 2 MiB boundary of what
 * the firmware gave. The file is part of this application and of its build,
 * so its headers are taken at their word.
 *
 * Source: ELF-64 object file format 1.5
 */
#include <string.h>

#include "app.h"

#define KERNEL_ALIGN 0x200000ull
#define SEGMENT_LOAD 1u

extern const uint8_t kernel_elf[] __attribute__((visibility("hidden")));

struct elf_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry;
    uint64_t segments_offset, sections_offset;
    uint32_t flags;
    uint16_t header_len, segment_len, segment_count;
    uint16_t section_len, section_count, names_index;
};
_Static_assert(sizeof(struct elf_header) == 64, "Elf64_Ehdr");

struct elf_segment {
    uint32_t type, flags;
    uint64_t file_offset, va, pa, file_len, memory_len, align;
};
_Static_assert(sizeof(struct elf_segment) == 56, "Elf64_Phdr");

void app_load_kernel(struct app *app)
{
    const struct elf_header *elf = (const void *)kernel_elf;
    const struct elf_segment *segments = (const void *)(kernel_elf + elf->segments_offset);
    uint64_t start = UINT64_MAX, end = 0, base;

    for (unsigned i = 0; i < elf->segment_count; i++) {
        if (segments[i].type != SEGMENT_LOAD)
            continue;
        start = segments[i].va < start ? segments[i].va : start;
        end = segments[i].va + segments[i].memory_len > end
                  ? segments[i].va + segments[i].memory_len
                  : end;
    }
    /* Code, so that firmware which forbids running data lets the entry run. */
    base = (uintptr_t)app_pages(app, EfiLoaderCode, end - start + KERNEL_ALIGN);
    base = (base + KERNEL_ALIGN - 1) & ~(KERNEL_ALIGN - 1);
    for (unsigned i = 0; i < elf->segment_count; i++) {
        if (segments[i].type == SEGMENT_LOAD)
            memcpy((void *)(base + segments[i].va - start), kernel_elf + segments[i].file_offset,
                   segments[i].file_len);
    }
    app->kernel_entry_pa = base + elf->entry - start;
}
