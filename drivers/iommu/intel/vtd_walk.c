/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a VT-d unit does with a request, step by step: root entry, context entry
 * and second-stage tables of legacy mode (VT-d §3.4.2, §3.7, §9.1, §9.3, §9.8),
 * by the conditions of §7.1.3. The tables are those the unit has been given, its
 * own or a predecessor's, and may say anything. Scalable mode is left out.
 */
#include "intel/vtd.h"
#include "dump.h"

/* §7.1.3, Table 30 */
enum {
    ROOT_NOT_PRESENT = 0x1,
    CONTEXT_NOT_PRESENT = 0x2,
    CONTEXT_INVALID = 0x3,
    BEYOND_WIDTH = 0x4,
    NOT_READABLE = 0x6,
    TABLE_ACCESS = 0x7,
    ROOT_ACCESS = 0x8,
    CONTEXT_ACCESS = 0x9,
    ROOT_RESERVED = 0xa,
    CONTEXT_RESERVED = 0xb,
    TABLE_RESERVED = 0xc,
    OUTPUT_RANGE = 0xe,
    MODE_INVALID = 0x30,
    ABORT_DMA = 0x33,
};

#define ROOT_RESERVED_BITS      BITS64(11, 1)
#define CONTEXT_RESERVED_BITS   BITS64(11, 4)
#define CONTEXT_RESERVED_HIGH   (BIT64(71 - 64) | BITS64(127 - 64, 88 - 64))

/* §9.8 Second-stage entries */
#define SS_R                    BIT64(0)
#define SS_W                    BIT64(1)
#define SS_EMT                  BITS64(5, 3)
#define SS_IPAT                 BIT64(6)
#define SS_PS                   BIT64(7)
#define SS_A                    BIT64(8)
#define SS_D                    BIT64(9)
#define SS_SNP                  BIT64(11)
#define SS_ADDR                 BITS64(51, 12)
#define SS_IR                   BIT64(61)
#define SS_IW                   BIT64(62)
#define LEVEL_BITS 9u
#define LEVEL_ENTRIES 512u
#define LARGE_LEVELS 2u         /* levels 1 and 2 have large pages */

static const char *const type_names[] = { "second stage, no device-TLB",
                                          "second stage and device-TLB", "pass-through",
                                          "reserved" };
static const char *const width_names[] = { "reserved", "39 bits, 3 levels", "48 bits, 4 levels",
                                           "57 bits, 5 levels" };

static const struct dump_field gsts_list[] = { DUMP_FIELD("TES", VTD_GSTS_TES),
                                               DUMP_FIELD("RTPS", VTD_GSTS_RTPS) };
static const char *const mode_names[] = { "legacy", "scalable", "reserved", "abort DMA" };
static const struct dump_field rtaddr_list[] = {
    DUMP_ADDRESS("RTA", VTD_RTADDR_RTA), DUMP_MEANING("TTM", VTD_RTADDR_TTM, mode_names),
};
static const struct dump_field root_list[] = { DUMP_FIELD("P", VTD_ROOT_P),
                                               DUMP_ADDRESS("CTP", VTD_ROOT_CTP) };
static const struct dump_field context_list[] = {
    DUMP_FIELD("P", VTD_CONTEXT_P),
    DUMP_FIELD("FPD", VTD_CONTEXT_FPD),
    DUMP_MEANING("TT", VTD_CONTEXT_TT, type_names),
    DUMP_ADDRESS("SSPTPTR", VTD_CONTEXT_SSPTPTR),
    DUMP_MEANING_OF(1, "AW", VTD_CONTEXT_AW, width_names),
    DUMP_FIELD_OF(1, "DID", VTD_CONTEXT_DID),
};
static const struct dump_field ss_list[] = {
    DUMP_FIELD("R", SS_R),       DUMP_FIELD("W", SS_W),     DUMP_FIELD("EMT", SS_EMT),
    DUMP_FIELD("IPAT", SS_IPAT), DUMP_FIELD("PS", SS_PS),   DUMP_FIELD("A", SS_A),
    DUMP_FIELD("D", SS_D),       DUMP_FIELD("SNP", SS_SNP), DUMP_ADDRESS("ADDR", SS_ADDR),
    DUMP_FIELD("IR", SS_IR),     DUMP_FIELD("IW", SS_IW),
};
static const struct dump_fields gsts_fields = DUMP_FIELDS(gsts_list),
                                rtaddr_fields = DUMP_FIELDS(rtaddr_list),
                                root_fields = DUMP_FIELDS(root_list),
                                context_fields = DUMP_FIELDS(context_list),
                                ss_fields = DUMP_FIELDS(ss_list);

