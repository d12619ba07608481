/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All that a scenario sees besides the library's public API and the
 * exercisers. The kernel implements it on a machine, tests/model on the
 * register-level model; a scenario cannot tell which.
 */
#ifndef SUITE_ENV_H
#define SUITE_ENV_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exerciser.h"
#include "finding.h"
#include "iommu/debug.h"
#include "iommu/iommu.h"
#include "iommu/irq.h"

struct suite_env;

/* ---- interrupts ---- */

/* How an interrupt gets from its source to the CPU. */
enum suite_irq_kind {
    SUITE_IRQ_MSI,      /* 1 to 32 messages of an exerciser's MSI capability */
    SUITE_IRQ_MSIX,     /* entries of its MSI-X table, from 0 on */
    SUITE_IRQ_INTX,     /* its INTx wire, through the pin of an IOAPIC: level-triggered */
    SUITE_IRQ_PIN_EDGE, /* no exerciser: a pin of an IOAPIC that the environment can raise */
    SUITE_IRQ_PIN_LEVEL,
    SUITE_IRQ_HPET,     /* no exerciser: messages of a comparator */
};

struct suite_irqs;      /* interrupts of one source, all of one kind */

/*
 * Interrupts of exercisers, remapped where the units do that, else sent
 * straight to a CPU. Vectors mean the same on all CPUs. One caller a time for
 * one source; a raised interrupt is counted by whatever CPU it reaches.
 */
struct suite_irq_ops {
    /*
     * count interrupts of ex (NULL for kinds without one), none of them routed, all masked at the source where that
     * has mask bits. NULL: done, else why not, in words for a skip.
     */
    const char *(*alloc)(struct suite_env *env, struct exerciser *ex, enum suite_irq_kind kind, unsigned count,
                         struct suite_irqs **out);
    /* Silences the source, frees its entries; its vectors stay as they are. What iommu_irq_free() returned, or OK. */
    enum iommu_status (*free)(struct suite_env *env, struct suite_irqs *irqs);

    /* A vector that counts what comes, with nothing behind it; negative: none is left. Free it when nothing leads there. */
    int (*vector_alloc)(struct suite_env *env);
    void (*vector_free)(struct suite_env *env, int vector);
    /* How often it came on that CPU since vector_alloc(). */
    uint64_t (*count)(struct suite_env *env, unsigned cpu, int vector);
    /* Interrupts so far, on any CPU, whose vector nobody had allocated. */
    uint64_t (*unexpected)(struct suite_env *env);
    uint32_t (*apic_id)(struct suite_env *env, unsigned cpu);

    /*
     * Number index leads to that vector of that CPU, and the source is told its message or entry; the first time it is
     * unmasked too. Errors as iommu_irq_route(); IOMMU_ERR_RANGE where without remapping the CPU is out of reach.
     * The messages of one MSI that is not remapped take vector - index for their base: route them to vectors in a row.
     */
    enum iommu_status (*route)(struct suite_env *env, struct suite_irqs *irqs, unsigned index, unsigned cpu,
                               int vector);
    /* Mask bit of the source. False: it has none. */
    bool (*mask)(struct suite_env *env, struct suite_irqs *irqs, unsigned index, bool masked);
    /* Raised while masked, and kept by the source: pending bit, or delivery status of a pin. */
    bool (*pending)(struct suite_env *env, struct suite_irqs *irqs, unsigned index);
    /*
     * Raises it once, as the device does it. Level-triggered ones go down in their handler; exercisers are told
     * interrupt_done() there too. EX_UNSUPPORTED: this source cannot raise that one.
     */
    enum ex_status (*raise)(struct suite_env *env, struct suite_irqs *irqs, unsigned index);

    /* How long handlers of the source take from now on. NULL: they end at once. */
    void (*linger)(struct suite_env *env, struct suite_irqs *irqs, uint64_t us);

    /* The library's block; NULL where nothing is remapped. */
    struct iommu_irqs *(*block)(struct suite_env *env, struct suite_irqs *irqs);
    /*
     * What the source sends, read and written behind the environment's back: messages that name other entries, that
     * are not remapped, or make no sense. The next route() sets it right. False: a pin, which sends no message of its own.
     */
    bool (*message_read)(struct suite_env *env, struct suite_irqs *irqs, unsigned index, struct iommu_msi *out);
    bool (*message_write)(struct suite_env *env, struct suite_irqs *irqs, unsigned index,
                          const struct iommu_msi *message);
    /* The requester id under which it sends. */
    uint16_t (*source_id)(struct suite_env *env, struct suite_irqs *irqs);
};

