/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a loader's structures to struct boot_info: the parts all doors share,
 * PVH, and the check of what our UEFI application handed over. Multiboot2 has
 * a file of its own. Modules are kept out of the way and not looked at.
 *
 * Source: Xen public/arch-x86/hvm/start_info.h (layout), UEFI 2.10 §7.2
 */
#include "doors.h"

#include <string.h>

#include "doors_internal.h"

#define PVH_MAGIC 0x336ec578u
#define PVH_MODULES_MAX 64u     /* more is nonsense */

struct pvh_start_info {
    uint32_t magic;
    uint32_t version;           /* memmap is there from version 1 on */
    uint32_t flags;
    uint32_t module_count;
    uint64_t modules_pa;
    uint64_t cmdline_pa;
    uint64_t rsdp_pa;
    uint64_t memmap_pa;
    uint32_t memmap_count;
    uint32_t reserved;
};
_Static_assert(sizeof(struct pvh_start_info) == 56, "hvm_start_info version 1");

struct pvh_range {
    uint64_t pa;
    uint64_t len;
    uint32_t type;
    uint32_t reserved;
};
_Static_assert(sizeof(struct pvh_range) == 24, "hvm_memmap_table_entry");

struct pvh_module {
    uint64_t pa;
    uint64_t len;
    uint64_t cmdline_pa;
    uint64_t reserved;
};
_Static_assert(sizeof(struct pvh_module) == 32, "hvm_modlist_entry");

void door_begin(struct boot_info *info, enum boot_door door, const char *loader)
{
    memset(info, 0, sizeof(*info));
    info->magic = BOOT_INFO_MAGIC;
    info->size = sizeof(*info);
    info->door = door;
    for (size_t i = 0; loader[i] != '\0' && i + 1 < sizeof(info->loader); i++)
        info->loader[i] = loader[i];
}

const char *door_add_range(struct boot_info *info, const struct boot_range *range)
{
    struct boot_range *last = info->range_count ? &info->ranges[info->range_count - 1] : NULL;

    if (range->end < range->start)
        return "the memory map has an entry that passes the end of the address space";
    if (range->end == range->start)
        return NULL;
    if (last && last->type == range->type && last->end == range->start) {
        last->end = range->end;
        return NULL;
    }
    if (info->range_count == BOOT_RANGES) {
        info->ranges_lost++;
        return "the memory map has more ranges than fit into boot_info (256)";
    }
    info->ranges[info->range_count++] = *range;
    return NULL;
}

/* ACPI §15, address range types as the BIOS call and both loaders use them. */
static uint32_t bios_type(uint32_t type)
{
    switch (type) {
    case 1:
        return BOOT_RAM;
    case 3:
        return BOOT_ACPI_TABLES;
    case 4:
        return BOOT_ACPI_NVS;
    case 5:
        return BOOT_BAD;
    default:
        return BOOT_RESERVED;
    }
}

const char *door_add_bios_range(struct boot_info *info, uint64_t pa, uint64_t len, uint32_t type)
{
    struct boot_range range = {
        .start = pa, .end = pa + len, .type = bios_type(type), .firmware_type = type,
    };

    return door_add_range(info, &range);
}

const char *door_require_ram(const struct boot_info *info)
{
    for (uint32_t i = 0; i < info->range_count; i++) {
        if (info->ranges[i].type == BOOT_RAM)
            return NULL;
    }
    return "the memory map names no RAM";
}

/* UEFI §7.2.3, EFI_MEMORY_TYPE. */
static uint32_t efi_type(uint32_t type, enum door_loader_memory loader_memory)
{
    switch (type) {
    case 1: case 2:             /* loader code, data */
        return loader_memory == DOOR_LOADER_DONE ? BOOT_RAM : BOOT_LOADER;
    case 3: case 4:             /* boot services: devices may still write there */
        return BOOT_LOADER;
    case 5: case 6:             /* runtime services */
        return BOOT_FIRMWARE;
    case 7:
        return BOOT_RAM;
    case 8:
        return BOOT_BAD;
    case 9:
        return BOOT_ACPI_TABLES;
    case 10:
        return BOOT_ACPI_NVS;
    default:
        return BOOT_RESERVED;
    }
}

struct efi_descriptor {
    uint32_t type;
    uint32_t padding;
    uint64_t pa;
    uint64_t va;
    uint64_t page_count;
    uint64_t attributes;
};
_Static_assert(sizeof(struct efi_descriptor) == 40, "UEFI §7.2.3 EFI_MEMORY_DESCRIPTOR");
#define EFI_PAGE_SHIFT 12

