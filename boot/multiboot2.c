/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From Multiboot2 boot information to struct boot_info. Booted by UEFI, the
 * EFI memory map counts, because the other one calls boot services memory,
 * which devices may still write, free RAM.
 *
 * Source: Multiboot2 2.0, 3.6 (boot information)
 */
#include <string.h>

#include "doors_internal.h"

#define MULTIBOOT2_MAGIC 0x36d76289u
#define INFO_BYTES_MAX (16u << 20)      /* more is nonsense */
#define TAG_ALIGN 8u

enum {
    TAG_END = 0,
    TAG_CMDLINE = 1,
    TAG_LOADER = 2,
    TAG_MODULE = 3,
    TAG_MEMORY_MAP = 6,
    TAG_FRAMEBUFFER = 8,
    TAG_EFI64_SYSTEM_TABLE = 12,
    TAG_RSDP_V1 = 14,
    TAG_RSDP_V2 = 15,
    TAG_EFI_MEMORY_MAP = 17,
};

struct info_head {
    uint32_t total_len;
    uint32_t reserved;
};

struct tag_head {
    uint32_t type;
    uint32_t len;
};
_Static_assert(sizeof(struct tag_head) == 8, "Multiboot2 3.6.2");

struct module_payload {
    uint32_t start;
    uint32_t end;
};

struct map_payload {            /* of both memory maps */
    uint32_t entry_len;
    uint32_t version;
};

struct map_entry {
    uint64_t pa;
    uint64_t len;
    uint32_t type;
    uint32_t reserved;
};
_Static_assert(sizeof(struct map_entry) == 24, "Multiboot2 3.6.8");

#define FRAMEBUFFER_RGB 1
struct framebuffer_payload {
    uint64_t pa;
    uint32_t pitch;
    uint32_t width;
    uint32_t height;
    uint8_t bits_per_pixel;
    uint8_t kind;
    uint8_t reserved[2];
    uint8_t red_shift, red_bits, green_shift, green_bits, blue_shift, blue_bits;
    uint8_t padding[2];
};
_Static_assert(offsetof(struct framebuffer_payload, red_shift) == 24, "Multiboot2 3.6.12");
#define FRAMEBUFFER_LEN offsetof(struct framebuffer_payload, padding)

/* The payload of one tag. */
struct payload {
    const uint8_t *at;
    uint32_t len;
};

/* Copies text of at most limit bytes, terminated or not; true when all of it fitted. */
static bool copy_text(char *out, size_t size, struct payload payload)
{
    size_t len = 0;

    while (len < payload.len && payload.at[len] != '\0')
        len++;
    memset(out, 0, size);
    memcpy(out, payload.at, len < size ? len : size - 1);
    return len < size;
}

static const char *read_module(struct boot_info *info, struct payload payload)
{
    struct module_payload module;
    struct boot_range range = { .type = BOOT_LOADER };

    if (payload.len < sizeof(module))
        return "Multiboot2: the module tag is too short";
    memcpy(&module, payload.at, sizeof(module));
    range.start = module.start;
    range.end = module.end;
    return door_add_range(info, &range);
}

static const char *read_memory_map(struct boot_info *info, struct payload payload)
{
    struct map_payload head;
    struct map_entry entry;

    if (payload.len < sizeof(head))
        return "Multiboot2: the memory map tag is too short";
    memcpy(&head, payload.at, sizeof(head));
    if (head.entry_len < sizeof(entry))
        return "Multiboot2: the memory map's entries are shorter than 24 bytes";
    for (uint32_t at = sizeof(head); payload.len - at >= head.entry_len; at += head.entry_len) {
        const char *wrong;

        memcpy(&entry, payload.at + at, sizeof(entry));
        wrong = door_add_bios_range(info, entry.pa, entry.len, entry.type);
        if (wrong)
            return wrong;
    }
    return door_require_ram(info);
}

static const char *read_efi_map(struct boot_info *info, struct payload payload)
{
    struct map_payload head;

    if (payload.len < sizeof(head))
        return "Multiboot2: the EFI memory map tag is too short";
    memcpy(&head, payload.at, sizeof(head));
    return door_efi_map(info, payload.at + sizeof(head), payload.len - sizeof(head), head.entry_len,
                        DOOR_LOADER_DONE);
}

/* One that the console could not draw on is left out: text modes, palettes, other depths. */
static const char *read_framebuffer(struct boot_info *info, struct payload payload)
{
    struct framebuffer_payload fb;

    if (payload.len < FRAMEBUFFER_LEN)
        return NULL;
    memcpy(&fb, payload.at, FRAMEBUFFER_LEN);
    if (fb.kind != FRAMEBUFFER_RGB || (fb.bits_per_pixel != 24 && fb.bits_per_pixel != 32) ||
        fb.red_bits != 8 || fb.green_bits != 8 || fb.blue_bits != 8 ||
        fb.pitch / (fb.bits_per_pixel / 8u) < fb.width)
        return NULL;
    info->framebuffer = (struct boot_framebuffer){
        .pa = fb.pa, .width = fb.width, .height = fb.height, .pitch = fb.pitch,
        .bits_per_pixel = fb.bits_per_pixel, .red_shift = fb.red_shift,
        .green_shift = fb.green_shift, .blue_shift = fb.blue_shift,
    };
    return NULL;
}

