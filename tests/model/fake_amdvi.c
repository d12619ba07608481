/* SPDX-License-Identifier: BSD-2-Clause */
/* See fake_amdvi.h. Register numbers are written out: AMD-Vi §3.3. */
#include "fake_amdvi.h"

#include <stdio.h>
#include <string.h>

#define DEV_TAB 0x00u
#define CMD_BASE 0x08u
#define EVENT_BASE 0x10u
#define CONTROL 0x18u
#define EXCLUSION 0x20u
#define CMD_HEAD 0x2000u
#define CMD_TAIL 0x2008u
#define STATUS 0x2020u
#define RW1C 0x68e67u

static void put(uint8_t *at, uint64_t value, unsigned width)
{
    memcpy(at, &value, width);
}

static uint64_t get(const uint8_t *at, unsigned width)
{
    uint64_t value = 0;

    memcpy(&value, at, width);
    return value;
}

uint64_t fake_amdvi_get(const struct fake_amdvi *fake, unsigned unit, unsigned offset)
{
    return get(fake->units[unit].registers + offset, 8);
}

void fake_amdvi_set(struct fake_amdvi *fake, unsigned unit, unsigned offset, uint64_t value)
{
    put(fake->units[unit].registers + offset, value, 8);
}

/* ---- registers ---- */

static void *map(void *ctx, uint64_t pa, size_t len)
{
    struct fake_amdvi *fake = ctx;
    uint64_t index = (pa - FAKE_AMDVI_BASE) >> 20;

    if (fake->fail_map != 0 && --fake->fail_map == 0)
        return NULL;
    if (pa < FAKE_AMDVI_BASE || (pa & 0xfffff) != 0 || index >= FAKE_AMDVI_UNITS || len > FAKE_AMDVI_LEN)
        return NULL;
    fake->windows++;
    return fake->units[index].registers;
}

static void unmap(void *ctx, void *window, size_t len)
{
    struct fake_amdvi *fake = ctx;

    (void)window;
    (void)len;
    fake->windows--;
}

static unsigned unit_at(const struct fake_amdvi *fake, const volatile void *at)
{
    return (unsigned)(((uintptr_t)at - (uintptr_t)fake->units) / sizeof(fake->units[0]));
}

static unsigned offset_at(const struct fake_amdvi *fake, const volatile void *at)
{
    return (unsigned)((uintptr_t)at - (uintptr_t)fake->units[unit_at(fake, at)].registers);
}

static uint64_t read_register(void *ctx, const volatile void *at, unsigned width)
{
    const struct fake_amdvi *fake = ctx;

    if (fake->units[unit_at(fake, at)].absent)
        return width == 8 ? UINT64_MAX : UINT32_MAX;
    return get((const uint8_t *)(uintptr_t)at, width);
}

static uint32_t read32(void *ctx, const volatile void *at)
{
    return (uint32_t)read_register(ctx, at, 4);
}

static uint64_t read64(void *ctx, const volatile void *at)
{
    return read_register(ctx, at, 8);
}

static void run_commands(struct fake_amdvi *fake, struct fake_amdvi_unit *u)
{
    uint64_t base = get(u->registers + CMD_BASE, 8), head = get(u->registers + CMD_HEAD, 8);
    uint64_t tail = get(u->registers + CMD_TAIL, 8), len = 16ull << (base >> 56 & 15);

    while ((get(u->registers + STATUS, 4) & 0x10) && head != tail) {
        const uint8_t *at = fake_at(&fake->memory, (base & 0xffffffffff000ull) + head);
        uint64_t lo = get(at, 8);

        u->commands[lo >> 60]++;
        if (lo >> 60 == 1 && (lo & 1))
            put(fake_at(&fake->memory, lo & 0xffffffffffff8ull), get(at + 8, 8), 8);
        head = (head + 16) % len;
    }
    put(u->registers + CMD_HEAD, head, 8);
}

/* Events, commands, page requests and GA log: enable bits 2, 12, 13, 28 run as status bits 3, 4, 7, 8. */
static void follow_control(struct fake_amdvi *fake, struct fake_amdvi_unit *u)
{
    uint64_t control = get(u->registers + CONTROL, 8);
    uint32_t status = (uint32_t)get(u->registers + STATUS, 4), run = 0;

    if (control & 1)
        run = (uint32_t)((control >> 2 & 1) << 3 | (control >> 12 & 1) << 4 | (control >> 13 & 1) << 7 |
                         (control >> 28 & 1) << 8);
    run = (run & ~u->run_zero) | (status & u->run_one);
    put(u->registers + STATUS, (status & ~0x198u) | run, 4);
    run_commands(fake, u);
}

static bool ignored(const struct fake_amdvi_unit *u, unsigned offset)
{
    if (offset == DEV_TAB && u->table_dead)
        return true;
    if (offset == EXCLUSION && u->exclusion_stuck)
        return true;
    return u->locked && offset <= EVENT_BASE && (u->registers[CONTROL] & 1);
}

