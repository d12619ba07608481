/* SPDX-License-Identifier: BSD-2-Clause */
/* Faults raised on purpose: protection is there, and a trap is reported and ends the run. */
#include "traps.h"

#include <stddef.h>
#include <string.h>

#include "console.h"
#include "linker.h"
#include "mm.h"
#include "smp_test.h"
#include "thread.h"
#include "vm.h"

#define OVERFLOW_FRAME_BYTES 256

static void read_null(void)
{
    volatile uint64_t *null = NULL;

    /* The compiler must not see that the pointer is NULL, or it plants its own trap. */
    __asm__("" : "+r"(null));
    (void)*null;
}

static void write_text(void)
{
    volatile char *text = (volatile char *)(uintptr_t)text_start;

    *text = *text;
}

static void write_text_direct(void)
{
    volatile char *text = phys_to_virt(virt_to_phys(text_start));

    *text = *text;
}

static void read_identity(void)
{
    const volatile char *text = (const volatile char *)(uintptr_t)virt_to_phys(text_start);

    (void)*text;
}

static void execute(unsigned char *code)
{
    static const unsigned char ret_instruction = 0xc3;
    void (*function)(void);

    code[0] = ret_instruction;
    memcpy(&function, &code, sizeof(function));
    function();
}

static void exec_data(void)
{
    static unsigned char code[16];

    execute(code);
}

static void exec_direct(void)
{
    execute(kalloc(1));
}

/* Depth is never reached; the result keeps the frames from becoming a loop. */
__attribute__((noinline)) static unsigned overflow(unsigned depth)
{
    volatile unsigned char frame[OVERFLOW_FRAME_BYTES];

    frame[depth % OVERFLOW_FRAME_BYTES] = (unsigned char)depth;
    if (depth == 0)
        return 0;
    return overflow(depth - 1) + frame[depth % OVERFLOW_FRAME_BYTES];
}

static void overflow_thread(void *arg)
{
    volatile unsigned *result = arg;

    *result = overflow(1u << 20);
}

static void stack_overflow(void)
{
    volatile unsigned result;
    struct thread *thread = thread_create("overflow", overflow_thread, (void *)(uintptr_t)&result);

    if (thread != NULL)
        thread_join(thread);
}

static void undefined_opcode(void)
{
    __asm__ volatile("ud2");
}

static void divide_by_zero(void)
{
    uint32_t low = 1, high = 0, divisor = 0;

    __asm__ volatile("divl %2" : "+a"(low), "+d"(high) : "r"(divisor) : "cc");
}

#define SPACE_VA 0x400000ull

static void count_invalidation(void *ctx, uint64_t start, uint64_t end, bool tables)
{
    unsigned *count = ctx;

    (void)tables;
    *count += start <= SPACE_VA && end >= SPACE_VA + PAGE_BYTES;
}

/*
 * A page in an address space of its own: reached, then taken away, with whoever
 * watches told before. The last read traps. Needs a CPU without SMAP, which
 * keeps the kernel from user pages anyway.
 */
static void read_unmapped_space(void)
{
    unsigned told = 0;
    struct vm_invalidation watch = { .fn = count_invalidation, .ctx = &told };
    uint64_t *frame = pages_alloc(1, PAGE_BYTES, 0, UINT64_MAX);
    volatile uint64_t *at = (volatile uint64_t *)SPACE_VA;
    static struct vm_space space;
    uint64_t free_before = free_bytes();
    bool mapped, arrived, back;

    mapped = frame != NULL && vm_space_create(&space) == IOMMU_OK &&
             vm_space_map(&space, SPACE_VA, virt_to_phys(frame), PAGE_BYTES, IOMMU_RW) == IOMMU_OK;
    if (!mapped) {
        log_line(LOG_ERROR, "trap test space: no memory");
        return;
    }
    vm_space_watch(&space, &watch);
    vm_space_switch(&space);
    *at = SPACE_VA;
    arrived = *frame == SPACE_VA;
    (void)vm_space_unmap(&space, SPACE_VA, PAGE_BYTES);
    vm_space_switch(NULL);
    vm_space_unwatch(&space, &watch);
    vm_space_destroy(&space);
    back = free_bytes() == free_before;
    print("# space: arrived=%s told=%u tables-given-back=%s\n", arrived ? "yes" : "no", told, back ? "yes" : "no");
    if (vm_space_create(&space) != IOMMU_OK)
        return;
    vm_space_switch(&space);
    (void)*at;
}

static const struct {
    const char *kind;
    void (*raise)(void);
} kinds[] = {
    { "null", read_null },
    { "write-text", write_text },
    { "write-text-direct", write_text_direct },
    { "exec-data", exec_data },
    { "exec-direct", exec_direct },
    { "identity", read_identity },
    { "stack-overflow", stack_overflow },
    { "ud", undefined_opcode },
    { "div", divide_by_zero },
    { "space", read_unmapped_space },
    { "lock-recursion", smp_test_lock_recursion },
    { "lock-release", smp_test_lock_release },
    { "panic", smp_test_panic },
    { "shootdown", smp_test_shootdown },
    { "ipi-call", smp_test_ipi_call },
    { "vector-free", smp_test_vector_free },
    { "modes", smp_test_modes },
    { "smp-stress", smp_test_stress },
};

void trap_test(const char *kind)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const char *a = kinds[i].kind, *b = kind;

        while (*a != '\0' && *a == *b) {
            a++;
            b++;
        }
        if (*a != *b)
            continue;
        kinds[i].raise();
        log_line(LOG_ERROR, "trap test %s: nothing trapped", kind);
        return;
    }
    log_line(LOG_ERROR, "trap test %s: unknown kind", kind);
}
