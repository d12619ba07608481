/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * boot/doors.c and boot/multiboot2.c: structures as loaders leave them, cut
 * short at every byte, and made wrong one field at a time. Layouts are
 * written here by offset, from the Xen and Multiboot2 documents.
 */
#include "doors.h"
#include "doors_internal.h"
#include "test.h"

/* Reachable memory: [BASE, BASE + len). */
#define BASE 0x7000u
struct memory {
    uint8_t *bytes;
    size_t len;
};

static const void *map(void *ctx, uint64_t pa, uint64_t len)
{
    const struct memory *memory = ctx;

    if (pa < BASE || pa - BASE > memory->len || len > memory->len - (pa - BASE))
        return NULL;
    return memory->bytes + (pa - BASE);
}

/* In a block of exactly len bytes, so that the sanitizer sees one byte too many. */
static struct memory copy_of(const uint8_t *bytes, size_t len)
{
    struct memory memory = { malloc(len ? len : 1), len };

    CHECK(memory.bytes);
    if (len)
        memcpy(memory.bytes, bytes, len);
    return memory;
}

static void put32(uint8_t *at, uint32_t value)
{
    memcpy(at, &value, sizeof(value));
}

static void put64(uint8_t *at, uint64_t value)
{
    memcpy(at, &value, sizeof(value));
}

/* boot_info is large: one for all tests. */
static struct boot_info info;

/* ---- PVH ---- */

#define PVH_MAP 56u         /* behind the start info */
#define PVH_MAP_COUNT 3u
#define PVH_MODULES (PVH_MAP + PVH_MAP_COUNT * 24u)
#define PVH_CMDLINE (PVH_MODULES + 32u)
static const char pvh_cmdline[] = "run=none exit=qemu";
#define PVH_LEN (PVH_CMDLINE + sizeof(pvh_cmdline))

static void pvh_range(uint8_t *at, uint64_t pa, uint64_t len, uint32_t type)
{
    put64(at, pa);
    put64(at + 8, len);
    put32(at + 16, type);
}

static void pvh_build(uint8_t out[PVH_LEN])
{
    memset(out, 0, PVH_LEN);
    put32(out, 0x336ec578);
    put32(out + 4, 1);                      /* version */
    put32(out + 12, 1);                     /* modules */
    put64(out + 16, BASE + PVH_MODULES);
    put64(out + 24, BASE + PVH_CMDLINE);
    put64(out + 32, 0xf59e0);               /* RSDP */
    put64(out + 40, BASE + PVH_MAP);
    put32(out + 48, PVH_MAP_COUNT);
    pvh_range(out + PVH_MAP, 0, 0x9fc00, 1);
    pvh_range(out + PVH_MAP + 24, 0x9fc00, 0x400, 2);
    pvh_range(out + PVH_MAP + 48, 0x100000, 0x1ff00000, 1);
    put64(out + PVH_MODULES, 0x800000);
    put64(out + PVH_MODULES + 8, 0x1234);
    memcpy(out + PVH_CMDLINE, pvh_cmdline, sizeof(pvh_cmdline));
}

static const char *pvh_enter(const uint8_t *bytes, size_t len)
{
    struct memory memory = copy_of(bytes, len);
    const struct door_memory door = { .map = map, .ctx = &memory };
    const char *wrong = door_pvh(&info, &door, BASE);

    free(memory.bytes);
    return wrong;
}

static void check_range(unsigned index, uint64_t start, uint64_t end, uint32_t type)
{
    CHECK(index < info.range_count);
    CHECK_EQ(info.ranges[index].start, start);
    CHECK_EQ(info.ranges[index].end, end);
    CHECK_EQ(info.ranges[index].type, type);
}

TEST(pvh_fills_everything)
{
    uint8_t bytes[PVH_LEN];

    pvh_build(bytes);
    CHECK(!pvh_enter(bytes, sizeof(bytes)));
    CHECK_EQ(info.magic, BOOT_INFO_MAGIC);
    CHECK_EQ(info.size, sizeof(info));
    CHECK_EQ(info.door, BOOT_DOOR_PVH);
    CHECK_STR(info.loader, "PVH");
    CHECK_STR(info.cmdline, "run=none exit=qemu");
    CHECK_EQ(info.cmdline_truncated, 0);
    CHECK_EQ(info.rsdp_pa, 0xf59e0);
    CHECK_EQ(info.rsdp_len, 0);
    CHECK_EQ(info.range_count, 4);
    check_range(0, 0, 0x9fc00, BOOT_RAM);
    check_range(1, 0x9fc00, 0xa0000, BOOT_RESERVED);
    check_range(2, 0x100000, 0x20000000, BOOT_RAM);
    check_range(3, 0x800000, 0x801234, BOOT_LOADER);
    CHECK_EQ(info.ranges[1].firmware_type, 2);
    CHECK_EQ(info.framebuffer.pa, 0);
}

