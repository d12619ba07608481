/* SPDX-License-Identifier: BSD-2-Clause */
/* kernel/ioapic.c against registers as the 82093AA data sheet describes them. */
#include "test.h"

#include "ioapic.h"

#define CHIPS 20

/* Index and data registers; level-triggered pins have a line and Remote IRR. */
struct chip {
    uint64_t pa;
    uint8_t window[0x44];
    uint32_t index;
    uint32_t version;
    uint32_t entries[480];
    unsigned changed_unmasked;      /* a high half written while its pin was not masked */
    unsigned eois;
    uint32_t last_eoi;
};

static struct chip chips[CHIPS];
static bool locked;
static unsigned unlocked_accesses;
static char logged[2048];

static struct chip *chip_at(const volatile void *at, uint32_t *offset)
{
    for (size_t i = 0; i < CHIPS; i++) {
        const volatile uint8_t *byte = at;

        if (byte >= chips[i].window && byte < chips[i].window + sizeof(chips[i].window)) {
            *offset = (uint32_t)(byte - chips[i].window);
            return &chips[i];
        }
    }
    test_fail(__FILE__, __LINE__, "access to no IOAPIC");
}

static volatile void *fake_map(void *ctx, uint64_t pa, uint64_t len)
{
    (void)ctx;
    for (size_t i = 0; i < CHIPS; i++)
        if (chips[i].pa == pa && len <= sizeof(chips[i].window))
            return chips[i].window;
    return NULL;
}

static uint32_t fake_read(void *ctx, const volatile void *at)
{
    uint32_t offset;
    struct chip *chip = chip_at(at, &offset);

    (void)ctx;
    unlocked_accesses += !locked;
    if (chip->version == 0xffffffff)
        return 0xffffffff;
    CHECK_EQ(offset, 0x10);
    if (chip->index == 1)
        return chip->version;
    CHECK(chip->index >= 0x10 && chip->index < 0x10 + 480);
    return chip->entries[chip->index - 0x10];
}

static void entry_write(struct chip *chip, uint32_t value)
{
    uint32_t *entry = &chip->entries[chip->index - 0x10];

    CHECK(chip->index >= 0x10 && chip->index < 0x10 + 480);
    if (chip->index % 2 == 1) {
        chip->changed_unmasked += !(entry[-1] & 0x10000);
        *entry = value;
        return;
    }
    /* Bit 14 is the IOAPIC's own; it is gone when the pin becomes edge-triggered. */
    *entry = (value & ~0x4000u) | (value & 0x8000 ? *entry & 0x4000 : 0);
}

static void fake_write(void *ctx, volatile void *at, uint32_t value)
{
    uint32_t offset;
    struct chip *chip = chip_at(at, &offset);

    (void)ctx;
    unlocked_accesses += !locked;
    if (offset == 0x00)
        chip->index = value;
    else if (offset == 0x10)
        entry_write(chip, value);
    else {
        CHECK_EQ(offset, 0x40);
        chip->eois++;
        chip->last_eoi = value;
    }
}

static uintptr_t fake_lock(void *ctx)
{
    (void)ctx;
    CHECK(!locked);
    locked = true;
    return 77;
}

static void fake_unlock(void *ctx, uintptr_t flags)
{
    (void)ctx;
    CHECK_EQ(flags, 77);
    CHECK(locked);
    locked = false;
}

static void fake_log(void *ctx, const char *format, va_list args)
{
    size_t len = strlen(logged);

    (void)ctx;
    vsnprintf(logged + len, sizeof(logged) - len, format, args);
    strncat(logged, "\n", sizeof(logged) - strlen(logged) - 1);
}

static const struct ioapic_host host = {
    .map = fake_map, .read = fake_read, .write = fake_write, .lock = fake_lock, .unlock = fake_unlock,
    .log = fake_log,
};

static struct ioapics all;

static void machine(void)
{
    memset(chips, 0, sizeof(chips));
    locked = false;
    unlocked_accesses = 0;
    logged[0] = '\0';
    for (size_t i = 0; i < CHIPS; i++) {
        chips[i].pa = 0xfec00000 + 0x1000 * i;
        chips[i].version = 0x00170020;          /* 24 pins, version 20h */
    }
}

static size_t find(const struct acpi_ioapic *list, size_t count)
{
    struct acpi_madt madt = { .ioapic_count = count };

    memcpy(madt.ioapics, list, count * sizeof(*list));
    ioapics_find(&all, &host, &madt);
    CHECK(!locked);
    CHECK_EQ(unlocked_accesses, 0);
    return all.count;
}

