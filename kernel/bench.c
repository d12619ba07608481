/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Benchmarks: guest instructions of the library's operations, counted as TSC
 * differences under QEMU's "-icount shift=0" (one nanosecond of virtual time,
 * one TSC tick, an instruction). On other machines the figures are TSC ticks.
 *
 * Each measured region stands between two 7-byte NOPs whose displacement
 * names it, so that an outside counter can check the figure. In it callers do
 * what any caller must: fill in the arguments, call, look at the status, loop.
 * Floors are the stores, cache-line flushes, descriptors, doorbell and polls an
 * operation cannot do without, in a straight line, measured in the same run.
 */
#include "bench.h"

#include "bench_scale.h"
#include "clock.h"
#include "console.h"
#include "glob.h"
#include "iommu/debug.h"
#include "irq.h"
#include "machine.h"
#include "mm.h"
#include "smp.h"
#include "words.h"

#define REGION_BEGIN 0xbeef0000u
#define REGION_END 0xbeef8000u
#define TENTHS 10u
#define NOT_KNOWN UINT32_MAX

#define PAGE_4K 0x1000ull
#define PAGE_2M 0x200000ull
#define BULK_BYTES 0x20000000ull
#define RUN_PAGES 256u
#define IOVA_BASE 0x4000000000ull
#define SINGLE_OPS 256u
#define HEAVY_OPS 64u
#define CALIBRATION_TURNS 1000u
#define TABLE_ENTRIES 512
/* The last vector that may be given out, and the least likely to have been. */
#define VECTOR_BENCH 0xef
#define LINE_ENTRIES 8      /* in a cache line of 64 bytes */

enum vendor { INTEL, AMD, VENDORS };
static const char *const vendor_names[VENDORS] = { [INTEL] = "intel", [AMD] = "amd" };

struct run {
    struct iommu_domain *domain, *other;
    struct iommu_device *device;
    struct iommu_irqs *irqs[HEAVY_OPS];
    uint32_t ops;
    uint64_t begin, end;        /* TSC */
    bool failed;
    uint64_t *scratch;          /* two pages that floors write to */
    enum vendor vendor;
    bool coherent;              /* page walks snoop: entries need no write-back */
    bool caching_mode;          /* absent entries are cached: mapping needs a flush too */
};

/* In hundredths of an instruction; NOT_KNOWN. */
struct target {
    uint32_t peer, goal;
};
#define NO_TARGET { { NOT_KNOWN, NOT_KNOWN }, { NOT_KNOWN, NOT_KNOWN } }

struct bench {
    uint32_t id;
    const char *name;
    uint32_t ops;               /* what insns is divided by; may count pages */
    struct target target[VENDORS];
    void (*body)(struct run *r);
    void (*floor)(struct run *r);   /* NULL: none */
    void (*before)(struct run *r);  /* outside the region */
    void (*after)(struct run *r);
    bool remapped;              /* left out where interrupts are not remapped */
    unsigned cpus;              /* that take part; 0: the boot CPU, whatever others there are */
};

#define MARK(value) __asm__ volatile(".byte 0x0f, 0x1f, 0x80\n\t.long %c0" : : "i"(value) : "memory")
#define MEASURE_BEGIN(r, id)            \
    do {                                \
        (r)->begin = now_tsc();         \
        MARK(REGION_BEGIN | (id));      \
    } while (0)
#define MEASURE_END(r, id)              \
    do {                                \
        MARK(REGION_END | (id));        \
        (r)->end = now_tsc();           \
    } while (0)

static void must(struct run *r, enum iommu_status status)
{
    if (status != IOMMU_OK)
        r->failed = true;
}

static void map_at(struct run *r, uint64_t offset, uint64_t len)
{
    must(r, iommu_map(r->domain, &(struct iommu_mapping){
        .iova = IOVA_BASE + offset, .pa = offset, .len = len, .prot = IOMMU_RW }));
}

static void unmap_at(struct run *r, uint64_t offset, uint64_t len)
{
    must(r, iommu_unmap(r->domain, IOVA_BASE + offset, len, NULL));
}

/* ---- what is measured ---- */

static void calibrate(struct run *r)
{
    uint32_t turns = CALIBRATION_TURNS;

    MEASURE_BEGIN(r, 1);
    __asm__ volatile("1: dec %0\n\tjnz 1b" : "+r"(turns) : : "cc");
    MEASURE_END(r, 1);
}