struct suite_env_ops {
    /*
     * count frames of 4096 bytes, contiguous, aligned to align bytes (a power
     * of two, at least 4096), zeroed, with start_pa <= pa and pa + len <= end_pa.
     * Returns the CPU's pointer, NULL when there are none.
     */
    void *(*frames_alloc)(struct suite_env *env, size_t count, uint64_t align, uint64_t start_pa,
                          uint64_t end_pa, uint64_t *pa);
    void (*frames_free)(struct suite_env *env, void *frames, size_t count);

    uint64_t (*now_us)(struct suite_env *env);
    void (*sleep_us)(struct suite_env *env, uint64_t us);   /* lets others run */

    /*
     * Runs fn(args[i]) for every i, side by side where the environment can,
     * and returns when all have ended. Starts are stagger_us apart.
     */
    void (*parallel)(struct suite_env *env, void (*fn)(void *arg), void *const args[], size_t count,
                     uint64_t stagger_us);

    /*
     * Faults of a source since faults_clear(), oldest first: copies up to max,
     * returns how many there were. Makes sure first that pending ones are read.
     */
    size_t (*faults)(struct suite_env *env, uint16_t segment, uint16_t rid, struct iommu_fault *out, size_t max);
    /* The same without reading what is pending: what the units' interrupts have brought so far. */
    size_t (*faults_delivered)(struct suite_env *env, uint16_t segment, uint16_t rid,
                               struct iommu_fault *out, size_t max);
    void (*faults_clear)(struct suite_env *env, uint16_t segment, uint16_t rid);
    /*
     * Those of every source that are in the log, oldest first, without the first skip: copies up to max, returns how
     * many there are beyond skip. Makes sure first that pending ones are read.
     */
    size_t (*all_faults)(struct suite_env *env, size_t skip, struct iommu_fault *out, size_t max);
    uint64_t (*overflows)(struct suite_env *env);           /* fault record overflows so far, all units */

    /* Bus mastering of an exerciser's function. */
    void (*bus_master)(struct suite_env *env, struct exerciser *ex, bool on);
    /* Writes text straight to the console. */
    void (*print)(struct suite_env *env, const char *format, va_list args);
    /* The highest physical address of RAM plus one. */
    uint64_t (*ram_end)(struct suite_env *env);
    /*
     * The ids under which requests of an exerciser may arrive, its own first; returns how many.
     * May be NULL: those of its PCI function.
     */
    size_t (*requester_ids)(struct suite_env *env, struct exerciser *ex, uint16_t *rids, size_t max);

    /* The three may be NULL where there is one CPU. CPUs count from 0, which runs the scenarios. */
    unsigned (*cpus)(struct suite_env *env);
    /* Runs fn(arg) in a thread of that CPU and waits for its end; false: it could not be started. */
    bool (*run_on)(struct suite_env *env, unsigned cpu, void (*fn)(void *arg), void *arg);
    /*
     * fn(args[i]) on CPU i, all at once, for 1 to cpus() of them; returns when all have ended.
     * False: some could not be started, the others have run.
     */
    bool (*run_on_cpus)(struct suite_env *env, void (*fn)(void *arg), void *const args[],
                        size_t count);

    const struct suite_irq_ops *irqs;   /* NULL: the environment takes no interrupts */
};

struct suite_env {
    const struct suite_env_ops *ops;
    void *ctx;
    struct iommu *iommu;                /* NULL: there is none, or it is switched off */
    struct exerciser **exercisers;      /* device is set where the unit covers it, else NULL */
    size_t exerciser_count;
    const struct iommu_handoff *handoff; /* as the kernel found the units */
    bool emulated;                      /* QEMU or the model: a stale window that does not show is a failure */
    bool no_source_check;               /* interrupt entries take messages of any source (intremap=nosid) */
    bool model;                         /* the model: quirks of QEMU do not apply */
    /* What a proof at bring-up has shown of the fault records here (quirks.h); never on the model: */
    bool no_events;                     /* a refused request leaves no record */
    bool no_blocked_events;             /* none of a device in no domain, though others leave one */
    bool event_fields_wrong;            /* there are records, but of a record only device and function are true */
    bool trace_dma;                     /* say of every transfer that arrived where it went (trace=dma) */
    const struct fw_sink *findings;     /* takes what scenarios find wrong with the machine; NULL: nobody */
    const char *scratch_serial;         /* the disk with this serial number may be written; NULL or "": none */
    uint32_t seed;
};

#endif
