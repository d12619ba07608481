/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupt remapping: every message of a device goes through an entry of its
 * unit's tables, so that a device can raise no interrupt that it was not given
 * (VT-d §5; AMD-Vi §2.2.5).
 *
 * Blocks of 1 to 32 entries are allocated for a source: a device, a pin of an
 * IOAPIC or the comparators of an HPET, as firmware's table names them. What is
 * to be written into the source comes from the compose functions; where an
 * entry leads is said by iommu_irq_route(), before the first interrupt and
 * whenever it moves to another CPU.
 *
 * Remapping is switched on by iommu_start() where struct iommu_irq_config asks
 * for it and every unit can; iommu_irq_info() says what became of it and why.
 * From then on messages that are not remapped are blocked: silence every source
 * (IOAPIC pins masked, messages disabled) before iommu_start(), give each one
 * its entry after it, and only then enter x2APIC mode. Before iommu_stop()
 * silence them again: what is composed here reaches nobody afterwards. The
 * units' own messages (platform->fault_interrupt) are never remapped.
 *
 * Functions may be called on several CPUs at once and from interrupt context.
 * On one block iommu_irq_route(), iommu_irq_post() and iommu_irq_mask() may run
 * at once; iommu_irq_free() is its last call, with no other under way.
 */
#ifndef IOMMU_IRQ_H
#define IOMMU_IRQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "iommu/platform.h"
#include "iommu/status.h"

struct iommu;
struct iommu_device;
struct iommu_irqs;  /* a block of entries */

#define IOMMU_IRQS_MAX 32u

/* ---- what is wanted: part of struct iommu_config ---- */

enum iommu_irq_mode {
    IOMMU_IRQ_OFF,              /* nothing is remapped; what firmware left on is switched off (intremap=off) */
    IOMMU_IRQ_AUTO,             /* remap where every unit can and firmware names every IOAPIC */
};

/* Destinations of 32 bits: EIM (VT-d §5.1.1), XT (AMD-Vi §2.2.5.2). */
enum iommu_irq_x2apic {
    IOMMU_X2APIC_NO,            /* the CPUs are in xAPIC mode and stay there */
    IOMMU_X2APIC_AUTO,          /* they enter x2APIC mode after iommu_start() where iommu_irq_info() allows it */
    IOMMU_X2APIC_NEEDED,        /* they are in it, or one with an id above 254 has to run: without it nothing is remapped */
};

/* AMD-Vi: the format of entries (amd_iommu_intr=). */
enum iommu_irq_format {
    IOMMU_IRQ_FORMAT_AUTO,      /* as found where units run, else 128 bits where all have it, or x2apic needs it */
    IOMMU_IRQ_FORMAT_LEGACY,    /* 32 bits */
    IOMMU_IRQ_FORMAT_VAPIC,     /* 128 bits, and iommu_irq_post() allowed, where all units have it */
};

enum iommu_irq_source_kind { IOMMU_IRQ_IOAPIC, IOMMU_IRQ_HPET, IOMMU_IRQ_ACPI };

/*
 * The requester id under which a source sends, instead of what firmware's
 * table says of it (ivrs_ioapic=, ivrs_hpet=, ivrs_acpihid=).
 */
struct iommu_irq_override {
    enum iommu_irq_source_kind kind;
    uint8_t id;                 /* IOAPIC: as in the MADT; HPET: its number */
    char hid[9];                /* ACPI: of a device entry F0h (AMD-Vi §5.2.2.7) */
    char uid[32];               /* ACPI: as text, "" where it has none */
    uint16_t segment;
    uint16_t rid;
};

/* How many overrides iommu_create() takes. */
#define IOMMU_IRQ_OVERRIDES_MAX 32u

/* What it points to is copied by iommu_create(). */
struct iommu_irq_config {
    enum iommu_irq_mode mode;
    enum iommu_irq_x2apic x2apic;
    enum iommu_irq_format format;
    bool no_source_check;       /* entries take messages of any source (intremap=nosid) */
    bool ignore_x2apic_opt_out; /* firmware's wish not to use x2APIC is not heard (intremap=no_x2apic_optout) */
    bool no_posting;            /* intremap=nopost */
    const uint8_t *ioapics;     /* ids of the MADT: one that firmware's table does not name keeps remapping off */
    size_t ioapic_count;
    const struct iommu_irq_override *overrides;
    size_t override_count;
    /*
     * AMD-Vi, may be NULL: a message came for a virtual CPU that does not run (struct iommu_irq_posting, log), in
     * interrupt context, as iommu_config.fault. lost: some went unlogged, so that any of them may have one; tag is 0.
     */
    void (*guest_log)(void *ctx, uint32_t tag, bool lost);
    void *guest_log_ctx;
};