/* Version 2 wins whichever tag comes first. */
static const char *read_rsdp(struct boot_info *info, struct payload payload, uint32_t len)
{
    if (payload.len < len)
        return "Multiboot2: the RSDP tag is too short";
    if (len > info->rsdp_len) {
        memcpy(info->rsdp, payload.at, len);
        info->rsdp_len = len;
    }
    return NULL;
}

static const char *read_tag(struct boot_info *info, uint32_t type, struct payload payload, bool efi)
{
    switch (type) {
    case TAG_CMDLINE:
        info->cmdline_truncated = !copy_text(info->cmdline, sizeof(info->cmdline), payload);
        return NULL;
    case TAG_LOADER:
        copy_text(info->loader, sizeof(info->loader), payload);
        return NULL;
    case TAG_MODULE:
        return read_module(info, payload);
    case TAG_MEMORY_MAP:
        return efi ? NULL : read_memory_map(info, payload);
    case TAG_EFI_MEMORY_MAP:
        return read_efi_map(info, payload);
    case TAG_FRAMEBUFFER:
        return read_framebuffer(info, payload);
    case TAG_EFI64_SYSTEM_TABLE:
        if (payload.len < sizeof(info->efi_system_table_pa))
            return "Multiboot2: the EFI system table tag is too short";
        memcpy(&info->efi_system_table_pa, payload.at, sizeof(info->efi_system_table_pa));
        return NULL;
    case TAG_RSDP_V1:
        return read_rsdp(info, payload, 20);
    case TAG_RSDP_V2:
        return read_rsdp(info, payload, sizeof(info->rsdp));
    default:
        return NULL;
    }
}

/* Steps over one tag; false at the end tag or, with *wrong set, where the bytes make no sense. */
static bool next_tag(struct payload *left, uint32_t *type, struct payload *payload,
                     const char **wrong)
{
    struct tag_head head;
    uint32_t step;

    if (left->len < sizeof(head)) {
        *wrong = "Multiboot2: the boot information has no end tag";
        return false;
    }
    memcpy(&head, left->at, sizeof(head));
    if (head.type == TAG_END)
        return false;
    if (head.len < sizeof(head) || head.len > left->len) {
        *wrong = "Multiboot2: a tag runs past the end of the boot information";
        return false;
    }
    *type = head.type;
    *payload = (struct payload){ left->at + sizeof(head), head.len - (uint32_t)sizeof(head) };
    step = (head.len + TAG_ALIGN - 1) & ~(TAG_ALIGN - 1);
    if (step > left->len)
        step = left->len;
    left->at += step;
    left->len -= step;
    return true;
}

static bool has_tag(struct payload tags, uint32_t wanted)
{
    const char *wrong = NULL;
    struct payload payload;
    uint32_t type;

    while (next_tag(&tags, &type, &payload, &wrong)) {
        if (type == wanted)
            return true;
    }
    return false;
}

const char *door_multiboot2(struct boot_info *info, const struct door_memory *memory,
                            uint32_t magic, uint64_t pa)
{
    struct info_head head;
    struct payload tags, payload;
    const char *wrong = NULL;
    const uint8_t *at;
    uint32_t type;
    bool efi;

    door_begin(info, BOOT_DOOR_MULTIBOOT2, "");
    if (magic != MULTIBOOT2_MAGIC)
        return "Multiboot2: the loader's magic in EAX is not 36D76289h";
    at = memory->map(memory->ctx, pa, sizeof(head));
    if (!at)
        return "Multiboot2: the boot information lies outside reachable memory";
    memcpy(&head, at, sizeof(head));
    if (head.total_len < sizeof(head) || head.total_len > INFO_BYTES_MAX)
        return "Multiboot2: the boot information's total size makes no sense";
    at = memory->map(memory->ctx, pa, head.total_len);
    if (!at)
        return "Multiboot2: the boot information passes the end of reachable memory";
    tags = (struct payload){ at + sizeof(head), head.total_len - (uint32_t)sizeof(head) };
    efi = has_tag(tags, TAG_EFI_MEMORY_MAP);
    while (next_tag(&tags, &type, &payload, &wrong)) {
        wrong = read_tag(info, type, payload, efi);
        if (wrong)
            return wrong;
    }
    return wrong ? wrong : door_require_ram(info);
}