static void write_register(void *ctx, const volatile void *at, uint64_t value, unsigned width)
{
    struct fake_amdvi *fake = ctx;
    struct fake_amdvi_unit *u = &fake->units[unit_at(fake, at)];
    unsigned offset = offset_at(fake, at);

    if (fake->write_count < FAKE_AMDVI_WRITES)
        fake->writes[fake->write_count++] = (struct fake_amdvi_write){ unit_at(fake, at), offset, value };
    if (u->absent || ignored(u, offset))
        return;
    if (offset == STATUS) {
        put(u->registers + STATUS, get(u->registers + STATUS, 4) & ~(value & RW1C), 4);
        return;
    }
    if (offset == CONTROL)
        value &= ~u->control_zero;
    put(u->registers + offset, value, width);
    if (offset == CONTROL)
        follow_control(fake, u);
    if (offset == CMD_TAIL)
        run_commands(fake, u);
}

static void write32(void *ctx, volatile void *at, uint32_t value)
{
    write_register(ctx, at, value, 4);
}

static void write64(void *ctx, volatile void *at, uint64_t value)
{
    write_register(ctx, at, value, 8);
}

/* ---- PCI ---- */

static struct fake_amdvi_function *function_of(struct fake_amdvi *fake, uint16_t segment, uint16_t rid)
{
    for (size_t i = 0; i < fake->function_count; i++)
        if (fake->functions[i].segment == segment && fake->functions[i].rid == rid)
            return &fake->functions[i];
    return NULL;
}

static uint32_t pci_read(void *ctx, uint16_t segment, uint16_t rid, uint16_t offset, unsigned width)
{
    const struct fake_amdvi_function *f = function_of(ctx, segment, rid);

    if (f == NULL || offset + width > 256)
        return UINT32_MAX >> (32 - 8 * width);
    return fake_amdvi_config_get(f, offset, width);
}

static void pci_write(void *ctx, uint16_t segment, uint16_t rid, uint16_t offset, unsigned width, uint32_t value)
{
    struct fake_amdvi *fake = ctx;
    struct fake_amdvi_function *f = function_of(fake, segment, rid);

    fake->config_writes++;
    if (f != NULL && offset + width <= 256)
        fake_amdvi_config(f, offset, width, value);
}

static void bus_master_off(void *ctx, uint16_t segment, uint16_t rid)
{
    struct fake_amdvi *fake = ctx;

    (void)segment;
    if (fake->stopped_count == 0)
        fake->stopped_while_on = (fake->units[0].registers[CONTROL] & 1) != 0;
    if (fake->stopped_count < 16)
        fake->stopped[fake->stopped_count++] = rid;
}

struct fake_amdvi_function *fake_amdvi_function(struct fake_amdvi *fake, uint16_t segment, uint16_t rid,
                                                uint32_t id, uint32_t class_code)
{
    struct fake_amdvi_function *f = &fake->functions[fake->function_count++];

    *f = (struct fake_amdvi_function){ .segment = segment, .rid = rid };
    fake_amdvi_config(f, 0, 4, id);
    fake_amdvi_config(f, 8, 4, class_code << 8);
    return f;
}

void fake_amdvi_config(struct fake_amdvi_function *f, unsigned offset, unsigned width, uint32_t value)
{
    put(f->config + offset, value, width);
}

uint32_t fake_amdvi_config_get(const struct fake_amdvi_function *f, unsigned offset, unsigned width)
{
    return (uint32_t)get(f->config + offset, width);
}

struct fake_amdvi_function *fake_amdvi_iommu(struct fake_amdvi *fake, uint16_t segment, uint16_t rid, uint32_t header)
{
    struct fake_amdvi_function *f = fake_amdvi_function(fake, segment, rid, 0x14511022, 0x080600);

    fake_amdvi_config(f, 0x06, 2, 0x10);
    fake_amdvi_config(f, 0x34, 1, 0x64);
    fake_amdvi_config(f, 0x64, 4, 0x00800000u | 0x5800 | 0x05); /* 64-bit MSI */
    fake_amdvi_config(f, 0x58, 4, 0x00800000u | 0x4000 | 0x05);
    fake_amdvi_config(f, 0x40, 4, header | 3u << 16 | 0x0f);
    return f;
}

/* ---- the rest of the platform ---- */

static bool fault_interrupt(void *ctx, unsigned unit, struct iommu_msi *msi)
{
    const struct fake_amdvi *fake = ctx;

    *msi = (struct iommu_msi){ fake->message.address, fake->message.data + unit };
    return !fake->no_message;
}