/* ---- what became of it ---- */

struct iommu_irq_info {
    bool remapping;             /* every unit remaps, but for failed_units */
    /*
     * Fenced before they remapped: their devices have no entries, and what they send may reach any CPU as it is.
     * While there is one posting is false, whatever the others can; x2apic only where none remaps, since the
     * entries of the others are of that mode already, and CPUs have to be too.
     */
    unsigned failed_units;
    bool x2apic;                /* 32-bit destinations reach; false: APIC ids up to 254 */
    bool posting;               /* iommu_irq_post() works */
    const char *reason;         /* why not remapping, else which unit failed, else why not x2APIC; or "" */
    char suggestion[40];        /* the word that helps: "ivrs_ioapic=4@0000:00:14.0", "intremap=no_x2apic_optout"; or "" */
};
/* Valid once iommu_start() has returned. How many entries are in use: struct iommu_unit_info. */
void iommu_irq_info(const struct iommu *iommu, struct iommu_irq_info *out);

/*
 * The requester id of an IOAPIC or HPET, with overrides applied, and its unit's index. Valid once the tables are
 * added. IOMMU_ERR_NOT_FOUND: nothing names it.
 */
struct iommu_irq_source_info {
    uint16_t segment;
    uint16_t rid;
    size_t unit;
    bool overridden;
};
IOMMU_MUST_CHECK enum iommu_status
iommu_irq_source(const struct iommu *iommu, enum iommu_irq_source_kind kind, uint8_t id,
                 struct iommu_irq_source_info *out);

/* ---- blocks ---- */

/*
 * count entries for messages of the device, contiguous and, where count is
 * more than 1, aligned to count rounded up to a power of two (multi-MSI: the
 * device adds the message's number to its data). None is present yet. Messages
 * of another source that name them are blocked.
 *
 * IOMMU_ERR_INVALID      count is 0 or above IOMMU_IRQS_MAX
 * IOMMU_ERR_UNSUPPORTED  interrupts are not remapped
 * IOMMU_ERR_RANGE        no such block is free in the table
 * IOMMU_ERR_NOMEM
 * unconfirmed            (AMD-Vi) the device's table was not taken; nothing is allocated
 */
IOMMU_MUST_CHECK enum iommu_status
iommu_irq_alloc(struct iommu_device *device, unsigned count, struct iommu_irqs **out);
/* One entry for a pin of an IOAPIC, by the id the MADT gives it. IOMMU_ERR_NOT_FOUND: nothing names that IOAPIC. */
IOMMU_MUST_CHECK enum iommu_status
iommu_irq_alloc_ioapic(struct iommu *iommu, uint8_t ioapic_id, unsigned pin, struct iommu_irqs **out);
/* Entries for messages of an HPET's comparators. IOMMU_ERR_NOT_FOUND: nothing names that HPET. */
IOMMU_MUST_CHECK enum iommu_status
iommu_irq_alloc_hpet(struct iommu *iommu, uint8_t hpet, unsigned count, struct iommu_irqs **out);

/*
 * Makes all its entries absent, flushes, gives the block back; it is gone
 * whatever is returned. Silence the source first: what it sends afterwards is
 * blocked and reported. After iommu_stop() there is nothing to flush.
 * Unconfirmed: the entries are never used again.
 */
IOMMU_MUST_CHECK enum iommu_status iommu_irq_free(struct iommu_irqs *irqs);

/* ---- where they lead ---- */

enum iommu_irq_delivery { IOMMU_IRQ_FIXED, IOMMU_IRQ_LOWEST };

struct iommu_irq_target {
    uint32_t apic_id;           /* physical, of one CPU; above 254 only where info.x2apic */
    uint8_t vector;             /* 16 or above */
    enum iommu_irq_delivery delivery;
    bool level;                 /* level-triggered pin of an IOAPIC */
};

/*
 * Entry number index of the block leads to target from now on, present unless
 * it is masked. One store of the entry and one invalidation with its wait: when
 * it returns no message goes the old way any more. What had been accepted
 * before may still be pending in the old CPU's local APIC: its vector is free
 * only when that has been handled. None is lost between.
 *
 * IOMMU_ERR_INVALID      index, vector below 16, level-triggered though no IOAPIC's
 * IOMMU_ERR_RANGE        the destination has more bits than the units deliver, or means every CPU
 * IOMMU_ERR_UNSUPPORTED  iommu_stop() has succeeded
 * unconfirmed            it leads to one of the two
 */