/* count leaves of a size, one call each; a status that is not 0 leaves its bits in what is returned. */
static inline int map_each(struct iommu_domain *domain, uint64_t size, uint32_t count)
{
    struct iommu_mapping m = { .iova = IOVA_BASE, .len = size, .prot = IOMMU_RW };
    int failed = 0;

    for (; count > 0; count--) {
        failed |= (int)iommu_map(domain, &m);
        m.iova += size;
        m.pa += size;
    }
    return failed;
}

static inline int unmap_each(struct iommu_domain *domain, uint64_t size, uint32_t count)
{
    int failed = 0;

    for (uint64_t iova = IOVA_BASE; iova != IOVA_BASE + count * size; iova += size)
        failed |= (int)iommu_unmap(domain, iova, size, NULL);
    return failed;
}

static inline int lookup_each(const struct iommu_domain *domain, uint64_t size, uint32_t count)
{
    int failed = 0;
    uint64_t pa;

    for (uint64_t iova = IOVA_BASE; iova != IOVA_BASE + count * size; iova += size)
        failed |= (int)iommu_lookup(domain, iova, &pa);
    return failed;
}

static void map_4k(struct run *r)
{
    int failed;

    MEASURE_BEGIN(r, 2);
    failed = map_each(r->domain, PAGE_4K, SINGLE_OPS);
    MEASURE_END(r, 2);
    r->failed |= failed != 0;
}

static void unmap_4k(struct run *r)
{
    int failed;

    MEASURE_BEGIN(r, 3);
    failed = unmap_each(r->domain, PAGE_4K, SINGLE_OPS);
    MEASURE_END(r, 3);
    r->failed |= failed != 0;
}

static void map_2m(struct run *r)
{
    int failed;

    MEASURE_BEGIN(r, 4);
    failed = map_each(r->domain, PAGE_2M, HEAVY_OPS);
    MEASURE_END(r, 4);
    r->failed |= failed != 0;
}

static void unmap_2m(struct run *r)
{
    int failed;

    MEASURE_BEGIN(r, 5);
    failed = unmap_each(r->domain, PAGE_2M, HEAVY_OPS);
    MEASURE_END(r, 5);
    r->failed |= failed != 0;
}

static void map_unmap_256(struct run *r)
{
    MEASURE_BEGIN(r, 6);
    for (uint32_t i = 0; i < HEAVY_OPS; i++) {
        map_at(r, PAGE_4K, RUN_PAGES * PAGE_4K);
        unmap_at(r, PAGE_4K, RUN_PAGES * PAGE_4K);
    }
    MEASURE_END(r, 6);
}

/* The offset by one page in IOVA only keeps large leaves out. */
static void map_512m(struct run *r)
{
    MEASURE_BEGIN(r, 7);
    must(r, iommu_map(r->domain, &(struct iommu_mapping){
        .iova = IOVA_BASE, .pa = PAGE_4K, .len = BULK_BYTES, .prot = IOMMU_RW }));
    MEASURE_END(r, 7);
}

static void unmap_512m(struct run *r)
{
    MEASURE_BEGIN(r, 8);
    unmap_at(r, 0, BULK_BYTES);
    MEASURE_END(r, 8);
}

static void lookup_4k(struct run *r)
{
    int failed;

    MEASURE_BEGIN(r, 9);
    failed = lookup_each(r->domain, PAGE_4K, SINGLE_OPS);
    MEASURE_END(r, 9);
    r->failed |= failed != 0;
}

static void lookup_2m(struct run *r)
{
    int failed;

    MEASURE_BEGIN(r, 10);
    failed = lookup_each(r->domain, PAGE_2M, HEAVY_OPS);
    MEASURE_END(r, 10);
    r->failed |= failed != 0;
}

static void create_destroy(struct run *r)
{
    struct iommu_domain_desc desc = {
        .type = IOMMU_DOMAIN_UNMANAGED, .devices = &r->device, .device_count = 1,
    };
    struct iommu_domain *domain;

    MEASURE_BEGIN(r, 11);
    for (uint32_t i = 0; i < HEAVY_OPS && !r->failed; i++) {
        must(r, iommu_domain_create(machine.iommu, &desc, &domain));
        if (!r->failed)
            must(r, iommu_domain_destroy(domain));
    }
    MEASURE_END(r, 11);
}

