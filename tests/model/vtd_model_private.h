/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the model share; tests include vtd_model.h only. Functions here expect the model's lock held. */
#ifndef IOMMU_VTD_MODEL_PRIVATE_H
#define IOMMU_VTD_MODEL_PRIVATE_H

#include <pthread.h>

#include "vtd_model.h"

#define VM_PAGE 4096u
#define VM_LINE 64u
#define VM_WINDOWS 16
#define VM_FUNCTIONS 64
#define VM_EVENTS 64
#define VM_RECORDS 256
#define VM_CONTEXTS 512
#define VM_IOTLB 1024
#define VM_PAGING 1024
#define VM_PENDING 8
#define VM_IRTES 1024
#define VM_DELIVERIES 64
#define VM_REGISTER_BYTES 0x8000u
/* What a unit finds in a page that was allocated and not flushed since. */
#define VM_UNFLUSHED 0xa5a5a5a5a5a5a5a5ull

#define VM_PERM_R 1u
#define VM_PERM_W 2u

enum vm_page_state { VM_FREE, VM_FRAME, VM_TABLE, VM_FIRMWARE, VM_FREED };

/* A cached context entry, or with reason != 0 the fault that fetching it gave (CM = 1), tagged with domain 0. */
struct vm_context {
    bool used;
    bool fpd;
    uint16_t rid;
    uint16_t did;
    uint64_t lo, hi;
    unsigned reason;
};

/* One 4 KiB piece of a translation: large pages are cached in fractions (§6.5.3.2). */
struct vm_translation {
    bool used;
    bool fpd;
    uint16_t rid;
    uint16_t did;
    uint64_t iova, pa;
    unsigned shift;  /* of the leaf it came from: 2^shift bytes, held as one */
    unsigned perm;
    unsigned reason; /* CM = 1: the fault the walk ended with; 0 when only permissions were missing */
};

/* A cached entry of level 1 or above that points to a table, or with absent set to nothing (CM = 1). */
struct vm_paging {
    bool used;
    bool absent;
    uint16_t did;
    unsigned level;
    uint64_t prefix; /* iova >> shift of the level */
    uint64_t table;
    unsigned perm;
};

/* A cached interrupt entry; with CM = 1 also one that is absent or wrong. */
struct vm_irte {
    bool used;
    uint16_t rid; /* who asked first */
    uint32_t index;
    uint64_t words[2];
    uint64_t seen[2]; /* what the memory held when last looked at */
    unsigned changed; /* words that have been seen to change one by one: bits 0 and 1 */
};

struct vm_descriptor {
    uint64_t lo, hi;
    uint64_t order; /* number of descriptors fetched before it */
    uint64_t batch; /* number of waits fetched before it */
};

/* A command that was accepted and takes effect at tick due. */
struct vm_command {
    bool busy;
    uint64_t due;
    uint64_t value;
};

struct vm_unit {
    struct vtd_model *model;
    unsigned index;
    const struct vtd_model_unit_config *config;
    uint8_t registers[VM_REGISTER_BYTES];
    uint64_t hang;
    uint32_t random;

    uint64_t root;         /* RTADDR as latched by SRTP */
    bool root_set;         /* SRTP since translation was last off */
    bool stale_contexts;   /* no global context invalidation since SRTP, ESRTPS = 0 */
    bool stale_iotlb;      /* nor IOTLB after it */
    uint64_t interrupt_root; /* IRTA as latched by SIRTP */
    bool interrupt_root_set;
    bool compatibility;    /* CFI as it was told last, where late_cfis */
    bool stale_interrupts; /* no global invalidation of the interrupt entry cache since SIRTP, ESIRTPS = 0 */
    struct vm_command gcmd, ccmd, iotlb, pmen;
    bool iva_written;
    bool refuse_register;

    bool queue_used;       /* something was fetched since QIE */
    bool queue_waited;     /* the last descriptor completed was a wait */
    uint64_t queue_due;
    uint64_t fetched, waits_fetched;
    struct vm_descriptor pending[VM_PENDING];
    size_t pending_count;

    unsigned record_index;

    struct vm_context contexts[VM_CONTEXTS];
    struct vm_translation iotlb_cache[VM_IOTLB];
    struct vm_paging paging[VM_PAGING];
    unsigned context_next, iotlb_next, paging_next;
    struct vm_irte irtes[VM_IRTES];
    unsigned irte_next, irte_count; /* count: used ones */

    uint8_t *visible;      /* RWBF: memory as of the last write-buffer flush */
    struct vtd_model_stats stats;
};

struct vm_window {
    uint8_t *host;
    size_t len;
    uint64_t pa;
};

struct vm_function {
    uint16_t segment, rid;
    bool present, master_off;
    uint8_t config[64];
};

struct vm_event {
    unsigned unit;
    uint64_t address;
    uint32_t data;
};

