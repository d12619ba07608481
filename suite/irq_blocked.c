/* SPDX-License-Identifier: BSD-2-Clause */
/* Area irq: messages that no entry allows reach nobody, and are reported with the reason. */
#include "irq.h"

static uint32_t table_index(const struct irq *irq)
{
    struct iommu_debug_irq_entry entry;

    iommu_debug_irq_read(irq->block, 0, &entry);
    return entry.table_index;
}

/* One message of the exerciser that has come once by vector. */
static void have_working(struct suite_case *t, struct master *m, struct irq *irq, int *vector)
{
    irq_needs_remapping(t);
    irq_enter(t, m);
    irq_have_message(t, m, irq);
    *vector = irq_vector(t);
    irq_route(t, irq, 0, 0, *vector);
    irq_expect(t, irq, 0, 0, *vector);
}

static void entry_not_present(struct suite_case *t)
{
    struct irq irq;
    int vector;

    have_working(t, &t->master[0], &irq, &vector);
    if (!case_runs(t))
        return;
    case_status(t, "iommu_irq_mask", iommu_irq_mask(irq.block, 0, true), IOMMU_OK);
    irq_expect_raise_refused(t, &irq, &(struct irq_refusal){ IRQ_NOT_PRESENT, table_index(&irq) });
    if (!case_runs(t))
        return;
    case_status(t, "iommu_irq_mask", iommu_irq_mask(irq.block, 0, false), IOMMU_OK);
    irq_expect(t, &irq, 0, 0, vector);
}

/* Sends what is no message of its own from then on. */
static void write_message(struct suite_case *t, struct irq *irq, const struct iommu_msi *message)
{
    if (case_runs(t) && !t->env->ops->irqs->message_write(t->env, irq->irqs, 0, message))
        case_skip(t, "its message cannot be written");
}

/* AMD-Vi: where the unit has room for more, only tables of devices that need them are longer. */
#define AMD_TABLE_ENTRIES 512u

static uint32_t past_the_table(struct suite_case *t, const struct irq *irq)
{
    struct iommu_unit_info info = { 0 };

    case_status(t, "iommu_unit_info",
                iommu_unit_info(t->env->iommu, iommu_device_unit(irq->m->device), &info), IOMMU_OK);
    return suite_vendor_is(t->env, "amd") ? AMD_TABLE_ENTRIES : info.irq_entries;
}

static void index_past_the_table(struct suite_case *t)
{
    struct iommu_msi message;
    struct irq irq;
    uint32_t past;
    int vector;

    case_needs_no(t, QUIRK_AMD_IRQ_TABLE_LENGTH);
    have_working(t, &t->master[0], &irq, &vector);
    if (!case_runs(t))
        return;
    past = past_the_table(t, &irq);
    iommu_debug_irq_message(irq.block, past - table_index(&irq), &message);
    write_message(t, &irq, &message);
    irq_expect_raise_refused(t, &irq, &(struct irq_refusal){ IRQ_INDEX, past });
    irq_route(t, &irq, 0, 0, vector);
    irq_expect(t, &irq, 0, 0, vector);
}

/* VT-d §9.9: bits 31:24 are reserved; AMD-Vi §2.2.5: IntType 7 is. */
#define VTD_RESERVED (1ull << 24)
#define AMD_INT_TYPE (7ull << 2)

static void reserved_bits(struct suite_case *t)
{
    struct iommu_debug_irq_entry entry, wrong;
    struct irq irq;
    int vector;

    have_working(t, &t->master[0], &irq, &vector);
    if (!case_runs(t))
        return;
    iommu_debug_irq_read(irq.block, 0, &entry);
    wrong = entry;
    wrong.low |= suite_vendor_is(t->env, "amd") ? AMD_INT_TYPE : VTD_RESERVED;
    case_status(t, "iommu_debug_irq_write", iommu_debug_irq_write(irq.block, 0, &wrong, true), IOMMU_OK);
    irq_expect_raise_refused(t, &irq, &(struct irq_refusal){ IRQ_RESERVED, entry.table_index });
    if (!case_runs(t))
        return;
    case_status(t, "iommu_debug_irq_write", iommu_debug_irq_write(irq.block, 0, &entry, true), IOMMU_OK);
    irq_expect(t, &irq, 0, 0, vector);
}

/* ---- other sources' entries ---- */

/* Behind a bridge of conventional PCI nobody can tell one from the other. */
static bool are_told_apart(const struct master *a, const struct master *b)
{
    bool shared = a->rid_count > 1 && b->rid_count > 1 && a->rids[1] >> 8 == b->rids[1] >> 8;

    return a->device != b->device && !shared;
}

