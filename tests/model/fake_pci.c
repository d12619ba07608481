/* SPDX-License-Identifier: BSD-2-Clause */
#include "fake_pci.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No such address is ever mapped in a process: a stray access faults. */
#define FAKE_MAPPED 0x1000000000000000ull
#define SEGMENT_BYTES (1ull << 28)
#define COMMAND_WRITABLE 0x0547u

static unsigned long long pa_of(const volatile void *at)
{
    return (uintptr_t)at - FAKE_MAPPED;
}

static void *fake_map(void *ctx, uint64_t pa, uint64_t len)
{
    struct fake_pci *fake = ctx;

    (void)len;
    fake->maps++;
    return fake->map_fails ? NULL : (void *)(uintptr_t)(FAKE_MAPPED + pa);
}

static struct fake_pci_function *find(struct fake_pci *fake, uint32_t segment, uint32_t rid)
{
    for (size_t i = 0; i < fake->count; i++)
        if (fake->functions[i].segment == segment && fake->functions[i].rid == rid)
            return &fake->functions[i];
    return NULL;
}

uint32_t fake_pci_get(const struct fake_pci_function *f, uint16_t offset, unsigned width)
{
    uint32_t value = 0;

    memcpy(&value, f->config + offset, width);
    return value;
}

void fake_pci_set(struct fake_pci_function *f, uint16_t offset, unsigned width, uint32_t value)
{
    memcpy(f->config + offset, &value, width);
}

static void bar_write(struct fake_pci *fake, struct fake_pci_function *f, unsigned index,
                      uint32_t value)
{
    uint16_t at = (uint16_t)(0x10 + 4 * index);
    uint32_t old = fake_pci_get(f, at, 4);
    uint32_t new = (old & ~f->bar_writable[index]) | (value & f->bar_writable[index]);

    if (new != old && (f->config[4] & 3u) != 0)
        fake->bar_moved_while_decoding++;
    fake_pci_set(f, at, 4, new);
}

/* Byte by byte, since a 4-byte access covers COMMAND and STATUS. */
static void config_write(struct fake_pci *fake, struct fake_pci_function *f, uint32_t offset,
                         unsigned width, uint32_t value)
{
    if ((f->config[0x0e] & 0x7f) == 0 && offset >= 0x10 && offset < 0x28) {
        if (width == 4)
            bar_write(fake, f, (offset - 0x10) / 4, value);
        return;
    }
    for (unsigned i = 0; i < width; i++) {
        uint8_t byte = (uint8_t)(value >> (8 * i)), writable = 0xff;
        uint32_t at = offset + i;

        if (at == 6 || at == 7) {
            f->config[at] = (uint8_t)(f->config[at] & ~(byte & (at == 7 ? 0xf9 : 0)));
            continue;
        }
        if (at < 0x40)
            writable = at == 4 ? COMMAND_WRITABLE & 0xff : at == 5 ? COMMAND_WRITABLE >> 8 : 0;
        f->config[at] = (uint8_t)((f->config[at] & ~writable) | (byte & writable));
    }
}

static uint32_t all_ones(unsigned width)
{
    return ~0u >> (32 - 8 * width);
}

/* Where an address in an ECAM window leads; false: it is in none. */
static bool ecam_decode(struct fake_pci *fake, uint64_t pa, struct fake_pci_function **f,
                        uint32_t *offset)
{
    if (pa < FAKE_PCI_ECAM || pa >= FAKE_PCI_ECAM + 8 * SEGMENT_BYTES)
        return false;
    fake->ecam_accesses++;
    *f = fake->ecam_dead
             ? NULL
             : find(fake, (uint32_t)((pa - FAKE_PCI_ECAM) / SEGMENT_BYTES), pa >> 12 & 0xffff);
    *offset = pa & 0xfff;
    return true;
}

static uint8_t *register_at(struct fake_pci *fake, uint64_t pa, unsigned width)
{
    if (pa < FAKE_PCI_REGISTERS || pa - FAKE_PCI_REGISTERS + width > FAKE_PCI_REGISTER_BYTES)
        abort();
    return fake->registers + (pa - FAKE_PCI_REGISTERS);
}

static uint32_t fake_read(void *ctx, const volatile void *at, unsigned width)
{
    struct fake_pci *fake = ctx;
    struct fake_pci_function *f;
    uint32_t offset, value = 0;

    if (pa_of(at) % width != 0)
        fake->bad_width_accesses++;
    fake->write_on_its_way = false;
    if (ecam_decode(fake, pa_of(at), &f, &offset))
        return f == NULL ? all_ones(width) : fake_pci_get(f, (uint16_t)offset, width);
    memcpy(&value, register_at(fake, pa_of(at), width), width);
    return value;
}

static void fake_write(void *ctx, volatile void *at, unsigned width, uint32_t value)
{
    struct fake_pci *fake = ctx;
    struct fake_pci_function *f;
    uint32_t offset;

    if (pa_of(at) % width != 0)
        fake->bad_width_accesses++;
    fake->write_on_its_way = true;
    if (fake->read_only)
        return;
    if (!ecam_decode(fake, pa_of(at), &f, &offset))
        memcpy(register_at(fake, pa_of(at), width), &value, width);
    else if (f != NULL)
        config_write(fake, f, offset, width, value);
}

