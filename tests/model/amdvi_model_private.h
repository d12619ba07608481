/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the model share; tests include amdvi_model.h only. Functions here expect the
 * model's lock held. */
#ifndef IOMMU_AMDVI_MODEL_PRIVATE_H
#define IOMMU_AMDVI_MODEL_PRIVATE_H

#include <pthread.h>

#include "amdvi_model.h"

#define AM_PAGE 4096u
#define AM_LINE 64u
#define AM_WINDOWS 16
#define AM_FUNCTIONS 64
#define AM_CONFIG_BYTES 256u
#define AM_MESSAGES 64
#define AM_ENTRIES 512
#define AM_TRANSLATIONS 1024
#define AM_DIRECTORIES 1024
#define AM_IRTES 1024
#define AM_DELIVERIES 64
#define AM_PENDING 8
#define AM_LATE 64
#define AM_SEGMENTS 8
/* What a unit finds in a page that was allocated and not flushed since. */
#define AM_UNFLUSHED 0xa5a5a5a5a5a5a5a5ull

#define AM_PERM_R 1u
#define AM_PERM_W 2u

enum am_page_state { AM_FREE, AM_FRAME, AM_TABLE, AM_FIRMWARE, AM_FREED };

/* A cached device table entry. */
struct am_entry {
    bool used;
    bool logged; /* SE: a page fault was recorded since the entry was fetched */
    uint16_t rid;
    uint64_t words[4];
};

/* Whose translations: the tag of everything below. Without guest, pasid is 0. */
struct am_space {
    uint16_t domain;
    bool guest;
    uint32_t pasid;
};

/* A cached page of 2^shift bytes, or with absent set the want of one (NpCache). */
struct am_translation {
    bool used;
    bool absent;
    uint16_t rid; /* who asked first */
    struct am_space space;
    uint64_t start, pa;
    unsigned shift;
    unsigned perm; /* of the tables, without the device table entry */
    uint64_t leaf; /* where the entry is that this came from */
};

/*
 * A cached entry that points to a table (absent: to nothing), of the table of that level; level 0:
 * an entry of the GCR3 table, which names the root.
 */
struct am_directory {
    bool used;
    bool absent;
    struct am_space space;
    unsigned level;
    unsigned next;
    uint64_t prefix; /* iova >> shift of the level; 0 with level 0 */
    uint64_t table;
    unsigned perm;
};

/* A cached interrupt entry; of a 32-bit one words[1] is 0. */
struct am_irte {
    bool used;
    uint16_t rid;
    uint32_t index;
    uint64_t pa;
    uint64_t words[2];
    uint64_t seen[2]; /* what the memory held when last looked at */
    unsigned changed; /* words that have been seen to change one by one: bits 0 and 1 */
};

struct am_command {
    uint64_t lo, hi, pa;
    uint64_t order; /* number of commands fetched before it */
};

struct am_late {
    uint64_t due, pa, lo, hi;
};

struct am_unit {
    struct amdvi_model *model;
    unsigned index;
    const struct amdvi_model_unit_config *config;
    uint8_t registers[ASPEC_WINDOW];
    uint64_t hang;
    uint32_t random;
    bool decodes;

    uint64_t control; /* what is in effect; the register may be ahead of it */
    bool control_busy;
    uint64_t control_due;
    uint32_t low_half[ASPEC_WINDOW / 8]; /* of base registers, until the upper half is written */

    uint64_t command_due;
    uint64_t fetched;
    struct am_command pending[AM_PENDING];
    size_t pending_count;
    struct am_late late[AM_LATE];
    size_t late_count;

    struct am_entry entries[AM_ENTRIES];
    struct am_translation translations[AM_TRANSLATIONS];
    struct am_directory directories[AM_DIRECTORIES];
    unsigned entry_next, translation_next, directory_next;
    struct am_irte irtes[AM_IRTES];
    unsigned irte_next, irte_count; /* count: used ones */

    uint32_t l2[256]; /* behind the function's registers F0h and F4h */
    struct amdvi_model_stats stats;
};