TEST(pvh_cut_short_anywhere_is_refused)
{
    uint8_t bytes[PVH_LEN];

    pvh_build(bytes);
    for (size_t len = 0; len < sizeof(bytes); len++)
        CHECK(pvh_enter(bytes, len));
}

TEST(pvh_wrong_fields_are_refused)
{
    static const struct {
        unsigned offset;
        uint32_t value;
        const char *wrong;
    } cases[] = {
        { 0, 0x336ec579, "PVH: the start info's magic is not 336EC578h" },
        { 4, 0, "PVH: the start info has no memory map" },
        { 48, 0, "PVH: the start info has no memory map" },
        { 48, 0xffffffff, "PVH: the memory map passes the end of reachable memory" },
        { 44, 1, "PVH: the memory map passes the end of reachable memory" },
        { 12, 65, "PVH: the start info names more than 64 modules" },
        { 16, BASE + PVH_LEN, "PVH: the module list passes the end of reachable memory" },
        { 24, BASE + PVH_LEN, "PVH: the command line passes the end of reachable memory" },
        { PVH_MAP + 52, 0xffffffff, "the memory map has an entry that passes the end of the address space" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t bytes[PVH_LEN];
        const char *wrong;

        pvh_build(bytes);
        if (cases[i].offset == PVH_MAP + 52)        /* the length, too */
            put64(bytes + PVH_MAP + 56, UINT64_MAX - 0xff);
        put32(bytes + cases[i].offset, cases[i].value);
        wrong = pvh_enter(bytes, sizeof(bytes));
        CHECK_STR(wrong ? wrong : "accepted", cases[i].wrong);
    }
}

TEST(pvh_map_without_ram_is_refused)
{
    uint8_t bytes[PVH_LEN];

    pvh_build(bytes);
    put32(bytes + PVH_MAP + 16, 2);
    put32(bytes + PVH_MAP + 48 + 16, 2);
    CHECK_STR(pvh_enter(bytes, sizeof(bytes)), "the memory map names no RAM");
}

TEST(pvh_long_command_line_is_cut_and_said_so)
{
    static uint8_t bytes[PVH_LEN + BOOT_CMDLINE_BYTES + 8];

    pvh_build(bytes);
    memset(bytes + PVH_CMDLINE, 'x', BOOT_CMDLINE_BYTES - 1);
    bytes[PVH_CMDLINE + BOOT_CMDLINE_BYTES - 1] = 0;
    CHECK(!pvh_enter(bytes, sizeof(bytes)));
    CHECK_EQ(strlen(info.cmdline), BOOT_CMDLINE_BYTES - 1);
    CHECK_EQ(info.cmdline_truncated, 0);

    bytes[PVH_CMDLINE + BOOT_CMDLINE_BYTES - 1] = 'x';
    CHECK(!pvh_enter(bytes, sizeof(bytes)));
    CHECK_EQ(strlen(info.cmdline), BOOT_CMDLINE_BYTES - 1);
    CHECK_EQ(info.cmdline_truncated, 1);
}

/* ---- ranges ---- */

TEST(neighbours_of_one_type_become_one)
{
    const struct boot_range low = { 0, 0x1000, BOOT_RAM, 1 }, high = { 0x1000, 0x3000, BOOT_RAM, 1 };
    const struct boot_range other = { 0x3000, 0x4000, BOOT_RESERVED, 2 }, gap = { 0x5000, 0x6000, BOOT_RESERVED, 2 };

    door_begin(&info, BOOT_DOOR_PVH, "test");
    CHECK(!door_add_range(&info, &low));
    CHECK(!door_add_range(&info, &high));
    CHECK(!door_add_range(&info, &other));
    CHECK(!door_add_range(&info, &gap));
    CHECK_EQ(info.range_count, 3);
    check_range(0, 0, 0x3000, BOOT_RAM);
    check_range(2, 0x5000, 0x6000, BOOT_RESERVED);
}

TEST(one_range_too_many_is_refused)
{
    door_begin(&info, BOOT_DOOR_PVH, "test");
    for (uint64_t i = 0; i < BOOT_RANGES; i++)
        CHECK(!door_add_range(&info, &(struct boot_range){ i * 0x2000, i * 0x2000 + 0x1000, BOOT_RAM, 1 }));
    CHECK(door_add_range(&info, &(struct boot_range){ 1ull << 40, 1ull << 41, BOOT_RESERVED, 2 }));
    CHECK_EQ(info.ranges_lost, 1);
    CHECK_EQ(info.range_count, BOOT_RANGES);
}

static uint32_t type_of_bios_range(uint32_t type)
{
    door_begin(&info, BOOT_DOOR_PVH, "");
    CHECK(door_add_bios_range(&info, 0x1000, 0x2000, type) == NULL);
    CHECK_EQ(info.range_count, 1);
    CHECK_EQ(info.ranges[0].start, 0x1000);
    CHECK_EQ(info.ranges[0].end, 0x3000);
    CHECK_EQ(info.ranges[0].firmware_type, type);
    return info.ranges[0].type;
}

TEST(bios_range_types)
{
    CHECK_EQ(type_of_bios_range(1), BOOT_RAM);
    CHECK_EQ(type_of_bios_range(2), BOOT_RESERVED);
    CHECK_EQ(type_of_bios_range(3), BOOT_ACPI_TABLES);
    CHECK_EQ(type_of_bios_range(4), BOOT_ACPI_NVS);
    CHECK_EQ(type_of_bios_range(5), BOOT_BAD);
    CHECK_EQ(type_of_bios_range(0), BOOT_RESERVED);
    CHECK_EQ(type_of_bios_range(7), BOOT_RESERVED);      /* persistent memory */
}

/* ---- EFI memory map ---- */

#define EFI_DESCRIPTOR 48u  /* as firmware does it: longer than the structure */

static void efi_descriptor(uint8_t *at, uint32_t type, uint64_t pa, uint64_t pages)
{
    memset(at, 0, EFI_DESCRIPTOR);
    put32(at, type);
    put64(at + 8, pa);
    put64(at + 24, pages);
}

TEST(efi_types)
{
    /* UEFI 2.10 table 7.6; two readings of the loader's own memory. */
    static const uint32_t kept[16] = {
        BOOT_RESERVED, BOOT_LOADER, BOOT_LOADER, BOOT_LOADER, BOOT_LOADER, BOOT_FIRMWARE, BOOT_FIRMWARE,
        BOOT_RAM, BOOT_BAD, BOOT_ACPI_TABLES, BOOT_ACPI_NVS, BOOT_RESERVED, BOOT_RESERVED, BOOT_RESERVED,
        BOOT_RESERVED, BOOT_RESERVED,
    };

    for (uint32_t type = 0; type < 16; type++) {
        uint8_t bytes[2 * EFI_DESCRIPTOR];
        uint32_t done = type == 1 || type == 2 ? BOOT_RAM : kept[type];

        efi_descriptor(bytes, 7, 0x100000, 1);
        efi_descriptor(bytes + EFI_DESCRIPTOR, type, 0x200000, 0x10);
        door_begin(&info, BOOT_DOOR_UEFI, "test");
        CHECK(!door_efi_map(&info, bytes, sizeof(bytes), EFI_DESCRIPTOR, DOOR_LOADER_KEPT));
        check_range(1, 0x200000, 0x210000, kept[type]);
        CHECK_EQ(info.ranges[1].firmware_type, type);
        door_begin(&info, BOOT_DOOR_UEFI, "test");
        CHECK(!door_efi_map(&info, bytes, sizeof(bytes), EFI_DESCRIPTOR, DOOR_LOADER_DONE));
        check_range(1, 0x200000, 0x210000, done);
    }
}

TEST(efi_map_that_makes_no_sense_is_refused)
{
    uint8_t bytes[EFI_DESCRIPTOR];

    efi_descriptor(bytes, 7, 0x100000, 1);
    CHECK(!door_efi_map(&info, bytes, sizeof(bytes), EFI_DESCRIPTOR, DOOR_LOADER_KEPT));
    CHECK(door_efi_map(&info, bytes, sizeof(bytes), 39, DOOR_LOADER_KEPT));
    CHECK(door_efi_map(&info, bytes, sizeof(bytes), 0, DOOR_LOADER_KEPT));
    efi_descriptor(bytes, 7, 0x100000, 1ull << 52);
    CHECK(door_efi_map(&info, bytes, sizeof(bytes), EFI_DESCRIPTOR, DOOR_LOADER_KEPT));
    efi_descriptor(bytes, 7, 0x100000, 1);
    door_begin(&info, BOOT_DOOR_UEFI, "test");
    CHECK_STR(door_efi_map(&info, bytes, EFI_DESCRIPTOR - 1, EFI_DESCRIPTOR, DOOR_LOADER_KEPT),
              "the memory map names no RAM");
}

/* ---- Multiboot2 ---- */

#define MULTIBOOT2_MAGIC 0x36d76289u

struct tags {
    uint8_t bytes[4096];
    size_t len;
};

static void tags_begin(struct tags *tags)
{
    memset(tags, 0, sizeof(*tags));
    tags->len = 8;
}

static uint8_t *tag_add(struct tags *tags, uint32_t type, const void *payload, size_t len)
{
    uint8_t *at = tags->bytes + tags->len;

    put32(at, type);
    put32(at + 4, (uint32_t)(8 + len));
    if (len)
        memcpy(at + 8, payload, len);
    tags->len += (8 + len + 7) & ~(size_t)7;
    CHECK(tags->len <= sizeof(tags->bytes));
    return at;
}

static void tags_end(struct tags *tags)
{
    tag_add(tags, 0, NULL, 0);
    put32(tags->bytes, (uint32_t)tags->len);
}

static void tag_map(struct tags *tags)
{
    uint8_t map_tag[8 + 2 * 24] = { 0 };

    put32(map_tag, 24);
    pvh_range(map_tag + 8, 0, 0x9fc00, 1);          /* the same layout */
    pvh_range(map_tag + 32, 0x100000, 0x700000, 1);
    tag_add(tags, 6, map_tag, sizeof(map_tag));
}

static void tag_framebuffer(struct tags *tags, uint8_t kind, uint8_t bits)
{
    uint8_t fb[30] = { 0 };

    put64(fb, 0xfd000000);
    put32(fb + 8, 4096);                            /* pitch */
    put32(fb + 12, 1024);
    put32(fb + 16, 768);
    fb[20] = bits;
    fb[21] = kind;
    memcpy(fb + 24, (const uint8_t[]){ 16, 8, 8, 8, 0, 8 }, 6);
    tag_add(tags, 8, fb, sizeof(fb));
}

static void tags_usual(struct tags *tags)
{
    uint8_t rsdp[36] = "RSD PTR ";
    static const uint32_t module[2] = { 0x400000, 0x400123 };

    tags_begin(tags);
    tag_add(tags, 1, "report=full", sizeof("report=full"));
    tag_add(tags, 2, "GRUB 2.06", sizeof("GRUB 2.06"));
    tag_add(tags, 3, module, sizeof(module));
    tag_map(tags);
    tag_framebuffer(tags, 1, 32);
    rsdp[35] = 0x5a;
    tag_add(tags, 15, rsdp, 36);
    tag_add(tags, 14, rsdp, 20);
    tag_add(tags, 4711, "unknown", 7);
    tags_end(tags);
}

static const char *multiboot2_enter(const uint8_t *bytes, size_t len, uint32_t magic)
{
    struct memory memory = copy_of(bytes, len);
    const struct door_memory door = { .map = map, .ctx = &memory };
    const char *wrong = door_multiboot2(&info, &door, magic, BASE);

    free(memory.bytes);
    return wrong;
}

TEST(multiboot2_fills_everything)
{
    struct tags tags;

    tags_usual(&tags);
    CHECK(!multiboot2_enter(tags.bytes, tags.len, MULTIBOOT2_MAGIC));
    CHECK_EQ(info.door, BOOT_DOOR_MULTIBOOT2);
    CHECK_STR(info.cmdline, "report=full");
    CHECK_STR(info.loader, "GRUB 2.06");
    CHECK_EQ(info.range_count, 3);
    check_range(0, 0x400000, 0x400123, BOOT_LOADER);
    check_range(1, 0, 0x9fc00, BOOT_RAM);
    check_range(2, 0x100000, 0x800000, BOOT_RAM);
    CHECK_EQ(info.rsdp_len, 36);
    CHECK_EQ(info.rsdp[35], 0x5a);
    CHECK_EQ(info.framebuffer.pa, 0xfd000000);
    CHECK_EQ(info.framebuffer.width, 1024);
    CHECK_EQ(info.framebuffer.height, 768);
    CHECK_EQ(info.framebuffer.pitch, 4096);
    CHECK_EQ(info.framebuffer.bits_per_pixel, 32);
    CHECK_EQ(info.framebuffer.red_shift, 16);
    CHECK_EQ(info.framebuffer.green_shift, 8);
    CHECK_EQ(info.framebuffer.blue_shift, 0);
    CHECK_EQ(info.efi_system_table_pa, 0);
}

TEST(multiboot2_cut_short_anywhere_is_refused)
{
    struct tags tags;

    tags_usual(&tags);
    for (uint32_t len = 0; len < tags.len; len++) {
        CHECK(multiboot2_enter(tags.bytes, len, MULTIBOOT2_MAGIC));
        put32(tags.bytes, len);                     /* and when it admits so */
        CHECK(multiboot2_enter(tags.bytes, len, MULTIBOOT2_MAGIC));
        put32(tags.bytes, (uint32_t)tags.len);
    }
}

TEST(multiboot2_other_magic_is_refused)
{
    struct tags tags;

    tags_usual(&tags);
    CHECK(multiboot2_enter(tags.bytes, tags.len, 0x2badb002));
}

TEST(multiboot2_total_size_that_makes_no_sense_is_refused)
{
    static const uint32_t sizes[] = { 0, 7, 0x7fffffff, 0xffffffff, (16u << 20) + 1 };

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct tags tags;

        tags_usual(&tags);
        put32(tags.bytes, sizes[i]);
        CHECK_STR(multiboot2_enter(tags.bytes, tags.len, MULTIBOOT2_MAGIC),
                  "Multiboot2: the boot information's total size makes no sense");
    }
}