/* From one domain into the other and back: the entry is in use each time. */
static void attach(struct run *r)
{
    MEASURE_BEGIN(r, 12);
    for (uint32_t i = 0; i < HEAVY_OPS; i += 2) {
        must(r, iommu_attach(r->other, r->device, IOMMU_NO_PASID));
        must(r, iommu_attach(r->domain, r->device, IOMMU_NO_PASID));
    }
    MEASURE_END(r, 12);
}

/* ---- interrupts ---- */

static const struct iommu_irq_target places[2] = { { .apic_id = 0, .vector = VECTOR_BENCH }, { .apic_id = 1, .vector = VECTOR_BENCH } };

/* What a driver asks for: an entry that leads somewhere, and the message to write into the device. */
static void alloc_msi(struct run *r)
{
    struct iommu_msi message;

    MEASURE_BEGIN(r, 13);
    for (uint32_t i = 0; i < HEAVY_OPS && !r->failed; i++) {
        must(r, iommu_irq_alloc(r->device, 1, &r->irqs[i]));
        if (r->failed)
            break;
        must(r, iommu_irq_route(r->irqs[i], 0, &places[0]));
        iommu_irq_message(r->irqs[i], 0, &message);
    }
    MEASURE_END(r, 13);
}

static void free_msi(struct run *r)
{
    for (uint32_t i = 0; i < HEAVY_OPS; i++)
        if (r->irqs[i] != NULL)
            must(r, iommu_irq_free(r->irqs[i]));
    for (uint32_t i = 0; i < HEAVY_OPS; i++)
        r->irqs[i] = NULL;
}

static void alloc_one(struct run *r)
{
    must(r, iommu_irq_alloc(r->device, 1, &r->irqs[0]));
    if (!r->failed)
        must(r, iommu_irq_route(r->irqs[0], 0, &places[0]));
}

static void set_affinity(struct run *r)
{
    int failed = 0;

    if (r->failed)
        return;
    MEASURE_BEGIN(r, 14);
    for (uint32_t i = 0; i < SINGLE_OPS; i += 2) {
        failed |= (int)iommu_irq_route(r->irqs[0], 0, &places[1]);
        failed |= (int)iommu_irq_route(r->irqs[0], 0, &places[0]);
    }
    MEASURE_END(r, 14);
    r->failed |= failed != 0;
}

static void handled(void *arg)
{
    (void)arg;
}

static void take_vector(struct run *r)
{
    (void)r;
    irq_vector_set(VECTOR_BENCH, handled, NULL);
}

static void leave_vector(struct run *r)
{
    (void)r;
    irq_vector_free(VECTOR_BENCH);
}

/* From the instruction that enters the handler to the one behind its return; the handler does nothing. */
static void handle(struct run *r)
{
    MEASURE_BEGIN(r, 15);
    __asm__ volatile(".rept %c0\n\tint %1\n\t.endr" : : "i"(HEAVY_OPS), "i"(VECTOR_BENCH) : "memory");
    MEASURE_END(r, 15);
}

/* ---- floors ---- */

/* The assembler writes body count times: no loop, no address arithmetic. at counts bytes. */
#define STRAIGHT(count, step, body, base, value)                                                \
    __asm__ volatile(".set at, 0\n\t.rept %c2\n\t" body ".set at, at + " #step "\n\t.endr"         \
                     : : "r"(base), "r"((uint64_t)(value)), "i"(count) : "memory", "cc")

#define STORE_ENTRY "movq %1, at(%0)\n\t"
#define FLUSH_LINE "clflush at(%0)\n\t"
/*
 * Two descriptors or commands, the status word, the doorbell, one look at the status word; nothing
 * is waited for.
 */
#define FLUSH_AND_WAIT                                                                          \
    "movq %1, 4096(%0)\n\tmovq %1, 4104(%0)\n\tmovq %1, 4112(%0)\n\tmovq %1, 4120(%0)\n\t"        \
    "movl %k1, 4160(%0)\n\tmovq %1, 4224(%0)\n\tcmpl %k1, 4160(%0)\n\tjne .\n\t"