/* What is left unmasked sends as firmware had it; what is not listed, a unit's table is not asked for. */
TEST(many_are_all_masked_and_listed)
{
    struct acpi_ioapic list[CHIPS];

    machine();
    for (unsigned i = 0; i < CHIPS; i++) {
        list[i] = (struct acpi_ioapic){ (uint8_t)i, 0xfec00000 + 0x1000 * i, 24 * i };
        chips[i].entries[0] = 0x51;
    }
    CHECK_EQ(find(list, CHIPS), CHIPS);
    for (unsigned i = 0; i < CHIPS; i++)
        CHECK_EQ(chips[i].entries[0], 0x10051);
    CHECK_EQ(all.list[CHIPS - 1].id, CHIPS - 1);
    CHECK_EQ(all.unknown, 0);
    CHECK_STR(logged, "");
}

TEST(those_the_table_had_no_room_for_are_counted)
{
    static struct acpi_madt madt = { .ioapic_count = 1, .ioapics_left_out = 2,
                                     .ioapics = { { .id = 5, .pa = 0xfec00000 } } };

    machine();
    ioapics_find(&all, &host, &madt);
    CHECK_EQ(all.count, 1);
    CHECK_EQ(all.unknown, 2);
}

static const struct ioapic *one(void)
{
    machine();
    CHECK_EQ(find(&(struct acpi_ioapic){ .id = 5, .pa = 0xfec00000 }, 1), 1);
    return &all.list[0];
}

TEST(all_pins_are_masked)
{
    machine();
    chips[0].entries[2 * 23] = 0x0000a851;
    CHECK_EQ(find((struct acpi_ioapic[]){ { 5, 0xfec00000, 0 }, { 6, 0xfec01000, 24 } }, 2), 2);
    CHECK_EQ(chips[0].entries[0], 0x10000);
    CHECK_EQ(chips[0].entries[2 * 23], 0x0001a851);
    CHECK_EQ(chips[0].entries[2 * 24], 0);
    CHECK_EQ(chips[1].entries[2 * 23], 0x10000);
    CHECK_EQ(all.list[1].id, 6);
    CHECK_EQ(all.list[1].pins, 24);
    CHECK_EQ(all.list[1].version, 0x20);
    CHECK_STR(logged, "");
}

TEST(interrupts_by_number)
{
    unsigned pin = 99;

    machine();
    CHECK_EQ(find((struct acpi_ioapic[]){ { 5, 0xfec00000, 0 }, { 6, 0xfec01000, 32 } }, 2), 2);
    CHECK(ioapics_by_gsi(&all, 23, &pin) == &all.list[0]);
    CHECK_EQ(pin, 23);
    CHECK(ioapics_by_gsi(&all, 24, &pin) == NULL);
    CHECK(ioapics_by_gsi(&all, 32, &pin) == &all.list[1]);
    CHECK_EQ(pin, 0);
    CHECK(ioapics_by_gsi(&all, 56, &pin) == NULL);
}

TEST(an_entry_changes_while_it_is_masked)
{
    const struct ioapic *ioapic = one();

    ioapic_write(ioapic, 3, 0x0500000000008041);
    CHECK_EQ(ioapic_read(ioapic, 3), 0x0500000000008041);
    ioapic_write(ioapic, 3, 0x0600000000000042);
    CHECK_EQ(chips[0].changed_unmasked, 0);
    CHECK_EQ(ioapic_read(ioapic, 3), 0x0600000000000042);
    ioapic_write(ioapic, 3, 0x0700000000010043);
    CHECK_EQ(ioapic_read(ioapic, 3), 0x0700000000010043);
    CHECK_EQ(unlocked_accesses, 0);
}

TEST(mask_keeps_the_rest)
{
    const struct ioapic *ioapic = one();

    ioapic_write(ioapic, 0, 0x050000000000a041);
    ioapic_mask(ioapic, 0, true);
    CHECK_EQ(ioapic_read(ioapic, 0), 0x050000000001a041);
    ioapic_mask(ioapic, 0, false);
    CHECK_EQ(ioapic_read(ioapic, 0), 0x050000000000a041);
}

TEST(end_of_interrupt_by_its_register)
{
    const struct ioapic *ioapic = one();

    ioapic_write(ioapic, 7, 0x0500000000008041);
    ioapic_eoi(ioapic, 7);
    CHECK_EQ(chips[0].eois, 1);
    CHECK_EQ(chips[0].last_eoi, 0x41);
    CHECK_EQ(chips[0].entries[14], 0x8041);
}

