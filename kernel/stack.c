/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernel stacks, one behind the other from STACKS_BASE on, each with an
 * unmapped page on both sides. They are never given back: threads that end
 * leave theirs to the next.
 */
#include "stack.h"

#include "linker.h"
#include "mm.h"
#include "percpu.h"
#include "spinlock.h"
#include "vm.h"

/* Each CPU has an idle one and those of its interrupts. */
#define STACKS (128 + 4 * CPUS_MAX)

struct stack {
    uint64_t bottom;
    uint64_t top;
};

/* Guards: the list and the address of the next; backtraces read the list without it. */
static struct spin_lock lock = SPIN_LOCK("stacks");
static struct stack stacks[STACKS];
static size_t stack_count;
static uint64_t next_bottom = STACKS_BASE + PAGE_BYTES;

static void *map_locked(void *frames, size_t pages)
{
    struct stack *stack = &stacks[stack_count];
    uint64_t bytes = pages * PAGE_BYTES;

    if (stack_count == STACKS || !vm_kernel_map(next_bottom, virt_to_phys(frames), bytes, VM_DATA))
        return NULL;
    *stack = (struct stack){ .bottom = next_bottom, .top = next_bottom + bytes };
    __atomic_store_n(&stack_count, stack_count + 1, __ATOMIC_RELEASE);
    next_bottom = stack->top + PAGE_BYTES;
    return (void *)(uintptr_t)stack->top;
}

void *stack_alloc(size_t pages)
{
    void *frames = pages_alloc(pages, PAGE_BYTES, 0, UINT64_MAX), *top;
    uintptr_t flags;

    if (frames == NULL)
        return NULL;
    flags = spin_lock(&lock);
    top = map_locked(frames, pages);
    spin_unlock(&lock, flags);
    if (top == NULL)
        pages_free(frames, pages);
    return top;
}

static bool inside(uint64_t address, uint64_t len, uint64_t start, uint64_t end)
{
    return address >= start && address < end && len <= end - address;
}

bool stack_holds(uint64_t address, uint64_t len)
{
    if (inside(address, len, (uintptr_t)boot_stack_bottom, (uintptr_t)boot_stack_top))
        return true;
    for (size_t i = 0; i < stack_count; i++) {
        if (inside(address, len, stacks[i].bottom, stacks[i].top))
            return true;
    }
    return false;
}

bool stack_guard_hit(uint64_t address)
{
    if (inside(address, 1, (uintptr_t)boot_stack_guard, (uintptr_t)boot_stack_bottom))
        return true;
    for (size_t i = 0; i < stack_count; i++) {
        if (inside(address, 1, stacks[i].bottom - PAGE_BYTES, stacks[i].bottom))
            return true;
    }
    return false;
}