struct am_window {
    uint8_t *host;
    size_t len;
    uint64_t pa;
};

struct am_function {
    uint16_t segment, rid;
    bool present, master_off;
    struct am_unit *unit; /* whose function it is; NULL: a device or bridge */
    uint8_t config[AM_CONFIG_BYTES];
};

struct am_message {
    unsigned unit;
    uint64_t address;
    uint32_t data;
};

struct am_text {
    char *at;
    size_t len, size;
};

struct am_watch {
    struct am_unit *unit; /* NULL: nobody watches */
    uint16_t rid;
    amdvi_model_entry_fn *fn;
    void *ctx;
};

struct am_irte_watch {
    struct am_unit *unit; /* NULL: nobody watches */
    uint16_t rid;
    uint32_t index;
    uint64_t pa;
    amdvi_model_irte_fn *fn;
    void *ctx;
};

struct amdvi_model {
    struct amdvi_model_config config;
    struct iommu_platform platform;
    pthread_mutex_t lock;
    struct am_unit *units;

    uint8_t *ram;
    uint8_t *flushed; /* memory as units that do not snoop see it */
    uint8_t *page_state;
    size_t pages;
    size_t live_pages;
    uint64_t alloc_calls, fail_alloc, fail_map;
    uint64_t flushed_lines, barriers;

    struct am_window windows[AM_WINDOWS];
    size_t memory_windows;  /* memory_map() minus memory_unmap() */
    struct am_function functions[AM_FUNCTIONS];

    uint64_t ticks, clock_us;
    unsigned irq_depth;
    uint64_t last_event[2];

    struct am_text violations, log;
    size_t violation_count;
    size_t log_lines[IOMMU_LOG_DEBUG + 1];

    amdvi_model_msi_fn *msi;
    void *msi_ctx;
    struct am_message messages[AM_MESSAGES];
    size_t message_count;

    amdvi_model_deliver_fn *deliver;
    void *deliver_ctx;
    struct amdvi_model_interrupt deliveries[AM_DELIVERIES], last_interrupt;
    size_t delivery_count;

    struct am_watch watch;
    struct am_irte_watch irte_watch;
    pthread_t checker;
    bool checker_runs, checker_ends;
    uint64_t checker_looks, checker_refused;
};

/* One request piece inside one page. */
struct am_request {
    uint16_t rid;
    uint64_t iova;
    enum amdvi_model_access access;
    enum amdvi_model_at at;
    bool has_pasid;
    uint32_t pasid;
    bool quiet; /* the unit's own look ahead: neither counted nor recorded */
};

struct am_result {
    unsigned code; /* event code; 0: pa is valid */
    uint64_t event[2];
    bool suppressed;
    uint64_t pa;
};