/*
 * A floor as a function; body is a macro of the instruction that writes a line of entries back, and
 * of the flush of entries that were absent, both empty where the unit needs none.
 */
#define FLOOR_CASE(r, id, body, write_back, present)    \
    do {                                                \
        MEASURE_BEGIN(r, id);                           \
        body(write_back, present)                       \
        MEASURE_END(r, id);                             \
    } while (0)
#define FLOOR(name, id, body)                                           \
    static void name(struct run *r)                                     \
    {                                                                   \
        if (r->coherent && r->caching_mode)                             \
            FLOOR_CASE(r, id, body, "", FLUSH_AND_WAIT);                \
        else if (r->coherent)                                           \
            FLOOR_CASE(r, id, body, "", "");                            \
        else if (r->caching_mode)                                       \
            FLOOR_CASE(r, id, body, FLUSH_LINE, FLUSH_AND_WAIT);        \
        else                                                            \
            FLOOR_CASE(r, id, body, FLUSH_LINE, "");                    \
    }

#define MAP_BODY(write_back, present)                                                           \
    STRAIGHT(SINGLE_OPS, 8, STORE_ENTRY write_back present, r->scratch, 3);
FLOOR(floor_map, 0x102, MAP_BODY)

#define UNMAP_BODY(write_back, present)                                                         \
    STRAIGHT(SINGLE_OPS, 8, STORE_ENTRY write_back FLUSH_AND_WAIT, r->scratch, 0);
FLOOR(floor_unmap, 0x103, UNMAP_BODY)

/* An entry of 16 bytes, written back, and what every flush takes. */
#define STORE_PAIR "movq %1, at(%0)\n\tmovq %1, at+8(%0)\n\t"
#define AFFINITY_BODY(write_back, present)                                                      \
    STRAIGHT(SINGLE_OPS, 8, STORE_PAIR write_back FLUSH_AND_WAIT, r->scratch, 0);
FLOOR(floor_affinity, 0x10e, AFFINITY_BODY)

#define MAP_2M_BODY(write_back, present)                                                        \
    STRAIGHT(HEAVY_OPS, 8, STORE_ENTRY write_back present, r->scratch, 3);
FLOOR(floor_map_2m, 0x104, MAP_2M_BODY)

#define UNMAP_2M_BODY(write_back, present)                                                      \
    STRAIGHT(HEAVY_OPS, 8, STORE_ENTRY write_back FLUSH_AND_WAIT, r->scratch, 0);
FLOOR(floor_unmap_2m, 0x105, UNMAP_2M_BODY)

#define RUN_BODY(write_back, present)                                           \
    for (uint32_t i = 0; i < HEAVY_OPS; i++) {                                  \
        STRAIGHT(RUN_PAGES, 8, STORE_ENTRY, r->scratch, 3);                     \
        STRAIGHT(RUN_PAGES / LINE_ENTRIES, 64, write_back, r->scratch, 0);      \
        STRAIGHT(1, 0, present, r->scratch, 0);                                 \
        STRAIGHT(RUN_PAGES, 8, STORE_ENTRY, r->scratch, 0);                     \
        STRAIGHT(RUN_PAGES / LINE_ENTRIES, 64, write_back, r->scratch, 0);      \
        STRAIGHT(1, 0, FLUSH_AND_WAIT, r->scratch, 0);                          \
    }
FLOOR(floor_256, 0x106, RUN_BODY)

#define MAP_512M_BODY(write_back, present)                                      \
    for (uint64_t table = 0; table < BULK_BYTES / PAGE_2M; table++) {           \
        STRAIGHT(TABLE_ENTRIES, 8, STORE_ENTRY, r->scratch, 3);                 \
        STRAIGHT(TABLE_ENTRIES / LINE_ENTRIES, 64, write_back, r->scratch, 0);  \
        STRAIGHT(1, 0, STORE_ENTRY write_back, r->scratch, 3);                  \
    }                                                                           \
    STRAIGHT(1, 0, present, r->scratch, 0);
FLOOR(floor_map_512m, 0x107, MAP_512M_BODY)

#define UNMAP_512M_BODY(write_back, present)                                                    \
    STRAIGHT(BULK_BYTES / PAGE_2M, 8, STORE_ENTRY, r->scratch, 0);                              \
    STRAIGHT(BULK_BYTES / PAGE_2M / LINE_ENTRIES, 64, write_back, r->scratch, 0);               \
    STRAIGHT(1, 0, FLUSH_AND_WAIT, r->scratch, 0);