/* AMD-Vi §2.2.5: an index is one of the sender's own table, whoever wrote the message. */
static void expect_foreign_refused(struct suite_case *t, struct irq *own, const struct irq *victim)
{
    bool amd = suite_vendor_is(t->env, "amd");

    irq_expect_raise_refused(t, own, &(struct irq_refusal){ amd ? IRQ_NOT_PRESENT : IRQ_SOURCE, table_index(victim) });
}

static void wrong_source(struct suite_case *t)
{
    struct iommu_msi message;
    struct irq victim, own;
    int vector, other;

    if (!are_told_apart(&t->master[0], &t->master[1]))
        case_skip(t, "the two send under one id");
    have_working(t, &t->master[0], &victim, &vector);
    have_working(t, &t->master[1], &own, &other);
    if (!case_runs(t) || !t->env->ops->irqs->message_read(t->env, victim.irqs, 0, &message))
        return;
    case_status(t, "iommu_irq_mask", iommu_irq_mask(own.block, 0, true), IOMMU_OK);
    write_message(t, &own, &message);
    /* intremap=nosid: VT-d §9.9, SVT 0. Tables of one device each need no check. */
    if (t->env->no_source_check && !suite_vendor_is(t->env, "amd"))
        irq_expect(t, &own, 0, 0, vector);
    else
        expect_foreign_refused(t, &own, &victim);
    irq_expect(t, &victim, 0, 0, vector);
}

/* ---- compatibility format ---- */

#define MSI_ADDRESS 0xfee00000ull
#define MSI_DESTINATION_SHIFT 12

/* VT-d §5.1.4: blocked, as CFI is clear. AMD-Vi takes it for an index, of an entry that is not there. */
static void compatibility_format(struct suite_case *t)
{
    bool amd = suite_vendor_is(t->env, "amd");
    struct iommu_msi message;
    struct irq irq;
    int vector, direct;

    case_needs_no(t, QUIRK_QEMU_COMPATIBILITY_PASSES);
    have_working(t, &t->master[0], &irq, &vector);
    direct = irq_vector(t);
    if (case_runs(t) && table_index(&irq) == (uint32_t)direct)
        direct = irq_vector(t);
    if (!case_runs(t))
        return;
    message.address = MSI_ADDRESS | (uint64_t)(t->env->ops->irqs->apic_id(t->env, 0) & 0xff) << MSI_DESTINATION_SHIFT;
    message.data = (uint32_t)direct;
    write_message(t, &irq, &message);
    irq_expect_raise_refused(t, &irq,
                             &(struct irq_refusal){ amd ? IRQ_NOT_PRESENT : IRQ_COMPATIBILITY, (uint32_t)direct });
    irq_route(t, &irq, 0, 0, vector);
    irq_expect(t, &irq, 0, 0, vector);
}

/* ---- forged messages ---- */

#define MESSAGE_BYTES 4u

struct forgery {
    struct master *m;
    uint64_t address;
};

/* The data is what the device's pattern begins with. */
static void write_by_dma(struct suite_case *t, void *arg)
{
    const struct forgery *forgery = arg;
    struct master *m = forgery->m;
    enum ex_status status;

    case_prepare(t, m);
    if (!case_runs(t))
        return;
    status = exerciser_run(m->ex, &(struct ex_dma){ EX_WRITE, forgery->address, MESSAGE_BYTES });
    if (status == EX_UNSUPPORTED)
        case_skip(t, "the exerciser cannot write %u bytes at 0x%llx", MESSAGE_BYTES,
                  (unsigned long long)forgery->address);
    m->needs_rebase |= status == EX_ABORTED || status == EX_TIMEOUT;
}

/* A block of the library alone, that leads to vector; NULL: the case has ended. */
static struct iommu_irqs *block_of(struct suite_case *t, struct iommu_device *device, int vector)
{
    const struct iommu_irq_target target = {
        .apic_id = t->env->ops->irqs->apic_id(t->env, 0), .vector = (uint8_t)vector,
    };
    struct iommu_irqs *block = NULL;

    if (!case_runs(t))
        return NULL;
    case_status(t, "iommu_irq_alloc", iommu_irq_alloc(device, 1, &block), IOMMU_OK);
    if (block != NULL)
        case_status(t, "iommu_irq_route", iommu_irq_route(block, 0, &target), IOMMU_OK);
    return block;
}

static void block_free(struct suite_case *t, struct iommu_irqs *block)
{
    if (block == NULL)
        return;
    case_status(t, "iommu_irq_free", iommu_irq_free(block), IOMMU_OK);
}

/*
 * The message of its own entry, written by DMA, arrives: what is refused below
 * was sent. VT-d §5.1.4: without SHV the data means nothing. With AMD-Vi it is
 * the index, which the pattern does not hold.
 */