/* amdvi_model.c */
void am_lock(struct amdvi_model *m);
void am_unlock(struct amdvi_model *m); /* sends the messages and interrupts collected meanwhile */
void am_violation(struct amdvi_model *m, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void am_append(struct am_text *text, const char *line);
void am_tick(struct amdvi_model *m, uint64_t count);
struct am_unit *am_unit(struct amdvi_model *m, unsigned index);
bool am_is_hung(const struct am_unit *u, uint64_t mask);
uint32_t am_random(struct am_unit *u, uint32_t below);

/* amdvi_model_memory.c */
bool am_memory_create(struct amdvi_model *m);
void am_memory_destroy(struct amdvi_model *m);
bool am_is_ram(const struct amdvi_model *m, uint64_t pa, size_t len);
uint8_t *am_ram(struct amdvi_model *m, uint64_t pa);
bool am_snoops(const struct am_unit *u);
/* An aligned qword as the unit reads it; false: no memory there. */
bool am_fetch(struct am_unit *u, uint64_t pa, uint64_t *value);
/* 32 bytes, each half of them at once; pa is a multiple of 32 and RAM. */
void am_fetch_halves(const struct am_unit *u, uint64_t pa, uint64_t value[4]);
/* 16 aligned bytes, read at once; false: no memory there. */
bool am_fetch_pair(struct am_unit *u, uint64_t pa, uint64_t value[2]);
/* The same without a word about what is wrong with the page; pa must be RAM. */
void am_peek_pair(const struct am_unit *u, uint64_t pa, uint64_t value[2]);
/* A unit's own writes are seen by everyone; false: no memory there. */
bool am_store(struct am_unit *u, uint64_t pa, uint64_t value);
void am_set_bits(struct am_unit *u, uint64_t pa, uint64_t bits);
void *am_page_alloc(struct amdvi_model *m, size_t count, uint64_t limit_pa);
void am_page_free(struct amdvi_model *m, void *pages, size_t count);
uint64_t am_take_pages(struct amdvi_model *m, size_t count, enum am_page_state state);
/* Makes what the CPU sees in a page what every unit sees. */
void am_publish(struct amdvi_model *m, uint64_t pa, size_t len);
void am_flush(struct amdvi_model *m, const void *at, size_t len);
enum am_page_state am_page_state(const struct amdvi_model *m, uint64_t pa);

/* amdvi_model_platform.c */
void am_platform_create(struct amdvi_model *m);
void am_platform_destroy(struct amdvi_model *m);

/* amdvi_model_pci.c */
struct am_function *am_function(struct amdvi_model *m, uint16_t segment, uint16_t rid, bool add);
void am_function_of_unit(struct am_unit *u);
/* Reads little-endian bytes of a function's configuration space; width 1, 2 or 4. */
uint32_t am_config_get(const struct am_function *function, unsigned offset, unsigned width);
void am_config_put(struct am_function *function, unsigned offset, unsigned width, uint32_t value);
uint32_t am_config_read(struct amdvi_model *m, uint16_t segment, uint16_t rid, unsigned offset,
                        unsigned width);
void am_config_write(struct amdvi_model *m, uint16_t segment, uint16_t rid, unsigned offset,
                     unsigned width, uint32_t value);

/* amdvi_model_regs.c */
uint64_t am_get(const struct am_unit *u, unsigned offset, unsigned width);
void am_set(struct am_unit *u, unsigned offset, unsigned width, uint64_t value);
uint64_t am_efr(const struct am_unit *u, uint64_t field);
bool am_control(const struct am_unit *u, uint64_t bit);
void am_status_set(struct am_unit *u, uint64_t bits);
void am_status_clear(struct am_unit *u, uint64_t bits);
uint64_t am_register_read(struct am_unit *u, unsigned offset, unsigned width);
void am_register_write(struct am_unit *u, unsigned offset, unsigned width, uint64_t value);
void am_registers_reset(struct am_unit *u);
void am_registers_tick(struct am_unit *u);

/* amdvi_model_control.c: what a write of the control register starts and stops */
/* Bytes of a ring by its base register; 0: the length is one of the reserved ones. */
uint64_t am_ring_bytes(uint64_t base);
void am_control_write(struct am_unit *u, uint64_t value);
void am_control_tick(struct am_unit *u);
/* Takes the register's value at once, as after firmware. */
void am_control_apply(struct am_unit *u);

/* amdvi_model_command.c */
void am_command_start(struct am_unit *u);
void am_command_stop(struct am_unit *u);
void am_command_doorbell(struct am_unit *u, uint64_t old_tail);
void am_command_tick(struct am_unit *u);

/* amdvi_model_cache.c */
bool am_same_space(const struct am_space *a, const struct am_space *b);
unsigned am_level_shift(unsigned level);
struct am_entry *am_entry_find(struct am_unit *u, uint16_t rid);
struct am_entry *am_entry_add(struct am_unit *u, uint16_t rid, const uint64_t words[4]);
const struct am_translation *am_translation_find(struct am_unit *u, const struct am_space *space,
                                                 uint64_t iova);
void am_translation_add(struct am_unit *u, const struct am_translation *entry);
const struct am_directory *am_directory_find(struct am_unit *u, const struct am_space *space,
                                             uint64_t iova, unsigned level);
void am_directory_add(struct am_unit *u, const struct am_directory *entry);
void am_invalidate_entry(struct am_unit *u, uint16_t rid);
/* [start, last], as INVALIDATE_IOMMU_PAGES names them. */
void am_invalidate_pages(struct am_unit *u, const struct am_space *space, uint64_t start,
                         uint64_t last, bool pde);
void am_invalidate_all(struct am_unit *u);

/* amdvi_model_walk.c */
struct am_walk {
    unsigned
        code; /* ASPEC_EV_PAGE_FAULT or ASPEC_EV_PAGE_TAB_ERROR; 0: pa, shift and perm are valid */
    bool present, reserved;
    uint64_t at; /* with ASPEC_EV_PAGE_TAB_ERROR: of the entry that could not be read */
    uint64_t pa; /* of the page */
    unsigned shift, perm;
    uint64_t leaf; /* of the entry that mapped it */
};
/* Translates iova through the tables that a legal entry names, or out of the cache. */
struct am_walk am_walk(struct am_unit *u, const uint64_t entry[4], const struct am_space *space,
                       const struct am_request *request);

/* amdvi_model_entry.c: the device table */
enum am_entry_state { AM_ENTRY_READ, AM_ENTRY_BEYOND, AM_ENTRY_NO_MEMORY };
enum am_entry_state am_entry_fetch(struct am_unit *u, uint16_t rid, uint64_t words[4],
                                   uint64_t *pa);
/* 0: legal; else whether it is for a reserved bit (2) or a value (1). V and IV say which words are
 * judged. */
unsigned am_entry_illegal(const struct am_unit *u, const uint64_t words[4]);
void am_watch_look(struct amdvi_model *m);

/* amdvi_model_request.c */
struct am_result am_translate(struct am_unit *u, const struct am_request *request);
uint64_t am_event_of(unsigned code, const struct am_request *request);
struct am_result am_refused(uint64_t lo, uint64_t hi);
struct am_result am_page_fault(struct am_entry *entry, const struct am_request *request,
                               uint64_t flags);
/* NULL: there is none, and result says why. */
struct am_entry *am_entry_get(struct am_unit *u, const struct am_request *request, uint64_t flags,
                              struct am_result *result);
bool am_is_illegal(struct am_unit *u, const struct am_entry *entry,
                   const struct am_request *request, uint64_t flags, struct am_result *result);
/* Counts and records a refusal. */
enum amdvi_model_result am_finish(struct am_unit *u, const struct am_result *result);

/* amdvi_model_irq.c */
struct am_result am_interrupt(struct am_unit *u, const struct am_request *request, uint32_t data);
void am_deliver(struct am_unit *u, struct amdvi_model_interrupt interrupt);
uint32_t am_irte_destination(const struct am_unit *u, const uint64_t words[2]);

/* amdvi_model_irt.c: the cache of interrupt entries, and whoever changes them by halves */
/* The entry that index names by that device table entry; false: no memory at *pa. */
bool am_irte_get(struct am_unit *u, const struct am_entry *entry, uint32_t index, uint64_t words[2],
                 uint64_t *pa);
void am_invalidate_interrupts(struct am_unit *u, uint16_t rid);
void am_invalidate_all_interrupts(struct am_unit *u);
void am_irte_look(struct amdvi_model *m);
void am_irte_checker(struct amdvi_model *m);
void am_interrupt_table_freed(struct amdvi_model *m, uint64_t pa);

/* amdvi_model_guest.c: guest virtual APIC and its log */
struct am_result am_guest_interrupt(struct am_unit *u, const struct am_request *request,
                                    const uint64_t words[2]);
void am_guest_log_start(struct am_unit *u);
void am_guest_log_stop(struct am_unit *u);

/* amdvi_model_event.c */
void am_event(struct am_unit *u, uint64_t lo, uint64_t hi);
void am_event_start(struct am_unit *u);
void am_event_stop(struct am_unit *u);
void am_events_tick(struct am_unit *u);
/* Sets bits of the status register that may send a message. */
void am_raise(struct am_unit *u, uint64_t bits);
/* An interrupt enable was switched on while its status bit is set. */
void am_raise_enabled(struct am_unit *u, uint64_t before, uint64_t after);

#endif