FLOOR(floor_unmap_512m, 0x108, UNMAP_512M_BODY)

/* A root of empty entries. */
#define CREATE_BODY(write_back, present)                                        \
    for (uint32_t i = 0; i < HEAVY_OPS; i++) {                                  \
        STRAIGHT(TABLE_ENTRIES, 8, STORE_ENTRY, r->scratch, 0);                 \
        STRAIGHT(TABLE_ENTRIES / LINE_ENTRIES, 64, write_back, r->scratch, 0);  \
    }
FLOOR(floor_create, 0x10b, CREATE_BODY)

/* ---- around them ---- */

/* Page by page: in one call they would become larger leaves where the format has them. */
static void map_singles(struct run *r)
{
    r->failed |= map_each(r->domain, PAGE_4K, SINGLE_OPS) != 0;
}

static void unmap_singles(struct run *r)
{
    unmap_at(r, 0, SINGLE_OPS * PAGE_4K);
}

static void map_large(struct run *r)
{
    r->failed |= map_each(r->domain, PAGE_2M, HEAVY_OPS) != 0;
}

static void unmap_large(struct run *r)
{
    unmap_at(r, 0, HEAVY_OPS * PAGE_2M);
}

static void warm_large(struct run *r)
{
    map_large(r);
    unmap_large(r);
}

/* Tables are there already, as in a domain that is in use. */
static void warm_tables(struct run *r)
{
    map_singles(r);
    for (uint32_t i = 0; i < SINGLE_OPS; i++)
        unmap_at(r, i * PAGE_4K, PAGE_4K);
}

/* ---- several CPUs ---- */

/* No marks: an outside counter follows one CPU. */
#define SCALE(cpus)                                                                             \
    static void scale_##cpus(struct run *r)                                                     \
    {                                                                                           \
        r->failed |= !bench_scale(r->domain, IOVA_BASE, cpus, &r->begin, &r->end);              \
    }
SCALE(1) SCALE(2) SCALE(4)

/* How one CPU fares is of interest beside several. */
static bool has_cpus(const struct bench *b)
{
    return b->cpus == 0 || (smp_count() > 1 && b->cpus <= smp_count());
}

/* Intel's peer and goal, then AMD's. */
static const struct bench benches[] = {
    { 1, "calibrate/loop", CALIBRATION_TURNS, NO_TARGET, calibrate, NULL, NULL, NULL, false, 0 },
    { 2, "domain/map-4k", SINGLE_OPS, { { 44900, 9000 }, { 85400, 9000 } },
      map_4k, floor_map, warm_tables, unmap_singles, false, 0 },
    { 3, "domain/unmap-4k", SINGLE_OPS, { { 114000, 22000 }, { 77600, 22000 } },
      unmap_4k, floor_unmap, map_singles, NULL, false, 0 },
    { 4, "domain/map-2m", HEAVY_OPS, NO_TARGET, map_2m, floor_map_2m, warm_large, unmap_large, false, 0 },
    { 5, "domain/unmap-2m", HEAVY_OPS, NO_TARGET, unmap_2m, floor_unmap_2m, map_large, NULL, false, 0 },
    { 6, "domain/map-unmap-256x4k", HEAVY_OPS, { { 1025300, 400000 }, { 1626100, 400000 } },
      map_unmap_256, floor_256, warm_tables, NULL, false, 0 },
    { 7, "domain/map-512m-per-page", BULK_BYTES / PAGE_4K, { { 1920, 800 }, { 2520, 800 } },
      map_512m, floor_map_512m, NULL, unmap_512m, false, 0 },
    { 8, "domain/unmap-512m-per-page", BULK_BYTES / PAGE_4K, { { 68, 65 }, { 3100, 65 } },
      unmap_512m, floor_unmap_512m, map_512m, NULL, false, 0 },
    { 9, "domain/lookup-4k", SINGLE_OPS, { { 13600, 4500 }, { 14600, 4500 } },
      lookup_4k, NULL, map_singles, unmap_singles, false, 0 },
    { 10, "domain/lookup-2m", HEAVY_OPS, NO_TARGET, lookup_2m, NULL, map_large, unmap_large, false, 0 },
    { 11, "domain/create-destroy", HEAVY_OPS, { { 713700, 150000 }, { 493300, 150000 } },
      create_destroy, floor_create, NULL, NULL, false, 0 },
    { 12, "domain/attach", HEAVY_OPS, { { 314100, 70000 }, { 271200, 70000 } },
      attach, NULL, NULL, NULL, false, 0 },
    { 13, "irq/alloc-msi", HEAVY_OPS, { { 2588300, 150000 }, { 2572800, 150000 } },
      alloc_msi, NULL, NULL, free_msi, true, 0 },
    { 14, "irq/set-affinity", SINGLE_OPS, { { 88000, 25000 }, { 75500, 25000 } },
      set_affinity, floor_affinity, alloc_one, free_msi, true, 0 },
    { 15, "irq/handler", HEAVY_OPS, NO_TARGET, handle, NULL, take_vector, leave_vector, false, 0 },
    { 64, "scale/map-unmap-4k-1-cpu", BENCH_SCALE_OPS, NO_TARGET, scale_1, NULL, NULL, NULL, false, 1 },
    { 65, "scale/map-unmap-4k-2-cpus", 2 * BENCH_SCALE_OPS, NO_TARGET, scale_2, NULL, NULL, NULL, false, 2 },
    { 66, "scale/map-unmap-4k-4-cpus", 4 * BENCH_SCALE_OPS, NO_TARGET, scale_4, NULL, NULL, NULL, false, 4 },
};
#define BENCHES (sizeof(benches) / sizeof(benches[0]))