static const char *const level_names[] = { "level 1 entry", "level 2 entry", "level 3 entry",
                                           "level 4 entry", "level 5 entry" };

struct walk {
    struct vtd_unit *unit;
    const struct iommu_debug_visitor *visitor;
    struct iommu_debug_walk *out;
    uint16_t rid;
    uint64_t iova;
    struct vtd_context_entry context;
};

/* Bits of an address that the machine has not. */
static uint64_t beyond_host(const struct walk *w)
{
    return ~(iommu_width_end(w->unit->base.output_bits) - 1);
}

static bool registers(const struct walk *w)
{
    const struct reg_window *regs = &w->unit->regs;
    uint32_t status = reg_read32(regs, VTD_GSTS);
    uint64_t mode = field_get(reg_read64(regs, VTD_RTADDR), VTD_RTADDR_TTM);

    dump_register32(w->visitor, regs, "GSTS", VTD_GSTS, &gsts_fields);
    if (!(status & VTD_GSTS_TES)) {
        w->out->outcome = IOMMU_DEBUG_UNTRANSLATED;
        w->out->pa = w->iova;
        w->out->prot = IOMMU_RW;
        w->out->why = "translation is off (GSTS.TES = 0)";
        return false;
    }
    dump_register64(w->visitor, regs, "RTADDR", VTD_RTADDR, &rtaddr_fields);
    if (mode == VTD_TTM_ABORT_DMA && (w->unit->ecap & VTD_ECAP_ADMS))
        dump_refuse(w->out, ABORT_DMA, "the root table's mode is to abort every request");
    else if (mode == VTD_TTM_SCALABLE && (w->unit->ecap & VTD_ECAP_SMTS))
        dump_give_up(w->out, "tables of scalable mode are not looked at");
    else if (mode != VTD_TTM_LEGACY || (reg_read64(regs, VTD_RTADDR) & VTD_RTADDR_SSIRWE))
        dump_refuse(w->out, MODE_INVALID, "the root table's mode is none the unit has");
    return w->out->outcome != IOMMU_DEBUG_REFUSED && w->out->outcome != IOMMU_DEBUG_UNKNOWN;
}

/* A table that cannot be read. */
static bool no_memory(const struct walk *w, uint32_t reason, const char *why)
{
    dump_refuse(w->out, reason, why);
    w->out->outcome = IOMMU_DEBUG_UNKNOWN;
    return false;
}

static bool root_entry(const struct walk *w, uint64_t *contexts_pa)
{
    struct iommu_debug_item item = { .name = "root entry", .index = w->rid >> 8, .bits = 128 };

    item.at = (reg_read64(&w->unit->regs, VTD_RTADDR) & VTD_RTADDR_RTA) +
              item.index * sizeof(struct vtd_root_entry);
    if (!dump_read(&w->unit->base, item.at, item.words, 2))
        return no_memory(w, ROOT_ACCESS, "the root table lies where there is no memory");
    dump_item(w->visitor, &item, &root_fields);
    if (!(item.words[0] & VTD_ROOT_P)) {
        dump_refuse(w->out, ROOT_NOT_PRESENT, "the bus has no context table (P = 0)");
        return false;
    }
    if ((item.words[0] & (ROOT_RESERVED_BITS | (VTD_ROOT_CTP & beyond_host(w)))) ||
        item.words[1] != 0) {
        dump_refuse(w->out, ROOT_RESERVED, "a reserved bit of the root entry is set");
        return false;
    }
    *contexts_pa = item.words[0] & VTD_ROOT_CTP;
    return true;
}