TEST(multiboot2_tag_lengths_are_checked)
{
    static const uint32_t lengths[] = { 0, 7, 0x10000, 0xfffffff9 };

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct tags tags;

        tags_usual(&tags);
        put32(tags.bytes + 8 + 4, lengths[i]);      /* of the first tag */
        CHECK_STR(multiboot2_enter(tags.bytes, tags.len, MULTIBOOT2_MAGIC),
                  "Multiboot2: a tag runs past the end of the boot information");
    }
}

TEST(multiboot2_short_payloads_are_refused)
{
    static const struct {
        uint32_t type;
        size_t len;
    } cases[] = { { 3, 7 }, { 6, 7 }, { 12, 7 }, { 14, 19 }, { 15, 35 }, { 17, 7 } };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tags tags;
        uint8_t payload[64] = { 0 };

        tags_begin(&tags);
        tag_map(&tags);
        tag_add(&tags, cases[i].type, payload, cases[i].len);
        tags_end(&tags);
        CHECK(multiboot2_enter(tags.bytes, tags.len, MULTIBOOT2_MAGIC));
    }
}

TEST(multiboot2_short_map_entries_are_refused)
{
    struct tags tags;
    uint8_t map_tag[8 + 24] = { 0 };

    for (uint32_t entry_len = 0; entry_len < 24; entry_len++) {
        tags_begin(&tags);
        put32(map_tag, entry_len);
        tag_add(&tags, 6, map_tag, sizeof(map_tag));
        tags_end(&tags);
        CHECK_STR(multiboot2_enter(tags.bytes, tags.len, MULTIBOOT2_MAGIC),
                  "Multiboot2: the memory map's entries are shorter than 24 bytes");
    }
}