/* ---- running and printing ---- */

struct result {
    const struct bench *bench;
    enum vendor vendor;
    uint64_t insns, floor;      /* hundredths an operation; floor 0: none */
    uint64_t doorbells, descriptors;    /* tenths an operation */
};

static uint64_t measure(struct run *r, void (*body)(struct run *r), uint64_t empty)
{
    body(r);
    return r->end - r->begin > empty ? r->end - r->begin - empty : 0;
}

static void nothing(struct run *r)
{
    MEASURE_BEGIN(r, 0);
    MEASURE_END(r, 0);
}

static bool run_one(struct run *r, const struct bench *b, struct result *out)
{
    struct iommu_debug_counters before, after;
    uint64_t empty = measure(r, nothing, 0);

    r->failed = false;
    if (b->before != NULL)
        b->before(r);
    iommu_debug_counters(machine.iommu, 0, &before);
    out->insns = measure(r, b->body, empty) * 100 / b->ops;
    iommu_debug_counters(machine.iommu, 0, &after);
    if (b->after != NULL)
        b->after(r);
    out->bench = b;
    out->vendor = r->vendor;
    out->doorbells = (after.doorbells - before.doorbells) * TENTHS / b->ops;
    out->descriptors = (after.descriptors - before.descriptors) * TENTHS / b->ops;
    out->floor = b->floor != NULL ? measure(r, b->floor, empty) * 100 / b->ops : 0;
    return !r->failed;
}

static void print_hundredths(const char *name, uint32_t hundredths)
{
    if (hundredths == NOT_KNOWN)
        print(" %s=none", name);
    else
        print(" %s=%u.%02u", name, hundredths / 100, hundredths % 100);
}

static void print_line(const struct result *result)
{
    const struct bench *b = result->bench;

    print("bench %s vendor=%s mode=strict ops=%u insns=%llu.%02llu doorbells=%llu.%llu descriptors=%llu.%llu",
          b->name, vendor_names[result->vendor], b->ops, (unsigned long long)result->insns / 100, (unsigned long long)result->insns % 100,
          (unsigned long long)result->doorbells / TENTHS, (unsigned long long)result->doorbells % TENTHS,
          (unsigned long long)result->descriptors / TENTHS, (unsigned long long)result->descriptors % TENTHS);
    if (b->floor == NULL)
        print(" floor=none");
    else
        print(" floor=%llu.%02llu", (unsigned long long)result->floor / 100,
              (unsigned long long)result->floor % 100);
    print_hundredths("peer", b->target[result->vendor].peer);
    print_hundredths("goal", b->target[result->vendor].goal);
    print("\n");
}