/* §9.3 */
static bool context_is_programmed(const struct walk *w)
{
    unsigned type = (unsigned)field_get(w->context.lo, VTD_CONTEXT_TT);
    unsigned aw = (unsigned)field_get(w->context.hi, VTD_CONTEXT_AW);

    if (type > VTD_TT_PASS_THROUGH ||
        (type == VTD_TT_DEVICE_TLB && !(w->unit->ecap & VTD_ECAP_DT)) ||
        (type == VTD_TT_PASS_THROUGH && !(w->unit->ecap & VTD_ECAP_PT))) {
        dump_refuse(w->out, CONTEXT_INVALID, "the unit has no such translation type (TT)");
        return false;
    }
    if (aw < VTD_AW_OF_LEVELS(3u) || aw > VTD_AW_OF_LEVELS(5u) ||
        !(field_get(w->unit->cap, VTD_CAP_SAGAW) >> aw & 1)) {
        dump_refuse(w->out, CONTEXT_INVALID,
                    "the unit has no tables of that depth (AW, CAP.SAGAW)");
        return false;
    }
    if (type == VTD_TT_PASS_THROUGH && field_get(w->unit->cap, VTD_CAP_SAGAW) >> (aw + 1) != 0) {
        dump_refuse(w->out, CONTEXT_INVALID,
                    "pass-through wants the widest tables the unit has (AW)");
        return false;
    }
    return true;
}

/* Domain ids have 4 + 2 * CAP.ND bits (§11.4.2); the others are reserved. */
static bool context_has_reserved(const struct walk *w)
{
    unsigned id_bits = 4 + 2 * (unsigned)field_get(w->unit->cap, VTD_CAP_ND);
    uint64_t reserved = CONTEXT_RESERVED_BITS;

    if (field_get(w->context.lo, VTD_CONTEXT_TT) != VTD_TT_PASS_THROUGH)
        reserved |= VTD_CONTEXT_SSPTPTR & beyond_host(w);
    return (w->context.lo & reserved) || (w->context.hi & CONTEXT_RESERVED_HIGH) ||
           field_get(w->context.hi, VTD_CONTEXT_DID) >> id_bits != 0;
}

static bool context_entry(struct walk *w, uint64_t contexts_pa)
{
    struct iommu_debug_item item = { .name = "context entry", .index = w->rid & 0xff, .bits = 128 };

    item.at = contexts_pa + item.index * sizeof(struct vtd_context_entry);
    if (!dump_read(&w->unit->base, item.at, item.words, 2))
        return no_memory(w, CONTEXT_ACCESS, "the context table lies where there is no memory");
    dump_item(w->visitor, &item, &context_fields);
    w->context = (struct vtd_context_entry){ .lo = item.words[0], .hi = item.words[1] };
    if (!(w->context.lo & VTD_CONTEXT_P)) {
        dump_refuse(w->out, CONTEXT_NOT_PRESENT,
                    w->context.lo & VTD_CONTEXT_FPD
                        ? "the device is blocked, its faults are not recorded (P = 0, FPD)"
                        : "the device is blocked (P = 0)");
        return false;
    }
    if (context_has_reserved(w)) {
        dump_refuse(w->out, CONTEXT_RESERVED, "a reserved bit of the context entry is set");
        return false;
    }
    return context_is_programmed(w);
}

/* An untranslated request may have so many address bits (§3.6). */
static bool is_in_width(const struct walk *w)
{
    unsigned table = 30 + LEVEL_BITS * (unsigned)field_get(w->context.hi, VTD_CONTEXT_AW);
    unsigned guest = (unsigned)field_get(w->unit->cap, VTD_CAP_MGAW) + 1;
    unsigned bits = table < guest ? table : guest;

    if (field_get(w->context.lo, VTD_CONTEXT_TT) == VTD_TT_PASS_THROUGH)
        bits = w->unit->base.output_bits;
    if (w->iova < iommu_width_end(bits))
        return true;
    dump_refuse(w->out, BEYOND_WIDTH, "the address has more bits than the tables (AW, CAP.MGAW)");
    return false;
}

/* ---- second stage: level 0 has pages of 4 KiB ---- */

static unsigned shift_of(unsigned level)
{
    return 12 + LEVEL_BITS * level;
}

static bool is_leaf(uint64_t entry, unsigned level)
{
    return level == 0 || (level <= LARGE_LEVELS && (entry & SS_PS));
}

