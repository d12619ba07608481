/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Base address registers of type 0 functions. A register is sized by writing
 * ones, which moves the window: decoding is off meanwhile, and nothing is
 * logged until everything is back, since the console may be such a device.
 * Bridges of any kind are left alone: their decoding may carry the console or
 * the clock. Expansion ROMs and Enhanced Allocation are left out.
 * Source: PCI Local Bus 3.0 §6.2.5.1
 */
#include "pci_internal.h"

#define BAR_COUNT 6u

struct raw_bar {
    uint32_t value;     /* as found */
    uint32_t mask;      /* what it reads after ones were written */
};

static uint16_t bar_offset(unsigned index)
{
    return (uint16_t)(PCI_BAR0 + 4 * index);
}

static void bars_probe(const struct pci_function *f, struct raw_bar raw[BAR_COUNT])
{
    uint32_t command = pci_read(f, PCI_COMMAND, 2);

    pci_write(f, PCI_COMMAND, 2, command & ~(PCI_COMMAND_MEMORY | PCI_COMMAND_IO));
    for (unsigned i = 0; i < BAR_COUNT; i++) {
        raw[i].value = pci_read(f, bar_offset(i), 4);
        pci_write(f, bar_offset(i), 4, ~0u);
        raw[i].mask = pci_read(f, bar_offset(i), 4);
        pci_write(f, bar_offset(i), 4, raw[i].value);
    }
    pci_write(f, PCI_COMMAND, 2, command);
}

/* A size mask is ones down to one bit; its two's complement is the size. 0: it is none. */
static uint64_t mask_len(uint64_t mask)
{
    uint64_t len = ~mask + 1;

    return mask != 0 && (len & (len - 1)) == 0 ? len : 0;
}

static struct pci_bar io_bar(const struct raw_bar *raw)
{
    /* The upper half may be hard-wired to zero: I/O addresses have 16 bits. */
    uint64_t mask = ~0ull << 16 | (raw->mask & PCI_BAR_IO_ADDRESS & 0xffffu);

    return (
        struct pci_bar){ .io = true, .pa = raw->value & PCI_BAR_IO_ADDRESS, .len = mask_len(mask) };
}

static struct pci_bar memory_bar(const struct raw_bar *raw, bool is_64bit)
{
    uint64_t mask = ~0ull << 32 | (raw[0].mask & PCI_BAR_MEMORY_ADDRESS);
    uint64_t pa = raw[0].value & PCI_BAR_MEMORY_ADDRESS;

    if (is_64bit) {
        mask = (uint64_t)raw[1].mask << 32 | (raw[0].mask & PCI_BAR_MEMORY_ADDRESS);
        pa |= (uint64_t)raw[1].value << 32;
    }
    return (struct pci_bar){ .is_64bit = is_64bit,
                             .prefetchable = (raw[0].value & PCI_BAR_PREFETCH) != 0,
                             .pa = pa,
                             .len = mask_len(mask) };
}

static bool bar_is_64bit(const struct raw_bar *raw)
{
    return !(raw->value & PCI_BAR_IO) && (raw->value & PCI_BAR_TYPE) == PCI_BAR_TYPE_64;
}

void pci_bars_read(struct pci_function *f)
{
    struct raw_bar raw[BAR_COUNT];

    if (f->header_type != PCI_HEADER_DEVICE ||
        (f->class_code & PCI_CLASS_BASE) == PCI_CLASS_BASE_BRIDGE)
        return;
    bars_probe(f, raw);
    for (unsigned i = 0; i < BAR_COUNT; i++) {
        bool wide = bar_is_64bit(&raw[i]);

        if (raw[i].mask == 0)
            continue;
        if (wide && i + 1 == BAR_COUNT) {
            pci_log(f->pci, "pci: " PCI_FORMAT " last BAR says it has 64 bits: left out",
                    PCI_ARGS(f));
            return;
        }
        f->bars[i] = raw[i].value & PCI_BAR_IO ? io_bar(&raw[i]) : memory_bar(&raw[i], wide);
        if (f->bars[i].len == 0)
            pci_log(f->pci, "pci: " PCI_FORMAT " BAR %u has size mask 0x%x: left out", PCI_ARGS(f),
                    i, (unsigned)raw[i].mask);
        /* Never assigned by firmware: it decodes nothing. */
        if (f->bars[i].pa == 0)
            f->bars[i].len = 0;
        if (wide)
            i++;
    }
}