/* The function that CF8h selects, NULL: none. */
static struct fake_pci_function *port_target(struct fake_pci *fake)
{
    fake->port_accesses++;
    if (fake->ports_dead || !(fake->port_address >> 31))
        return NULL;
    return find(fake, 0, fake->port_address >> 8 & 0xffff);
}

static uint32_t fake_port_read(void *ctx, uint16_t port)
{
    struct fake_pci *fake = ctx;
    struct fake_pci_function *f;

    if (port == 0xcf8)
        return fake->port_address;
    f = port_target(fake);
    return f == NULL ? ~0u : fake_pci_get(f, fake->port_address & 0xfc, 4);
}

static void fake_port_write(void *ctx, uint16_t port, uint32_t value)
{
    struct fake_pci *fake = ctx;
    struct fake_pci_function *f;

    if (port == 0xcf8) {
        fake->port_address = value;
        return;
    }
    f = port_target(fake);
    if (f != NULL)
        config_write(fake, f, fake->port_address & 0xfc, 4, value);
}

static void *fake_alloc(void *ctx, size_t bytes)
{
    struct fake_pci *fake = ctx;

    if (fake->allocs + 1 == fake->fail_alloc ||
        fake->allocs == sizeof(fake->blocks) / sizeof(fake->blocks[0]))
        return NULL;
    return fake->blocks[fake->allocs++] = calloc(1, bytes);
}

static void fake_log(void *ctx, const char *format, va_list args)
{
    struct fake_pci *fake = ctx;
    size_t used = strlen(fake->log);

    vsnprintf(fake->log + used, sizeof(fake->log) - used, format, args);
    used = strlen(fake->log);
    snprintf(fake->log + used, sizeof(fake->log) - used, "\n");
}

const struct pci_host fake_pci_host = {
    .mmio_map = fake_map,
    .mmio_read = fake_read,
    .mmio_write = fake_write,
    .port_read32 = fake_port_read,
    .port_write32 = fake_port_write,
    .alloc = fake_alloc,
    .log = fake_log,
};

void fake_pci_reset(struct fake_pci *fake)
{
    for (size_t i = 0; i < fake->allocs; i++)
        free(fake->blocks[i]);
    memset(fake, 0, sizeof(*fake));
}

struct fake_pci_function *fake_pci_add(struct fake_pci *fake, uint16_t segment, uint16_t rid,
                                       uint32_t vendor_device, uint32_t class_code)
{
    struct fake_pci_function *f = &fake->functions[fake->count++];

    if (fake->count > FAKE_PCI_FUNCTIONS)
        abort();
    f->segment = segment;
    f->rid = rid;
    fake_pci_set(f, 0x00, 4, vendor_device);
    fake_pci_set(f, 0x04, 2, 0x0007);
    fake_pci_set(f, 0x08, 4, class_code << 8 | 0x01);
    return f;
}

struct fake_pci_function *fake_pci_add_bridge(struct fake_pci *fake, uint16_t rid,
                                              uint8_t secondary, uint8_t subordinate)
{
    struct fake_pci_function *f = fake_pci_add(fake, 0, rid, 0x000c1b36, 0x060400);

    fake_pci_set(f, 0x0e, 1, 0x01);
    fake_pci_set(f, 0x18, 1, rid >> 8);
    fake_pci_set(f, 0x19, 1, secondary);
    fake_pci_set(f, 0x1a, 1, subordinate);
    return f;
}

void fake_pci_cap(struct fake_pci_function *f, uint8_t at, uint8_t id, uint8_t next)
{
    f->config[0x06] |= 0x10;
    if (f->config[0x34] == 0)
        f->config[0x34] = at;
    f->config[at] = id;
    f->config[at + 1] = next;
}

void fake_pci_express(struct fake_pci_function *f, enum pci_express_type type)
{
    fake_pci_cap(f, 0x40, 0x10, 0);
    fake_pci_set(f, 0x42, 2, (uint32_t)type << 4 | 2u);
}

void fake_pci_bar(struct fake_pci_function *f, unsigned index, uint32_t value, uint32_t len)
{
    fake_pci_set(f, (uint16_t)(0x10 + 4 * index), 4, value);
    f->bar_writable[index] = ~(len - 1);
}

struct pci_ecam fake_pci_window(uint16_t segment)
{
    return (struct pci_ecam){ .base_pa = FAKE_PCI_ECAM + segment * SEGMENT_BYTES,
                              .segment = segment,
                              .end_bus = 255 };
}

struct pci *fake_pci_start(struct fake_pci *fake)
{
    struct pci_ecam window = fake_pci_window(0);

    return pci_enumerate(&fake_pci_host, fake, &window, 1, true);
}

bool fake_pci_logged(const struct fake_pci *fake, const char *text)
{
    return strstr(fake->log, text) != NULL;
}