TEST(multiboot2_half_an_entry_is_none)
{
    struct tags tags;
    uint8_t map_tag[8 + 24 + 23] = { 0 };

    put32(map_tag, 24);
    pvh_range(map_tag + 8, 0x100000, 0x700000, 1);
    tags_begin(&tags);
    tag_add(&tags, 6, map_tag, sizeof(map_tag));
    pvh_range(tags.bytes + tags.len - 24, 0x900000, 0x100000, 1);
    tags_end(&tags);
    CHECK(!multiboot2_enter(tags.bytes, tags.len, MULTIBOOT2_MAGIC));
    CHECK_EQ(info.range_count, 1);
}

TEST(multiboot2_long_texts_are_cut_and_said_so)
{
    static char text[BOOT_CMDLINE_BYTES + 1];
    struct tags tags;

    memset(text, 'x', sizeof(text) - 1);
    for (size_t cut = 0; cut < 2; cut++) {
        tags_begin(&tags);
        tag_map(&tags);
        tag_add(&tags, 1, text + 1 - cut, BOOT_CMDLINE_BYTES + cut);
        tag_add(&tags, 2, text, 100);               /* without a terminator, too */
        tags_end(&tags);
        CHECK(!multiboot2_enter(tags.bytes, tags.len, MULTIBOOT2_MAGIC));
        CHECK_EQ(strlen(info.cmdline), BOOT_CMDLINE_BYTES - 1);
        CHECK_EQ(info.cmdline_truncated, cut);
        CHECK_EQ(strlen(info.loader), sizeof(info.loader) - 1);
    }
}

