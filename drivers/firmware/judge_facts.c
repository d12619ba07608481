/* SPDX-License-Identifier: BSD-2-Clause */
/* Looks the facts up that checks compare the tables with. What is not known is answered so that
 * nothing follows from it. */
#include "judge_internal.h"

static bool overlaps(const struct fw_memory *m, uint64_t start, uint64_t end)
{
    return m->start < end && start < m->end;
}

const struct fw_memory *judge_memory_of(const struct judge *j, uint64_t start, uint64_t end,
                                        enum fw_memory_kind kind)
{
    for (size_t i = 0; i < j->facts->memory_count; i++) {
        const struct fw_memory *m = &j->facts->memory[i];

        if (m->kind == kind && overlaps(m, start, end))
            return m;
    }
    return NULL;
}

bool judge_memory_is(const struct judge *j, uint64_t start, uint64_t end, enum fw_memory_kind kind)
{
    while (start < end) {
        const struct fw_memory *m = judge_memory_of(j, start, start + 1, kind);

        if (m == NULL)
            return false;
        start = m->end;
    }
    return true;
}

uint64_t judge_ram_end(const struct judge *j)
{
    uint64_t end = 0;

    for (size_t i = 0; i < j->facts->memory_count; i++)
        if (j->facts->memory[i].kind == FW_MEMORY_RAM && j->facts->memory[i].end > end)
            end = j->facts->memory[i].end;
    return end;
}

const struct pci_function *judge_function(const struct judge *j, uint16_t segment, uint16_t rid)
{
    const struct pci_function *f = j->facts->functions;

    while (f != NULL && (f->segment != segment || f->rid != rid))
        f = f->next;
    return f;
}

#define MCFG_FIXED 44u
#define MCFG_ENTRY 16u

bool judge_bus_known(const struct judge *j, uint16_t segment, unsigned bus)
{
    const struct judge_table mcfg = judge_table(j, "MCFG");

    if (mcfg.bytes == NULL)
        return segment == 0;
    for (uint32_t at = MCFG_FIXED; at + MCFG_ENTRY <= mcfg.len; at += MCFG_ENTRY)
        if (bytes_u16(mcfg.bytes + at + 8) == segment && bus >= mcfg.bytes[at + 10] &&
            bus <= mcfg.bytes[at + 11])
            return true;
    return false;
}

bool judge_segment_known(const struct judge *j, uint16_t segment)
{
    const struct judge_table mcfg = judge_table(j, "MCFG");

    if (mcfg.bytes == NULL)
        return true;
    for (uint32_t at = MCFG_FIXED; at + MCFG_ENTRY <= mcfg.len; at += MCFG_ENTRY)
        if (bytes_u16(mcfg.bytes + at + 8) == segment)
            return true;
    return false;
}

const struct fw_unit_state *judge_unit_state(const struct judge *j, uint64_t registers_pa)
{
    for (size_t i = 0; i < j->facts->unit_count; i++)
        if (j->facts->units[i].registers_pa == registers_pa)
            return &j->facts->units[i];
    return NULL;
}

const struct pci_function *judge_bar_above(const struct judge *j, uint64_t limit, uint64_t *bar_end)
{
    for (const struct pci_function *f = j->facts->functions; f != NULL; f = f->next)
        for (size_t i = 0; i < sizeof(f->bars) / sizeof(f->bars[0]); i++)
            if (!f->bars[i].io && f->bars[i].len != 0 && f->bars[i].pa + f->bars[i].len > limit) {
                *bar_end = f->bars[i].pa + f->bars[i].len;
                return f;
            }
    return NULL;
}
