/* SPDX-License-Identifier: BSD-2-Clause */
/* MCFG: the configuration windows of each segment. PCI Firmware 3.3 §4.1.2 */
#include "judge_internal.h"

#define MCFG_FIXED 44u
#define MCFG_ENTRY 16u
#define BUS_BYTES_SHIFT 20

static const struct judge_rule length_rule = {
    FW_WARNING,
    "mcfg-length",
    "Linux ignores what is behind the last whole entry",
    "firmware update",
    "PCI Firmware 3.3 §4.1.2",
};
static const struct judge_rule buses = {
    FW_ERROR,
    "mcfg-buses",
    "Linux ignores the whole table",
    "firmware update",
    "PCI Firmware 3.3 §4.1.2",
};
static const struct judge_rule base_rule = {
    FW_ERROR,
    "mcfg-base",
    "Linux ignores a window at 0 and the extended registers of its functions are lost",
    "firmware update",
    "PCI Firmware 3.3 §4.1.2",
};
static const struct judge_rule overlap = {
    FW_ERROR,
    "mcfg-overlap",
    "Linux takes the first window of a bus",
    "firmware update",
    "PCI Firmware 3.3 §4.1.2",
};
static const struct judge_rule in_ram = {
    FW_ERROR,
    "mcfg-in-ram",
    "Linux does not use a window that firmware did not reserve",
    "firmware update",
    "PCI Firmware 3.3 §4.1.2",
};

struct window {
    uint64_t base;
    uint16_t segment;
    uint8_t first, last;
};

static struct window window_at(const struct judge_table *mcfg, uint32_t at)
{
    const uint8_t *e = mcfg->bytes + at;

    return (struct window) { bytes_u64(e), bytes_u16(e + 8), e[10], e[11] };
}

static void judge_window(struct judge *j, const struct judge_table *mcfg, uint32_t at)
{
    struct window w = window_at(mcfg, at);
    uint64_t start = w.base + ((uint64_t)w.first << BUS_BYTES_SHIFT);

    if (w.first > w.last) {
        judge_found(j, &buses, mcfg, at + 10, "segment %u has buses %02x to %02x", w.segment,
                    w.first, w.last);
        return;
    }
    if (w.base == 0 || (w.base & (JUDGE_MIB - 1)) != 0) {
        judge_found(j, &base_rule, mcfg, at, "segment %u has its window at 0x%llx", w.segment,
                    (unsigned long long)w.base);
        return;
    }
    if (judge_memory_of(j, start, w.base + ((w.last + 1ull) << BUS_BYTES_SHIFT), FW_MEMORY_RAM) !=
        NULL)
        judge_found(j, &in_ram, mcfg, at, "the window of segment %u at 0x%llx lies in RAM",
                    w.segment, (unsigned long long)start);
    for (uint32_t other = MCFG_FIXED; other < at; other += MCFG_ENTRY) {
        struct window o = window_at(mcfg, other);

        if (o.segment == w.segment && o.first <= w.last && w.first <= o.last) {
            judge_found(j, &overlap, mcfg, at,
                        "segment %u has buses %02x to %02x here and %02x to %02x at 0x%x",
                        w.segment, w.first, w.last, o.first, o.last, other);
            return;
        }
    }
}

void judge_mcfg(struct judge *j, const struct judge_table *mcfg)
{
    uint32_t at = MCFG_FIXED;

    for (; mcfg->len - at >= MCFG_ENTRY; at += MCFG_ENTRY)
        judge_window(j, mcfg, at);
    if (at != mcfg->len || at == MCFG_FIXED)
        judge_found(j, &length_rule, mcfg, 4,
                    "%u bytes are no whole number of entries of %u bytes behind the first %u",
                    mcfg->len, MCFG_ENTRY, MCFG_FIXED);
}