IOMMU_MUST_CHECK enum iommu_status
iommu_irq_route(struct iommu_irqs *irqs, unsigned index, const struct iommu_irq_target *target);

/*
 * Makes the entry absent, or present again as it was last routed or posted.
 * While it is absent messages are blocked and reported, and lost: it keeps a
 * source out that does not obey. A source is paused by its own mask bit, which
 * keeps what is pending. Errors as iommu_irq_route().
 */
IOMMU_MUST_CHECK enum iommu_status iommu_irq_mask(struct iommu_irqs *irqs, unsigned index, bool masked);

/* ---- what to write into the source ---- */

/*
 * Address and data of message number index, for an entry of a device's MSI-X
 * table or a comparator; that of message 0 is what an MSI capability takes, whatever
 * its number of messages. It does not change when the entry is routed anew.
 */
void iommu_irq_message(const struct iommu_irqs *irqs, unsigned index, struct iommu_msi *out);

/*
 * The redirection entry of an IOAPIC's pin, mask bit clear. Vector and trigger
 * mode in it have to be those routed (VT-d §5.1.5.1), so ask again after each
 * iommu_irq_route() that changes them, and store it while the pin is masked.
 * The IOAPIC knows an end of interrupt by bits 7:0 of this entry: on AMD-Vi
 * that is no CPU's vector, and a level-triggered pin is ended by the IOAPIC's EOI register.
 */
void iommu_irq_ioapic_entry(const struct iommu_irqs *irqs, bool active_low, uint64_t *entry);

/* ---- posting: interrupts of a virtual CPU (VT-d §5.2; AMD-Vi guest virtual APIC) ---- */

struct iommu_irq_posting {
    uint64_t descriptor_pa;     /* VT-d: struct iommu_posted, 64-byte aligned; AMD-Vi: the vAPIC backing page */
    uint8_t vector;             /* the guest's */
    bool urgent;                /* VT-d: notify although SN is set */
    /* AMD-Vi: */
    bool running;               /* the virtual CPU runs on apic_id now */
    bool log;                   /* what comes while it does not run goes to the guest virtual APIC log, with tag */
    uint32_t apic_id;
    uint32_t tag;
};

/*
 * The entry leads into a virtual CPU from now on. As iommu_irq_route(), which
 * leads it back to a physical one; between the two no message is lost.
 *
 * IOMMU_ERR_UNSUPPORTED  not iommu_irq_info().posting
 * IOMMU_ERR_INVALID      index, an address that is misaligned, or a pin of an IOAPIC, which may be level-triggered
 * IOMMU_ERR_RANGE        an address or APIC id has more bits than the unit takes, or the id means every CPU
 * unconfirmed
 */
IOMMU_MUST_CHECK enum iommu_status
iommu_irq_post(struct iommu_irqs *irqs, unsigned index, const struct iommu_irq_posting *posting);

/*
 * Posted-interrupt descriptor of one virtual CPU (VT-d §9.11): a cache line of
 * write-back memory that no device reaches, shared with the units. Bits of the
 * pending vectors, then ON, SN, notification vector and destination. Only the
 * functions below touch it, on any CPU.
 */
struct iommu_posted {
    uint64_t pending[4];
    uint64_t control;
    uint64_t reserved[3];
} __attribute__((aligned(64)));

/*
 * The life of a virtual CPU: iommu_posted_init() once, suppressed. To run on a
 * CPU: iommu_posted_run(), and when that is true iommu_posted_take() before the
 * guest is entered; in the handler of the notification vector iommu_posted_take().
 * Preempted, but ready to run: iommu_posted_suppress(); nothing notifies then.
 * Halted: iommu_posted_wake(), and where that is true it must not sleep.
 * Moving to another CPU is one of these calls and the next iommu_posted_run(): no
 * entry changes, no flush. Before its memory is reused every entry that posts
 * to it has been routed elsewhere or freed.
 */
void iommu_posted_init(struct iommu_posted *descriptor);
/* Notifications go to vector on apic_id. True: something is pending already, and no notification may come for it. */
bool iommu_posted_run(const struct iommu *iommu, struct iommu_posted *descriptor, uint32_t apic_id, uint8_t vector);
/* Only urgent messages notify. */
void iommu_posted_suppress(struct iommu_posted *descriptor);
/* The same as run, for the vector whose handler makes the virtual CPU ready. */
bool iommu_posted_wake(const struct iommu *iommu, struct iommu_posted *descriptor, uint32_t apic_id, uint8_t vector);
/* Takes the pending vectors out, bit n of word n / 64; false: there were none. What comes later notifies again. */
bool iommu_posted_take(struct iommu_posted *descriptor, uint64_t pending[4]);

#endif