TEST(multiboot2_without_a_map_is_refused)
{
    struct tags tags;

    tags_begin(&tags);
    tags_end(&tags);
    CHECK_STR(multiboot2_enter(tags.bytes, tags.len, MULTIBOOT2_MAGIC), "the memory map names no RAM");
}

TEST(multiboot2_takes_the_efi_map_where_there_is_one)
{
    struct tags tags;
    uint8_t efi[8 + 3 * EFI_DESCRIPTOR] = { 0 };
    const uint64_t system_table = 0x1f5ec018;

    put32(efi, EFI_DESCRIPTOR);
    put32(efi + 4, 1);
    efi_descriptor(efi + 8, 7, 0x100000, 0x100);
    efi_descriptor(efi + 8 + EFI_DESCRIPTOR, 4, 0x200000, 0x100);   /* boot services data */
    efi_descriptor(efi + 8 + 2 * EFI_DESCRIPTOR, 2, 0x400000, 1);       /* the loader's, which is done */
    tags_begin(&tags);
    tag_map(&tags);                                 /* calls all of it RAM */
    tag_add(&tags, 12, &system_table, sizeof(system_table));
    tag_add(&tags, 17, efi, sizeof(efi));
    tags_end(&tags);
    CHECK(!multiboot2_enter(tags.bytes, tags.len, MULTIBOOT2_MAGIC));
    CHECK_EQ(info.range_count, 3);
    check_range(0, 0x100000, 0x200000, BOOT_RAM);
    check_range(1, 0x200000, 0x300000, BOOT_LOADER);
    check_range(2, 0x400000, 0x401000, BOOT_RAM);
    CHECK_EQ(info.efi_system_table_pa, 0x1f5ec018);
}

