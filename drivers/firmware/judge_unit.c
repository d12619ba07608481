/* SPDX-License-Identifier: BSD-2-Clause */
/* What holds for remapping units of both vendors: where their registers are, and address widths. */
#include "judge_internal.h"

#define PHYSICAL_END (1ull << 52)

static const struct judge_rule base_zero = {
    FW_ERROR,
    "unit-base-zero",
    "Linux calls the table broken and leaves DMA remapping off altogether (DMAR), or the block is "
    "invalid (IVRS)",
    "switch the IOMMU off and on again in the firmware setup; firmware update",
    "VT-d §8.3, AMD-Vi §5.2.2",
};
static const struct judge_rule base_ones = {
    FW_ERROR,
    "unit-base-all-ones",
    "Linux cannot map such an address, or reads all ones there: DMA remapping stays off altogether",
    "switch VT-d or the IOMMU on in the firmware setup; firmware update",
    "VT-d §8.3, AMD-Vi §5.2.2",
};
static const struct judge_rule base_unaligned = {
    FW_ERROR,
    "unit-base-unaligned",
    "a unit decodes aligned addresses only: what is read there are other registers",
    "firmware update",
    "VT-d §8.3, AMD-Vi §3.2",
};
static const struct judge_rule base_ram = {
    FW_ERROR,
    "unit-base-in-ram",
    "the operating system hands the page out as memory: what it writes there commands the unit, or "
    "the unit is not there",
    "firmware update; memmap=4K$ADDRESS keeps Linux away from it",
    "VT-d §8.3, AMD-Vi §5.2.2",
};
static const struct judge_rule base_shared = {
    FW_ERROR,
    "unit-base-shared",
    "Linux keeps the first DRHD of an address and drops the other; an IVHD whose registers are "
    "taken fails",
    "firmware update",
    "VT-d §8.3, AMD-Vi §5.2.2",
};
static const struct judge_rule base_high = {
    FW_ERROR,          "unit-base-unreachable",    "the processor cannot address the registers",
    "firmware update", "VT-d §8.3, AMD-Vi §5.2.2",
};
static const struct judge_rule unit_dead = {
    FW_ERROR,
    "unit-dead",
    "Linux sees that the registers read as all ones and leaves DMA remapping off altogether",
    "switch VT-d or the IOMMU on in the firmware setup; firmware update",
    "VT-d §8.3, AMD-Vi §5.2.2",
};
static const struct judge_rule width_ram = {
    FW_ERROR,
    "address-width-below-ram",
    "a driver that trusts the width cannot map memory above it for DMA",
    "firmware update",
    "VT-d §8.1, AMD-Vi §5.2.1",
};
static const struct judge_rule width_bar = {
    FW_WARNING,
    "address-width-below-bar",
    "peer-to-peer DMA to that BAR cannot be mapped",
    "switch large or above-4G BARs off in the firmware setup; firmware update",
    "VT-d §8.1, AMD-Vi §5.2.1",
};

/* False: there is nothing at the address to compare further with. */
static bool base_usable(struct judge *j, const struct judge_unit *u)
{
    unsigned bits = j->facts->cpu_physical_bits;

    if (u->registers_pa == 0) {
        judge_found(j, &base_zero, u->table, u->offset, "the unit's register base is 0");
        return false;
    }
    if ((u->registers_pa | JUDGE_PAGE_MASK) == UINT64_MAX ||
        (u->registers_pa | JUDGE_PAGE_MASK) == UINT32_MAX) {
        judge_found(j, &base_ones, u->table, u->offset,
                    "the unit's register base is all ones: 0x%llx",
                    (unsigned long long)u->registers_pa);
        return false;
    }
    if (u->registers_pa >= PHYSICAL_END ||
        (bits != 0 && bits < 52 && u->registers_pa >> bits != 0)) {
        judge_found(j, &base_high, u->table, u->offset,
                    "the unit's register base 0x%llx has more than the processor's %u bits",
                    (unsigned long long)u->registers_pa, bits == 0 ? 52 : bits);
        return false;
    }
    return true;
}

void judge_unit_registers(struct judge *j, const struct judge_unit *u)
{
    const struct fw_unit_state *state = judge_unit_state(j, u->registers_pa);
    const struct fw_memory *ram;

    if (!base_usable(j, u))
        return;
    if ((u->registers_pa & (u->registers_len - 1)) != 0)
        judge_found(j, &base_unaligned, u->table, u->offset,
                    "the unit's register base 0x%llx is not aligned to its size of 0x%llx bytes",
                    (unsigned long long)u->registers_pa, (unsigned long long)u->registers_len);
    ram = judge_memory_of(j, u->registers_pa, u->registers_pa + u->registers_len, FW_MEMORY_RAM);
    if (ram != NULL)
        judge_found(
            j, &base_ram, u->table, u->offset,
            "the unit's registers at 0x%llx lie in RAM (0x%llx to 0x%llx in the memory map)",
            (unsigned long long)u->registers_pa, (unsigned long long)ram->start,
            (unsigned long long)ram->end - 1);
    if (u->repeated)
        judge_found(j, &base_shared, u->table, u->offset,
                    "an earlier unit has the same register base 0x%llx",
                    (unsigned long long)u->registers_pa);
    if (state != NULL && !state->answers)
        judge_found(j, &unit_dead, u->table, u->offset,
                    "the unit's registers at 0x%llx read as all ones",
                    (unsigned long long)u->registers_pa);
}

void judge_address_width(struct judge *j, const struct judge_table *t, uint32_t offset,
                         unsigned bits, const char *name)
{
    const struct pci_function *f;
    uint64_t limit, end = judge_ram_end(j);

    if (bits == 0 || bits >= 64)
        return;
    limit = 1ull << bits;
    if (end > limit)
        judge_found(j, &width_ram, t, offset,
                    "%s of %u bits ends at 0x%llx, RAM reaches up to 0x%llx", name, bits,
                    (unsigned long long)limit - 1, (unsigned long long)end - 1);
    f = judge_bar_above(j, limit, &end);
    if (f != NULL)
        judge_found(j, &width_bar, t, offset,
                    "%s of %u bits ends at 0x%llx, a BAR of " PCI_FORMAT " at 0x%llx", name, bits,
                    (unsigned long long)limit - 1, PCI_ARGS(f), (unsigned long long)end - 1);
}