/* §9.8, and what CAP and ECAP allow */
static uint64_t reserved_bits(const struct walk *w, uint64_t entry, unsigned level)
{
    uint64_t reserved = (SS_ADDR & beyond_host(w)) | SS_IW;     /* SSIRWE is 0 in legacy mode */

    if (level > LARGE_LEVELS ||
        (level > 0 && !(field_get(w->unit->cap, VTD_CAP_SSLPS) >> (level - 1) & 1)))
        reserved |= SS_PS;
    if (!is_leaf(entry, level) || !(w->unit->ecap & VTD_ECAP_SC))
        reserved |= SS_SNP;
    if (is_leaf(entry, level))
        reserved |= SS_ADDR & (BIT64(shift_of(level)) - 1);
    return reserved;
}

static void finish(const struct walk *w, uint64_t page_pa, unsigned level, unsigned prot)
{
    struct iommu_debug_walk *out = w->out;

    out->outcome = IOMMU_DEBUG_TRANSLATED;
    out->size_shift = shift_of(level);
    out->pa = page_pa | (w->iova & (BIT64(shift_of(level)) - 1));
    out->prot = prot;
    if (prot == 0) {
        dump_refuse(out, NOT_READABLE, "the levels together give neither read nor write");
    } else if (out->pa >= IOMMU_INTERRUPT_START && out->pa < IOMMU_INTERRUPT_END) {
        dump_refuse(out, OUTPUT_RANGE, "it leads into the interrupt range");
    }
}

static void second_stage(const struct walk *w)
{
    uint64_t table = w->context.lo & VTD_CONTEXT_SSPTPTR;
    unsigned top = (unsigned)field_get(w->context.hi, VTD_CONTEXT_AW) + 1;
    unsigned prot = IOMMU_RW;

    for (unsigned level = top;; level--) {
        struct iommu_debug_item item = { .name = level_names[level], .bits = 64 };
        uint64_t entry;

        item.index = (uint32_t)(w->iova >> shift_of(level)) % LEVEL_ENTRIES;
        item.at = table + item.index * sizeof(entry);
        if (!dump_read(&w->unit->base, item.at, item.words, 1)) {
            (void)no_memory(w, level == top ? CONTEXT_INVALID : TABLE_ACCESS,
                            "the page table lies where there is no memory");
            return;
        }
        dump_item(w->visitor, &item, &ss_fields);
        entry = item.words[0];
        if (!(entry & (SS_R | SS_W))) {
            dump_refuse(w->out, NOT_READABLE, "nothing is mapped there (R = W = 0)");
            return;
        }
        if (entry & reserved_bits(w, entry, level)) {
            dump_refuse(w->out, TABLE_RESERVED, "a reserved bit of the entry is set");
            return;
        }
        prot &= (unsigned)(entry & (SS_R | SS_W));
        table = entry & SS_ADDR;
        if (is_leaf(entry, level)) {
            finish(w, table, level, prot);
            return;
        }
    }
}
_Static_assert(SS_R == IOMMU_READ && SS_W == IOMMU_WRITE, "permissions are the entry's own bits");

static void walk(struct walk *w)
{
    uint64_t contexts_pa;

    if (!registers(w) || !root_entry(w, &contexts_pa) || !context_entry(w, contexts_pa) ||
        !is_in_width(w))
        return;
    if (field_get(w->context.lo, VTD_CONTEXT_TT) != VTD_TT_PASS_THROUGH) {
        second_stage(w);
        return;
    }
    w->out->outcome = IOMMU_DEBUG_UNTRANSLATED;
    w->out->pa = w->iova;
    w->out->prot = IOMMU_RW;
    w->out->why = "the device passes through (TT)";
}

void vtd_debug_walk(struct iommu_unit *base, uint16_t rid, uint64_t iova,
                    const struct iommu_debug_visitor *visitor, struct iommu_debug_walk *out)
{
    struct walk w = {
        .unit = vtd_unit_of(base), .visitor = visitor, .out = out, .rid = rid, .iova = iova
    };

    if (iova >= IOMMU_INTERRUPT_START && iova < IOMMU_INTERRUPT_END) {
        out->outcome = IOMMU_DEBUG_INTERRUPT;
        out->why = "requests to FEE00000h-FEEFFFFFh are interrupts";
        return;
    }
    walk(&w);
    if (out->reason != 0)
        out->reason_name = vtd_fault_reason_name(out->reason);
}