static void own_message_arrives(struct suite_case *t, struct master *m)
{
    int vector = irq_vector(t);
    struct iommu_irqs *block = block_of(t, m->device, vector);
    struct iommu_msi message;

    if (case_runs(t)) {
        iommu_irq_message(block, 0, &message);
        write_by_dma(t, &(struct forgery){ m, message.address });
    }
    if (case_runs(t) && !irq_came(t, 0, vector, 0))
        case_fail(t, "a device's own message arrives, written by DMA", "it does not");
    block_free(t, block);
}

static struct iommu_device *another_device(const struct suite_case *t, const struct master *m)
{
    struct iommu_device *other = NULL;

    for (size_t i = 0; i < t->env->exerciser_count; i++) {
        struct exerciser *ex = t->env->exercisers[i];

        if (ex->device != NULL && ex->device != m->device
            && iommu_device_unit(ex->device) == iommu_device_unit(m->device))
            other = ex->device;
    }
    return other;
}

/* What is looked at is the vector: an emulator that knows no sender records none. */
static void expect_no_message(struct suite_case *t, struct forgery *forgery)
{
    uint64_t all = irq_all(t);

    write_by_dma(t, forgery);
    irq_settle(t, forgery->m);
    if (case_runs(t) && irq_all(t) != all)
        case_fail(t, "a message of an absent entry, written by DMA, reaches nobody", "it came");
}

static void others_message_is_refused(struct suite_case *t, struct master *m, struct iommu_device *other)
{
    bool amd = suite_vendor_is(t->env, "amd");
    int vector = irq_vector(t);
    struct iommu_irqs *block = block_of(t, other, vector);
    struct forgery forgery = { .m = m };
    struct iommu_debug_irq_entry entry;
    struct iommu_msi message;

    if (case_runs(t)) {
        struct irq_refusal refusal = { .reason = amd ? IRQ_NOT_PRESENT : IRQ_SOURCE };

        iommu_debug_irq_read(block, 0, &entry);
        iommu_irq_message(block, 0, &message);
        refusal.index = entry.table_index;
        forgery.address = message.address;
        if (!case_quirk(t, QUIRK_QEMU_DMA_SOURCE))
            irq_expect_refused(t, m, &refusal, write_by_dma, &forgery);
        case_status(t, "iommu_irq_mask", iommu_irq_mask(block, 0, true), IOMMU_OK);
        expect_no_message(t, &forgery);
    }
    block_free(t, block);
}

static void direct_message_is_refused(struct suite_case *t, struct master *m)
{
    const struct irq_refusal refusal = {
        .reason = suite_vendor_is(t->env, "amd") ? IRQ_NOT_PRESENT : IRQ_COMPATIBILITY,
    };
    uint64_t destination = 0;

    if (case_runs(t))
        destination = (uint64_t)(t->env->ops->irqs->apic_id(t->env, 0) & 0xff) << MSI_DESTINATION_SHIFT;
    if (case_runs(t) && !case_quirk(t, QUIRK_QEMU_COMPATIBILITY_PASSES))
        irq_expect_refused(t, m, &refusal, write_by_dma, &(struct forgery){ m, MSI_ADDRESS | destination });
}

/* The other device's unit is the same, so that the entry is in the table that m's messages are looked up in. */
static void forged_message(struct suite_case *t)
{
    struct master *m = &t->master[0];
    struct iommu_device *other = another_device(t, m);

    irq_needs_remapping(t);
    case_needs_bits(t, m, 32);
    if (!m->ex->can_write || m->ex->align > MESSAGE_BYTES || m->ex->step_len > MESSAGE_BYTES)
        case_skip(t, "the device cannot write %u bytes alone", MESSAGE_BYTES);
    if (!case_runs(t))
        return;
    irq_enter(t, m);
    if (!suite_vendor_is(t->env, "amd"))
        own_message_arrives(t, m);
    if (other != NULL && !t->env->no_source_check)
        others_message_is_refused(t, m, other);
    direct_message_is_refused(t, m);
}

/* ---- the table ---- */

#define BLOCKS_MAX (FRAME_BYTES / sizeof(struct iommu_irqs *))

/* Blocks until there is no more; returns how many. */
static size_t fill_table(struct suite_case *t, struct iommu_irqs **blocks)
{
    enum iommu_status status = IOMMU_OK;
    size_t count = 0;

    while (case_runs(t) && status == IOMMU_OK && count < BLOCKS_MAX) {
        status = iommu_irq_alloc(t->master[0].device, IOMMU_IRQS_MAX, &blocks[count]);
        count += status == IOMMU_OK;
    }
    if (count < BLOCKS_MAX)
        case_status(t, "iommu_irq_alloc with a full table", status, IOMMU_ERR_RANGE);
    return count;
}