const char *door_efi_map(struct boot_info *info, const uint8_t *map, uint64_t len,
                         uint64_t descriptor_len, enum door_loader_memory loader_memory)
{
    struct efi_descriptor descriptor;

    if (descriptor_len < sizeof(descriptor))
        return "the EFI memory map's descriptors are shorter than 40 bytes";
    for (uint64_t at = 0; len - at >= descriptor_len; at += descriptor_len) {
        struct boot_range range;
        const char *wrong;

        memcpy(&descriptor, map + at, sizeof(descriptor));
        if (descriptor.page_count > (UINT64_MAX - descriptor.pa) >> EFI_PAGE_SHIFT)
            return "the EFI memory map has an entry that passes the end of the address space";
        range = (struct boot_range){
            .start = descriptor.pa,
            .end = descriptor.pa + (descriptor.page_count << EFI_PAGE_SHIFT),
            .type = efi_type(descriptor.type, loader_memory),
            .firmware_type = descriptor.type,
        };
        wrong = door_add_range(info, &range);
        if (wrong)
            return wrong;
    }
    return door_require_ram(info);
}

/* The text at pa, byte by byte: its length is not known before its end is seen. */
static const char *read_cmdline(struct boot_info *info, const struct door_memory *memory,
                                uint64_t pa)
{
    for (size_t i = 0;; i++) {
        const char *byte = memory->map(memory->ctx, pa + i, 1);

        if (!byte)
            return "PVH: the command line passes the end of reachable memory";
        if (*byte == '\0')
            return NULL;
        if (i + 1 == sizeof(info->cmdline)) {
            info->cmdline_truncated = 1;
            return NULL;
        }
        info->cmdline[i] = *byte;
    }
}

static const char *read_pvh_ranges(struct boot_info *info, const struct door_memory *memory,
                                   const struct pvh_start_info *start)
{
    struct pvh_range entry;
    const uint8_t *map = memory->map(memory->ctx, start->memmap_pa,
                                     start->memmap_count * sizeof(entry));

    if (!map)
        return "PVH: the memory map passes the end of reachable memory";
    for (uint32_t i = 0; i < start->memmap_count; i++) {
        const char *wrong;

        memcpy(&entry, map + (size_t)i * sizeof(entry), sizeof(entry));
        wrong = door_add_bios_range(info, entry.pa, entry.len, entry.type);
        if (wrong)
            return wrong;
    }
    return door_require_ram(info);
}

static const char *keep_pvh_modules(struct boot_info *info, const struct door_memory *memory,
                                    const struct pvh_start_info *start)
{
    struct pvh_module module;
    const uint8_t *list;

    if (start->module_count == 0)
        return NULL;
    if (start->module_count > PVH_MODULES_MAX)
        return "PVH: the start info names more than 64 modules";
    list = memory->map(memory->ctx, start->modules_pa, start->module_count * sizeof(module));
    if (!list)
        return "PVH: the module list passes the end of reachable memory";
    for (uint32_t i = 0; i < start->module_count; i++) {
        struct boot_range range = { .type = BOOT_LOADER };
        const char *wrong;

        memcpy(&module, list + i * sizeof(module), sizeof(module));
        range.start = module.pa;
        range.end = module.pa + module.len;
        wrong = door_add_range(info, &range);
        if (wrong)
            return wrong;
    }
    return NULL;
}

const char *door_pvh(struct boot_info *info, const struct door_memory *memory, uint64_t pa)
{
    const void *at = memory->map(memory->ctx, pa, sizeof(struct pvh_start_info));
    struct pvh_start_info start;
    const char *wrong;

    door_begin(info, BOOT_DOOR_PVH, "PVH");
    if (!at)
        return "PVH: the start info passes the end of reachable memory";
    memcpy(&start, at, sizeof(start));
    if (start.magic != PVH_MAGIC)
        return "PVH: the start info's magic is not 336EC578h";
    if (start.version < 1 || start.memmap_count == 0)
        return "PVH: the start info has no memory map";
    info->rsdp_pa = start.rsdp_pa;
    wrong = start.cmdline_pa ? read_cmdline(info, memory, start.cmdline_pa) : NULL;
    if (!wrong)
        wrong = read_pvh_ranges(info, memory, &start);
    if (!wrong)
        wrong = keep_pvh_modules(info, memory, &start);
    return wrong;
}

const char *door_uefi(struct boot_info *info, const struct door_memory *memory, uint64_t pa)
{
    const struct boot_info *given = memory->map(memory->ctx, pa, sizeof(*given));

    door_begin(info, BOOT_DOOR_UEFI, "");
    if (!given)
        return "UEFI: the hand-over passes the end of reachable memory";
    if (given->magic != BOOT_INFO_MAGIC || given->size != sizeof(*given))
        return "UEFI: the application and the kernel are not of one build";
    if (given->range_count > BOOT_RANGES)
        return "UEFI: the hand-over names more ranges than it holds";
    memcpy(info, given, sizeof(*info));
    return NULL;
}