struct vm_watch {
    struct vm_unit *unit; /* NULL: nobody watches */
    uint32_t index;
    vtd_model_irte_fn *fn;
    void *ctx;
};

struct vm_text {
    char *at;
    size_t len, size;
};

struct vtd_model {
    struct vtd_model_config config;
    struct iommu_platform platform;
    pthread_mutex_t lock;
    struct vm_unit *units;

    uint8_t *ram;
    uint8_t *flushed;       /* memory as units that do not snoop see it */
    uint8_t *page_state;
    size_t pages;
    size_t live_pages;
    uint64_t alloc_calls, fail_alloc, fail_map;
    uint64_t flushed_lines, barriers;

    struct vm_window windows[VM_WINDOWS];
    size_t memory_windows;  /* memory_map() minus memory_unmap() */
    struct vm_function functions[VM_FUNCTIONS];

    uint64_t ticks, clock_us;
    unsigned irq_depth;
    unsigned last_reason;

    struct vm_text violations, log;
    size_t violation_count;
    size_t log_lines[IOMMU_LOG_DEBUG + 1];

    vtd_model_msi_fn *msi;
    void *msi_ctx;
    struct vm_event events[VM_EVENTS];
    size_t event_count;

    vtd_model_deliver_fn *deliver;
    void *deliver_ctx;
    struct vtd_model_interrupt deliveries[VM_DELIVERIES], last_interrupt;
    size_t delivery_count;

    struct vm_watch watch;
    pthread_t checker;
    bool checker_runs, checker_ends;
    uint64_t checker_looks, checker_refused;
};

/* One request piece inside one page. */
struct vm_request {
    uint16_t rid;
    uint64_t iova;
    enum vtd_model_access access;
    enum vtd_model_at at;
    bool has_pasid;
    uint32_t pasid;
};

/* An interrupt request; pin: the redirection entry it came from, or NULL. */
struct vm_message {
    uint16_t rid;
    uint64_t address;
    uint32_t data;
    const uint64_t *pin;
};

struct vm_result {
    unsigned reason;  /* 0: pa is valid */
    bool suppressed;  /* a qualified fault under FPD */
    uint64_t pa;
};

/* vtd_model.c */
void vm_lock(struct vtd_model *m);
void vm_unlock(struct vtd_model *m); /* sends the events and interrupts collected meanwhile */
void vm_violation(struct vtd_model *m, const char *format, ...) __attribute__((format(printf, 2, 3)));
void vm_append(struct vm_text *text, const char *line);
void vm_tick(struct vtd_model *m, uint64_t count);
struct vm_unit *vm_unit(struct vtd_model *m, unsigned index);
bool vm_is_hung(const struct vm_unit *u, uint64_t mask);
uint32_t vm_random(struct vm_unit *u, uint32_t below);

/* vtd_model_memory.c */
bool vm_memory_create(struct vtd_model *m);
void vm_memory_destroy(struct vtd_model *m);
bool vm_is_ram(const struct vtd_model *m, uint64_t pa, size_t len);
uint8_t *vm_ram(struct vtd_model *m, uint64_t pa);
/* An aligned qword as the unit's table walks see it; false: no memory there. */
bool vm_fetch(struct vm_unit *u, uint64_t pa, uint64_t *value);
/* The same of 16 bytes that are read at once. */
bool vm_fetch_pair(struct vm_unit *u, uint64_t pa, uint64_t value[2]);
/* The same without a word about what is wrong with the page; pa must be RAM. */
void vm_peek_pair(const struct vm_unit *u, uint64_t pa, uint64_t value[2]);
enum vm_page_state vm_page_state(const struct vtd_model *m, uint64_t pa);
void vm_write_buffer_flush(struct vm_unit *u);
void *vm_page_alloc(struct vtd_model *m, size_t count, uint64_t limit_pa);
void vm_page_free(struct vtd_model *m, void *pages, size_t count);
uint64_t vm_take_pages(struct vtd_model *m, size_t count, enum vm_page_state state);
/* Makes what the CPU sees in a page what every unit sees. */
void vm_publish(struct vtd_model *m, uint64_t pa, size_t len);
void vm_flush(struct vtd_model *m, const void *at, size_t len);

/* vtd_model_platform.c */
void vm_platform_create(struct vtd_model *m);
void vm_platform_destroy(struct vtd_model *m);
struct vm_function *vm_function(struct vtd_model *m, uint16_t segment, uint16_t rid, bool add);

