/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The entries of an MSI-X table. Table and pending bits lie where the function
 * says, in a BAR of its own: what reaches beyond is not touched.
 * Source: PCI Local Bus 3.0 §6.8.2
 */
#include "pci_internal.h"

#define MSIX_CONTROL            0x02
#define MSIX_CONTROL_SIZE       PCI_BITS32(10, 0)   /* entries - 1 */
#define MSIX_CONTROL_MASK       PCI_BIT32(14)
#define MSIX_CONTROL_ENABLE     PCI_BIT32(15)
#define MSIX_TABLE              0x04
#define MSIX_PENDING            0x08
#define MSIX_BIR                PCI_BITS32(2, 0)    /* of both */
#define MSIX_OFFSET             PCI_BITS32(31, 3)
#define MSIX_BYTES              0x0cu               /* of the capability */
#define MSIX_ENTRY_BYTES        16u
#define MSIX_ENTRY_ADDRESS      0u
#define MSIX_ENTRY_UPPER        4u
#define MSIX_ENTRY_DATA         8u
#define MSIX_ENTRY_CONTROL      12u
#define MSIX_ENTRY_MASKED       PCI_BIT32(0)
#define MSIX_PENDING_BITS       64u                 /* in one word of them */

static struct pci_function_state *state_of(const struct pci_function *f)
{
    return (struct pci_function_state *)(uintptr_t)f;
}

static uint32_t control_of(const struct pci_function *f)
{
    return pci_read(f, (uint16_t)(f->cap_msix + MSIX_CONTROL), 2);
}

static void set_control(const struct pci_function *f, uint32_t control)
{
    pci_write(f, (uint16_t)(f->cap_msix + MSIX_CONTROL), 2, control);
}

/* What the capability's word at that offset points to; NULL, logged: it is not in a BAR of memory. */
static volatile uint8_t *map_part(struct pci_function *f, unsigned word, uint64_t len, const char *const why[4])
{
    uint32_t place = pci_read(f, (uint16_t)(f->cap_msix + word), 4);
    uint32_t bir = place & MSIX_BIR;
    uint64_t offset = place & MSIX_OFFSET;
    volatile uint8_t *window;
    const struct pci_bar *bar;

    if (bir >= sizeof(f->bars) / sizeof(f->bars[0])) {
        pci_no_interrupt(f, why[0]);
        return NULL;
    }
    bar = &f->bars[bir];
    if (bar->len == 0 || bar->io) {
        pci_no_interrupt(f, why[1]);
        return NULL;
    }
    if (offset > bar->len || len > bar->len - offset) {
        pci_no_interrupt(f, why[2]);
        return NULL;
    }
    window = f->pci->host->mmio_map(f->pci->ctx, bar->pa + offset, len);
    if (window == NULL)
        pci_no_interrupt(f, why[3]);
    return window;
}

/* Maps both parts, once, for the size that the device says then. */
static bool map_parts(struct pci_function *f)
{
    static const char *const table_why[] = {
        "MSI-X table is in a BAR that does not exist", "MSI-X table is in a BAR without memory",
        "MSI-X table reaches beyond its BAR", "MSI-X table cannot be mapped",
    };
    static const char *const pending_why[] = {
        "MSI-X pending bits are in a BAR that does not exist", "MSI-X pending bits are in a BAR without memory",
        "MSI-X pending bits reach beyond their BAR", "MSI-X pending bits cannot be mapped",
    };
    struct pci_function_state *state = state_of(f);
    uint64_t words;

    if (state->msix_table == NULL) {
        state->msix_entries = (control_of(f) & MSIX_CONTROL_SIZE) + 1;
        state->msix_table = map_part(f, MSIX_TABLE, (uint64_t)state->msix_entries * MSIX_ENTRY_BYTES, table_why);
    }
    if (state->msix_table == NULL)
        return false;
    words = (state->msix_entries + MSIX_PENDING_BITS - 1) / MSIX_PENDING_BITS;
    if (state->msix_pending == NULL)
        state->msix_pending = map_part(f, MSIX_PENDING, words * sizeof(uint64_t), pending_why);
    return state->msix_pending != NULL;
}