static uint32_t entries_used(struct suite_case *t)
{
    struct iommu_unit_info info = { 0 };

    case_status(t, "iommu_unit_info",
                iommu_unit_info(t->env->iommu, iommu_device_unit(t->master[0].device), &info), IOMMU_OK);
    return info.irq_used;
}

/* Whose last entry has the highest index. */
static struct iommu_irqs *highest_of(struct iommu_irqs *const *blocks, size_t count)
{
    struct iommu_debug_irq_entry entry, last = { 0 };
    struct iommu_irqs *highest = blocks[0];

    for (size_t i = 0; i < count; i++) {
        iommu_debug_irq_read(blocks[i], IOMMU_IRQS_MAX - 1, &entry);
        if (entry.table_index < last.table_index)
            continue;
        highest = blocks[i];
        last = entry;
    }
    return highest;
}

/* The unit knows the whole table: a message of the last entry arrives. */
static void last_entry_works(struct suite_case *t, struct irq *irq, struct iommu_irqs *const *blocks, size_t count)
{
    struct iommu_irqs *highest = highest_of(blocks, count);
    int vector = irq_vector(t);
    const struct iommu_irq_target target = {
        .apic_id = t->env->ops->irqs->apic_id(t->env, 0), .vector = (uint8_t)vector,
    };
    struct iommu_msi message;

    if (!case_runs(t))
        return;
    iommu_irq_message(highest, IOMMU_IRQS_MAX - 1, &message);
    case_status(t, "iommu_irq_route", iommu_irq_route(highest, IOMMU_IRQS_MAX - 1, &target), IOMMU_OK);
    if (case_runs(t) && t->env->ops->irqs->message_write(t->env, irq->irqs, 0, &message))
        irq_expect(t, irq, 0, 0, vector);
}

/* irq: a source that the last entry is tried with, by a vector of its own each time; NULL: there is none. */
static size_t fill_and_empty(struct suite_case *t, struct irq *irq, struct iommu_irqs **blocks)
{
    uint32_t before = entries_used(t);
    size_t count = fill_table(t, blocks);

    case_check(t, count > 0, "a block of 32 is free");
    case_check(t, entries_used(t) == before + count * IOMMU_IRQS_MAX, "every entry of a block counts as used");
    if (irq != NULL && case_runs(t))
        last_entry_works(t, irq, blocks, count);
    for (size_t i = 0; i < count; i++)
        block_free(t, blocks[i]);
    case_check(t, entries_used(t) == before, "freed entries are used no more");
    return count;
}

static void table_fills_and_empties(struct suite_case *t)
{
    struct buffer *frame = case_frame(t);
    struct irq irq;
    bool sends;
    size_t first;

    irq_needs_remapping(t);
    case_needs_masters(t, 1);
    if (!case_runs(t))
        return;
    irq_enter(t, &t->master[0]);
    sends = irq_try(t, &t->master[0], SUITE_IRQ_MSIX, 1, &irq) == NULL
            || irq_try(t, &t->master[0], SUITE_IRQ_MSI, 1, &irq) == NULL;
    if (sends)
        irq_route(t, &irq, 0, 0, irq_vector(t));
    first = fill_and_empty(t, sends ? &irq : NULL, (struct iommu_irqs **)(void *)frame->at);
    /* What the unit remembers of freed entries is gone when they are somebody's again. */
    for (unsigned turn = 0; turn < 2 && case_runs(t); turn++)
        if (fill_and_empty(t, sends ? &irq : NULL, (struct iommu_irqs **)(void *)frame->at) != first)
            case_fail(t, "a table that was full and freed takes as many blocks again", "fewer or more than %u",
                      (unsigned)first);
    case_note(t, "%u blocks%s", (unsigned)first, sends ? "" : "; no source to try the last entry with");
    case_refill(t);
}

static const struct scenario rows[] = {
    { "irq/entry-not-present", "VT-d §5.1.4", PER_EXERCISER, entry_not_present, 0 },
    { "irq/index-past-the-table", "VT-d §5.1.4", PER_EXERCISER, index_past_the_table, 0 },
    { "irq/reserved-bits", "VT-d §9.9", PER_EXERCISER, reserved_bits, 0 },
    { "irq/wrong-source", "VT-d §9.9", PER_PAIR, wrong_source, 0 },
    { "irq/compatibility-format", "VT-d §5.1.4", PER_EXERCISER, compatibility_format, 0 },
    { "irq/forged-message", "VT-d §3.15", PER_EXERCISER, forged_message, 0 },
    { "irq/table-fills-and-empties", "VT-d §5.1.3", PER_MACHINE, table_fills_and_empties, 20000 },
};

const struct scenario_table irq_blocked_scenarios = SCENARIO_TABLE(rows);