TEST(multiboot2_screens_that_cannot_be_drawn_on_are_left_out)
{
    static const struct {
        uint8_t kind, bits;
        bool kept;
    } cases[] = { { 1, 32, true }, { 1, 24, true }, { 2, 16, false }, { 2, 32, false }, { 0, 8, false },
                  { 1, 16, false } };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tags tags;

        tags_begin(&tags);
        tag_map(&tags);
        tag_framebuffer(&tags, cases[i].kind, cases[i].bits);
        tags_end(&tags);
        CHECK(!multiboot2_enter(tags.bytes, tags.len, MULTIBOOT2_MAGIC));
        CHECK_EQ(info.framebuffer.pa != 0, cases[i].kept);
    }
}

/* ---- our own application ---- */

TEST(uefi_hand_over_is_checked)
{
    static struct boot_info given;
    struct memory memory = { (uint8_t *)&given, sizeof(given) };
    const struct door_memory door = { .map = map, .ctx = &memory };

    door_begin(&given, BOOT_DOOR_UEFI, "UEFI EDK II");
    given.before_exit.taken = 1;
    CHECK(!door_uefi(&info, &door, BASE));
    CHECK_STR(info.loader, "UEFI EDK II");
    CHECK_EQ(info.before_exit.taken, 1);

    CHECK(door_uefi(&info, &door, BASE + 1));
    given.size--;
    CHECK(door_uefi(&info, &door, BASE));
    given.size++;
    given.magic ^= 1;
    CHECK(door_uefi(&info, &door, BASE));
    given.magic ^= 1;
    given.range_count = BOOT_RANGES + 1;
    CHECK(door_uefi(&info, &door, BASE));
}