static void log_line(void *ctx, enum iommu_log_level level, const char *format, va_list args)
{
    struct fake_amdvi *fake = ctx;
    size_t left = sizeof(fake->text) - fake->text_len;
    int len = vsnprintf(fake->text + fake->text_len, left, format, args);

    (void)level;
    if (len > 0 && (size_t)len + 2 < left) {
        fake->text_len += (size_t)len;
        fake->text[fake->text_len++] = '\n';
        fake->text[fake->text_len] = '\0';
    }
}

bool fake_amdvi_logged(const struct fake_amdvi *fake, const char *text)
{
    return strstr(fake->text, text) != NULL;
}

size_t fake_amdvi_find(const struct fake_amdvi *fake, size_t position, unsigned unit, unsigned offset, uint64_t bits)
{
    for (size_t i = position; i < fake->write_count; i++)
        if (fake->writes[i].unit == unit && fake->writes[i].offset == offset &&
            (fake->writes[i].value & bits) == bits)
            return i;
    return SIZE_MAX;
}

void fake_amdvi_init(struct fake_amdvi *fake, size_t pages)
{
    struct iommu_platform *p = &fake->memory.platform;

    memset(fake, 0, sizeof(*fake));
    fake_platform_init(&fake->memory, pages);
    p->mmio_map = map;
    p->mmio_unmap = unmap;
    p->mmio_read32 = read32;
    p->mmio_read64 = read64;
    p->mmio_write32 = write32;
    p->mmio_write64 = write64;
    p->pci_read = pci_read;
    p->pci_write = pci_write;
    p->bus_master_off = bus_master_off;
    p->fault_interrupt = fault_interrupt;
    p->log = log_line;
    fake->message = (struct iommu_msi){ 0xfee05000, 0x41 };
}

void fake_amdvi_free(struct fake_amdvi *fake)
{
    fake_platform_free(&fake->memory);
}

/* ---- the table (AMD-Vi §5.2) ---- */

static void add(struct fake_amdvi *fake, uint64_t value, unsigned width)
{
    put(fake->table + fake->table_len, value, width);
    fake->table_len += width;
}

/* The length of the block that is open. */
static void close_block(struct fake_amdvi *fake)
{
    if (fake->block != 0)
        put(fake->table + fake->block + 2, fake->table_len - fake->block, 2);
    fake->block = fake->table_len;
}

void fake_ivrs_begin(struct fake_amdvi *fake, uint32_t ivinfo)
{
    memset(fake->table, 0, sizeof(fake->table));
    memcpy(fake->table, "IVRS", 4);
    fake->table[8] = 2;
    put(fake->table + 36, ivinfo, 4);
    fake->table_len = 48;
    fake->block = 0;
}

void fake_ivrs_ivhd(struct fake_amdvi *fake, uint8_t type, uint8_t flags, uint16_t rid, uint64_t base, uint64_t efr)
{
    close_block(fake);
    add(fake, type, 1);
    add(fake, flags, 1);
    add(fake, 0, 2);
    add(fake, rid, 2);
    add(fake, 0x40, 2);
    add(fake, base, 8);
    add(fake, 0, 8); /* segment, info, features */
    if (type != 0x10) {
        add(fake, efr, 8);
        add(fake, 0, 8);
    }
}

void fake_ivrs_entry(struct fake_amdvi *fake, uint8_t type, uint16_t rid, uint8_t setting)
{
    add(fake, type, 1);
    add(fake, rid, 2);
    add(fake, setting, 1);
}

void fake_ivrs_alias(struct fake_amdvi *fake, uint8_t type, uint16_t rid, uint8_t setting, uint16_t alias)
{
    fake_ivrs_entry(fake, type, rid, setting);
    add(fake, 0, 1);
    add(fake, alias, 2);
    add(fake, 0, 1);
}

void fake_ivrs_special(struct fake_amdvi *fake, uint8_t variety, uint8_t handle, uint16_t rid, uint8_t setting)
{
    fake_ivrs_entry(fake, 0x48, 0, setting);
    add(fake, handle, 1);
    add(fake, rid, 2);
    add(fake, variety, 1);
}

void fake_ivrs_ivmd(struct fake_amdvi *fake, uint8_t type, uint8_t flags, uint16_t first, uint16_t last,
                    uint64_t start, uint64_t len)
{
    close_block(fake);
    add(fake, type, 1);
    add(fake, flags, 1);
    add(fake, 0, 2);
    add(fake, first, 2);
    add(fake, last, 2);
    add(fake, 0, 8);
    add(fake, start, 8);
    add(fake, len, 8);
}

void fake_ivrs_end(struct fake_amdvi *fake)
{
    uint8_t sum = 0;

    close_block(fake);
    put(fake->table + 4, fake->table_len, 4);
    fake->table[9] = 0;
    for (size_t i = 0; i < fake->table_len; i++)
        sum = (uint8_t)(sum + fake->table[i]);
    fake->table[9] = (uint8_t)(0u - sum);
}