unsigned pci_msix_count(struct pci_function *f)
{
    if (f->cap_msix == 0)
        return 0;
    if (f->cap_msix + MSIX_BYTES > PCI_CONFIG_PORT_BYTES) {
        pci_no_interrupt(f, "MSI-X capability reaches beyond its place");
        return 0;
    }
    return map_parts(f) ? state_of(f)->msix_entries : 0;
}

static bool is_mapped(const struct pci_function *f, unsigned index)
{
    return state_of(f)->msix_pending != NULL && index < state_of(f)->msix_entries;
}

static uint32_t entry_read(const struct pci_function *f, unsigned index, unsigned part)
{
    if (!is_mapped(f, index))
        return 0;
    return f->pci->host->mmio_read(f->pci->ctx, state_of(f)->msix_table + index * MSIX_ENTRY_BYTES + part, 4);
}

static void entry_write(const struct pci_function *f, unsigned index, unsigned part, uint32_t value)
{
    if (!is_mapped(f, index))
        return;
    f->pci->host->mmio_write(f->pci->ctx, state_of(f)->msix_table + index * MSIX_ENTRY_BYTES + part, 4, value);
}

bool pci_msix_enable(struct pci_function *f)
{
    uint32_t control;
    unsigned count;

    if (!(pci_read(f, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY)) {
        pci_no_interrupt(f, "memory decode is off");
        return false;
    }
    count = pci_msix_count(f);
    if (count == 0)
        return false;
    control = control_of(f) | MSIX_CONTROL_ENABLE | MSIX_CONTROL_MASK;
    set_control(f, control);
    for (unsigned i = 0; i < count; i++)
        pci_msix_mask(f, i, true);
    set_control(f, control & ~MSIX_CONTROL_MASK);
    return true;
}

/* A message must not change while its entry is unmasked. */
void pci_msix_write(const struct pci_function *f, unsigned index, uint64_t address, uint32_t data)
{
    uint32_t control = entry_read(f, index, MSIX_ENTRY_CONTROL);

    entry_write(f, index, MSIX_ENTRY_CONTROL, control | MSIX_ENTRY_MASKED);
    entry_write(f, index, MSIX_ENTRY_ADDRESS, (uint32_t)address);
    entry_write(f, index, MSIX_ENTRY_UPPER, (uint32_t)(address >> 32));
    entry_write(f, index, MSIX_ENTRY_DATA, data);
    entry_write(f, index, MSIX_ENTRY_CONTROL, control);
}

void pci_msix_read(const struct pci_function *f, unsigned index, uint64_t *address, uint32_t *data)
{
    *address = entry_read(f, index, MSIX_ENTRY_ADDRESS) | (uint64_t)entry_read(f, index, MSIX_ENTRY_UPPER) << 32;
    *data = entry_read(f, index, MSIX_ENTRY_DATA);
}

void pci_msix_mask(const struct pci_function *f, unsigned index, bool masked)
{
    uint32_t control = entry_read(f, index, MSIX_ENTRY_CONTROL);

    entry_write(f, index, MSIX_ENTRY_CONTROL,
                masked ? control | MSIX_ENTRY_MASKED : control & ~MSIX_ENTRY_MASKED);
    /* The write is posted: no message leaves once it can be read back. */
    if (masked)
        (void)entry_read(f, index, MSIX_ENTRY_CONTROL);
}

bool pci_msix_pending(const struct pci_function *f, unsigned index)
{
    const volatile uint8_t *bits = state_of(f)->msix_pending;

    if (!is_mapped(f, index))
        return false;
    return (f->pci->host->mmio_read(f->pci->ctx, bits + index / 32 * 4, 4) & PCI_BIT32(index % 32)) != 0;
}

bool pci_msix_enabled(const struct pci_function *f)
{
    return f->cap_msix != 0 && (control_of(f) & MSIX_CONTROL_ENABLE) != 0;
}

void pci_msix_disable(const struct pci_function *f)
{
    if (f->cap_msix != 0)
        set_control(f, (control_of(f) | MSIX_CONTROL_MASK) & ~MSIX_CONTROL_ENABLE);
}