/* null stands for what is not known. */
static void print_json_hundredths(const char *name, uint32_t hundredths)
{
    if (hundredths == NOT_KNOWN)
        print(",\"%s\":null", name);
    else
        print(",\"%s\":%u.%02u", name, hundredths / 100, hundredths % 100);
}

static void print_json(const struct result *results, size_t count)
{
    print("---8<--- bench\n{\"schema\":\"iommukit-bench-1\",\"results\":[\n");
    for (size_t i = 0; i < count; i++) {
        const struct bench *b = results[i].bench;

        print("%s{\"name\":\"%s\",\"vendor\":\"%s\",\"id\":%u,\"ops\":%u,\"insns\":%llu.%02llu,\"floor\":%llu.%02llu", i > 0 ? "," : "",
              b->name, vendor_names[results[i].vendor], b->id, b->ops, (unsigned long long)results[i].insns / 100,
              (unsigned long long)results[i].insns % 100, (unsigned long long)results[i].floor / 100,
              (unsigned long long)results[i].floor % 100);
        print_json_hundredths("peer", b->target[results[i].vendor].peer);
        print_json_hundredths("goal", b->target[results[i].vendor].goal);
        print("}\n");
    }
    print("]}\n--->8---\n");
}

/* False: the unit cannot be asked. */
static bool learn_unit(struct run *r)
{
    struct iommu_unit_info unit;

    if (iommu_unit_info(machine.iommu, iommu_device_unit(r->device), &unit) != IOMMU_OK)
        return false;
    r->vendor = text_equal(unit.vendor, vendor_names[AMD]) ? AMD : INTEL;
    r->coherent = unit.coherent;
    r->caching_mode = unit.caching_mode;
    return true;
}

static bool prepare(struct run *r)
{
    struct iommu_domain_desc desc = { .type = IOMMU_DOMAIN_UNMANAGED, .devices = &r->device, .device_count = 1 };
    uint64_t any = machine.suite.exerciser_count;

    for (uint64_t i = 0; i < any && r->device == NULL; i++)
        r->device = machine.suite.exercisers[i]->device;
    if (machine.iommu == NULL || r->device == NULL || !learn_unit(r)) {
        log_line(LOG_ERROR, "bench: needs an IOMMU and an exerciser that it covers");
        return false;
    }
    r->scratch = pages_alloc(2, PAGE_4K, 0, UINT64_MAX);
    must(r, iommu_domain_create(machine.iommu, &desc, &r->domain));
    must(r, iommu_domain_create(machine.iommu, &desc, &r->other));
    if (r->failed || r->scratch == NULL) {
        log_line(LOG_ERROR, "bench: no domain to work on");
        return false;
    }
    must(r, iommu_attach(r->domain, r->device, IOMMU_NO_PASID));
    return !r->failed;
}

static void finish(struct run *r)
{
    must(r, iommu_detach(r->device, IOMMU_NO_PASID));
    must(r, iommu_domain_destroy(r->other));
    must(r, iommu_domain_destroy(r->domain));
    pages_free(r->scratch, 2);
}

bool bench_run(const char *globs)
{
    struct result results[BENCHES];
    struct run run = { 0 };
    size_t count = 0, named = 0;
    bool ok = true;

    if (text_equal(globs, "list")) {
        for (size_t i = 0; i < BENCHES; i++)
            print("%s region=0x%x\n", benches[i].name, REGION_BEGIN | benches[i].id);
        return true;
    }
    if (!prepare(&run))
        return false;
    for (size_t i = 0; i < BENCHES; i++) {
        if (!has_cpus(&benches[i]) || !glob_list_match(globs, benches[i].name))
            continue;
        named++;
        if (benches[i].remapped && !machine_remaps()) {
            print("bench %s left out: interrupts are not remapped\n", benches[i].name);
            continue;
        }
        if (!run_one(&run, &benches[i], &results[count])) {
            log_line(LOG_ERROR, "bench: %s failed", benches[i].name);
            ok = false;
            continue;
        }
        print_line(&results[count++]);
    }
    print_json(results, count);
    finish(&run);
    if (named == 0)
        log_line(LOG_ERROR, "bench=%s: no benchmark for as many CPUs as run (%u) has such a name, bench=list shows all",
                 globs, smp_count());
    return ok && named > 0 && !run.failed;
}
