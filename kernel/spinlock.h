/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Spin locks of the kernel. Taking one turns interrupts off on this CPU. The
 * word names its holder, so that a second taking by the same CPU and a release
 * by another one panic and name both; IOMMUKIT_DEBUG=0 leaves these checks out.
 * Whoever waits answers requests to flush the TLB meanwhile (smp_relax()), so
 * a holder may wait for other CPUs to do that.
 *
 * Lock order, outermost first. A lock may be taken while any of those above it
 * is held, never the other way round:
 *
 *   struct vm_space.lock of a task   its tables; its watchers' callbacks run under it
 *   (the IOMMU library's locks)      drivers/iommu/internal.h has their own order
 *   mm_windows.c windows             the list of register windows
 *   stack.c stacks                   the list of kernel stacks
 *   vm.c kernel_space.lock           the kernel's own tables
 *   smp_ipi.c flush                  one TLB shootdown at a time
 *   mm.c kalloc                      the chunk that is being cut
 *   mm.c frames                      the page allocator
 *   irq_route.c routes               which routes are taken
 *   suite_irq.c suite interrupts     which of the suite's interrupts are taken
 *   irq_sources.c ioapics            two accesses of an IOAPIC make one
 *   irq.c vectors                    who has which vector
 *   thread.c scheduler               every queue of threads
 *   suite_env.c faults               the log of faults
 *   report_findings.c findings       findings of scenarios that have been printed
 *   console.c console                one piece of output at a time
 *
 * smp_call() takes no lock with interrupts off and may not be called with one held.
 * A panic stops the other CPUs and then takes every lock of this list by force. The library's are not among
 * them: from a panic to the end, kernel_exit() included, nobody calls the library, and interrupts, among them
 * those of a unit, are off. Whoever adds such a call would wait for ever for a lock that a stopped CPU holds.
 */
#ifndef KERNEL_SPINLOCK_H
#define KERNEL_SPINLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "irq.h"
#include "percpu.h"

#ifndef IOMMUKIT_DEBUG
#define IOMMUKIT_DEBUG 1
#endif

/*
 * Whoever finds it free has it. Not first come, first served: a virtual CPU that
 * its host does not run would then hold up all behind it.
 */
struct spin_lock {
    uint32_t holder;            /* lock_id of the CPU; 0: nobody; atomic */
    const char *name;
};
#define SPIN_LOCK(text) { .name = (text) }

/* The slow paths. */
void spin_wait(struct spin_lock *lock);
_Noreturn void spin_not_holder(const struct spin_lock *lock);

static inline bool spin_is_mine(const struct spin_lock *lock)
{
    return __atomic_load_n(&lock->holder, __ATOMIC_RELAXED) == this_lock_id();
}

static inline bool spin_try(struct spin_lock *lock)
{
    uint32_t nobody = 0;

    return __atomic_compare_exchange_n(&lock->holder, &nobody, this_lock_id(), false,
                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* Returns what spin_unlock() takes. */
static inline uintptr_t spin_lock(struct spin_lock *lock)
{
    uintptr_t flags = irq_save();

    if (__builtin_expect(!spin_try(lock), 0))
        spin_wait(lock);
    return flags;
}

static inline void spin_unlock(struct spin_lock *lock, uintptr_t flags)
{
    if (IOMMUKIT_DEBUG && __builtin_expect(!spin_is_mine(lock), 0))
        spin_not_holder(lock);
    __atomic_store_n(&lock->holder, 0, __ATOMIC_RELEASE);
    irq_restore(flags);
}

#endif