TEST(end_of_interrupt_without_a_register)
{
    const struct ioapic *ioapic;

    machine();
    chips[0].version = 0x00170011;
    CHECK_EQ(find(&(struct acpi_ioapic){ .id = 5, .pa = 0xfec00000 }, 1), 1);
    ioapic = &all.list[0];
    ioapic_write(ioapic, 7, 0x0500000000008041);
    chips[0].entries[14] |= 0x4000;
    ioapic_eoi(ioapic, 7);
    CHECK_EQ(chips[0].eois, 0);
    CHECK_EQ(chips[0].entries[14], 0x8041);
}

TEST(direct_entries)
{
    CHECK_EQ(ioapic_direct_entry(0, 0x31, false, false), 0x31);
    CHECK_EQ(ioapic_direct_entry(0xa5, 0x42, true, true), 0xa50000000000a042);
}

TEST(all_ones_is_ignored)
{
    machine();
    chips[0].version = 0xffffffff;
    CHECK_EQ(find((struct acpi_ioapic[]){ { 5, 0xfec00000, 0 }, { 6, 0xfec01000, 0 } }, 2), 1);
    CHECK(strstr(logged, "ioapic5: version at 0xfec00000 reads 0xffffffff, all ones, ignored") != NULL);
    CHECK_EQ(all.list[0].id, 6);
    machine();
    chips[0].version = 0x00f00020;              /* 241 pins */
    CHECK_EQ(find(&(struct acpi_ioapic){ .id = 5, .pa = 0xfec00000 }, 1), 0);
    CHECK(strstr(logged, "more pins than there can be") != NULL);
    machine();
    chips[0].version = 0x00ef0020;
    CHECK_EQ(find(&(struct acpi_ioapic){ .id = 5, .pa = 0xfec00000 }, 1), 1);
}

TEST(absurd_entries_are_left_out)
{
    static const struct {
        struct acpi_ioapic second;
        const char *why;
    } cases[] = {
        { { 5, 0xfec01000, 24 }, "has the id of another one" },
        { { 6, 0xfec00000, 24 }, "has the address of another one" },
        { { 6, 0xfec01000, 23 }, "has interrupts of another one" },
        { { 6, 0xfec01000, 0xfffffff0 }, "has interrupts beyond the last one" },
        { { 6, 0, 24 }, "0x0 is no address of one" },
        { { 6, 0xfec01004, 24 }, "is no address of one" },
        { { 6, 0xfed00000, 24 }, "cannot be mapped" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        machine();
        CHECK_EQ(find((struct acpi_ioapic[]){ { 5, 0xfec00000, 0 }, cases[i].second }, 2), 1);
        if (strstr(logged, cases[i].why) == NULL)
            test_fail(__FILE__, __LINE__, "case %zu: \"%s\"", i, logged);
        CHECK_EQ(all.list[0].id, 5);
    }
    machine();
    CHECK_EQ(find((struct acpi_ioapic[]){ { 5, 0xfec00000, 0 }, { 6, 0xfec01000, 0xffffffe8 } }, 2), 2);
}

/* The MADT's order means nothing. */
TEST(interrupts_below_those_of_the_first)
{
    machine();
    CHECK_EQ(find((struct acpi_ioapic[]){ { 5, 0xfec00000, 24 }, { 6, 0xfec01000, 10 } }, 2), 1);
    machine();
    CHECK_EQ(find((struct acpi_ioapic[]){ { 5, 0xfec00000, 24 }, { 6, 0xfec01000, 0 } }, 2), 2);
}

/* What is left out must not go on as firmware left it. */
TEST(those_left_out_are_masked_too)
{
    machine();
    CHECK_EQ(find((struct acpi_ioapic[]){ { 5, 0xfec00000, 0 }, { 5, 0xfec01000, 24 } }, 2), 1);
    CHECK_EQ(chips[1].entries[0], 0x10000);
}

/* A level-triggered interrupt that firmware has left without its end: the pin would never send again. */
TEST(what_firmware_left_in_service_is_ended)
{
    machine();
    chips[0].entries[2 * 9] = 0x0000c052;
    chips[0].entries[2 * 10] = 0x00008053;      /* level, not in service */
    chips[0].entries[2 * 11] = 0x00004054;      /* edge: the bit means nothing */
    CHECK_EQ(find(&(struct acpi_ioapic){ .id = 5, .pa = 0xfec00000 }, 1), 1);
    CHECK_EQ(chips[0].eois, 1);
    CHECK_EQ(chips[0].last_eoi, 0x52);
    CHECK(chips[0].entries[2 * 9] & 0x10000);
    machine();
    chips[0].version = 0x00170011;
    chips[0].entries[2 * 9] = 0x0000c052;
    CHECK_EQ(find(&(struct acpi_ioapic){ .id = 5, .pa = 0xfec00000 }, 1), 1);
    CHECK_EQ(chips[0].eois, 0);
    CHECK_EQ(chips[0].entries[2 * 9], 0x00018052);
}