/* vtd_model_regs.c */
uint64_t vm_get(const struct vm_unit *u, unsigned offset, unsigned width);
void vm_set(struct vm_unit *u, unsigned offset, unsigned width, uint64_t value);
uint64_t vm_cap(const struct vm_unit *u, uint64_t field);
uint64_t vm_ecap(const struct vm_unit *u, uint64_t field);
bool vm_status(const struct vm_unit *u, uint64_t gsts_bit);
unsigned vm_iva_offset(const struct vm_unit *u);
unsigned vm_record_offset(const struct vm_unit *u, unsigned index);
unsigned vm_record_count(const struct vm_unit *u);
uint64_t vm_register_read(struct vm_unit *u, unsigned offset, unsigned width);
void vm_register_write(struct vm_unit *u, unsigned offset, unsigned width, uint64_t value);
void vm_registers_reset(struct vm_unit *u);
void vm_registers_tick(struct vm_unit *u);

/* vtd_model_command.c: what GCMD, CCMD, IOTLB_REG and PMEN start and when they finish */
void vm_gcmd_write(struct vm_unit *u, uint32_t value);
void vm_ccmd_write(struct vm_unit *u, uint64_t value);
void vm_iotlb_write(struct vm_unit *u, uint64_t value);
void vm_pmen_write(struct vm_unit *u, uint32_t value);
void vm_commands_tick(struct vm_unit *u);

/* vtd_model_queue.c */
void vm_queue_enable(struct vm_unit *u, bool on);
void vm_queue_doorbell(struct vm_unit *u, uint64_t old_tail);
void vm_queue_abort_waits(struct vm_unit *u);
void vm_queue_tick(struct vm_unit *u);

/* vtd_model_cache.c */
enum { VM_ALL_DOMAINS = -1 };
uint64_t vm_domain_mask(const struct vm_unit *u);
const struct vm_context *vm_context_find(struct vm_unit *u, uint16_t rid);
const struct vm_context *vm_context_add(struct vm_unit *u, const struct vm_context *entry);
const struct vm_translation *vm_iotlb_find(struct vm_unit *u, uint16_t rid, uint64_t iova);
void vm_iotlb_add(struct vm_unit *u, const struct vm_translation *entry);
/* The entry nearest to the leaf that covers iova. */
const struct vm_paging *vm_paging_find(struct vm_unit *u, uint16_t did, uint64_t iova, unsigned top_level);
void vm_paging_add(struct vm_unit *u, const struct vm_paging *entry);
/* granularity as in CIRG and IIRG. */
void vm_invalidate_context(struct vm_unit *u, unsigned granularity, uint16_t did, uint16_t rid, unsigned function_mask);
void vm_invalidate_iotlb(struct vm_unit *u, unsigned granularity, uint16_t did, uint64_t addr, unsigned am, bool hint);
void vm_invalidate_all(struct vm_unit *u); /* the hardware's own: SRTP with ESRTPS */

/* vtd_model_walk.c */
struct vm_result vm_translate(struct vm_unit *u, const struct vm_request *request);
unsigned vm_level_shift(unsigned level);

/* vtd_model_irq.c */
enum vtd_model_result vm_interrupt(struct vm_unit *u, const struct vm_message *message);
/* 0, or what is wrong with an interrupt entry for that requester (§5.1.4): a fault reason. */
unsigned vm_irte_fault(const struct vm_unit *u, const uint64_t words[2], uint16_t rid);

/* vtd_model_iec.c: the interrupt entry cache, and whoever changes entries by halves */
uint32_t vm_irte_limit(const struct vm_unit *u); /* entries of the table */
/* Out of the cache or memory; the reason of the fault of reading it, or 0. */
unsigned vm_irte_get(struct vm_unit *u, uint32_t index, uint16_t rid, uint64_t words[2]);
/* What the entry names was at fault: with CM = 0 it is not cached either. */
void vm_irte_forget(struct vm_unit *u, uint32_t index);
/* As an index-selective descriptor says (§6.5.2.8); everything with index_bits 32. */
void vm_invalidate_interrupts(struct vm_unit *u, uint32_t index, unsigned index_bits);
/* The hardware's own, with ESIRTPS. */
void vm_invalidate_all_interrupts(struct vm_unit *u);
void vm_irte_look(struct vtd_model *m);
void vm_interrupt_table_freed(struct vtd_model *m, uint64_t pa);

/* vtd_model_fault.c */
void vm_fault(struct vm_unit *u, const struct vm_request *request, unsigned reason);
void vm_interrupt_fault(struct vm_unit *u, uint16_t rid, uint32_t index, unsigned reason);
void vm_fault_status(struct vm_unit *u, uint64_t bit);
void vm_fault_status_write(struct vm_unit *u, uint32_t value);
void vm_record_write(struct vm_unit *u, unsigned offset, unsigned width, uint64_t value);
void vm_event_control_write(struct vm_unit *u, unsigned offset, uint32_t value);
void vm_completion_event(struct vm_unit *u);
void vm_completion_status_write(struct vm_unit *u, uint32_t value);
void vm_queue_error(struct vm_unit *u, unsigned info);

#endif
