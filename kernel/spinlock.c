/* SPDX-License-Identifier: BSD-2-Clause */
/* What a spin lock does when it is not free. */
#include "spinlock.h"

#include "clock.h"
#include "panic.h"
#include "smp.h"

/* No lock is held for long; a machine that is emulated on a busy host is slow. */
#define WAIT_US 20000000u

void spin_wait(struct spin_lock *lock)
{
    uint32_t me = this_cpu()->index;
    uint64_t until = now_us() + WAIT_US;

    while (!spin_try(lock)) {
        uint32_t holder = __atomic_load_n(&lock->holder, __ATOMIC_RELAXED);

        /* Nobody else runs any more: a holder will not give it back, and cannot be disturbed. */
        if (smp_alone()) {
            __atomic_store_n(&lock->holder, me + 1, __ATOMIC_RELAXED);
            return;
        }
        if (IOMMUKIT_DEBUG && holder == me + 1)
            panic("spin lock %s: taken by cpu %u, which holds it already", lock->name, me);
        if (now_us() > until)
            panic("spin lock %s: cpu %u waited %u us, held by cpu %u", lock->name, me, WAIT_US,
                  holder - 1);
        smp_relax();
    }
}

_Noreturn void spin_not_holder(const struct spin_lock *lock)
{
    uint32_t holder = __atomic_load_n(&lock->holder, __ATOMIC_RELAXED);

    if (holder == 0)
        panic("spin lock %s: released by cpu %u, held by nobody", lock->name, this_cpu()->index);
    panic("spin lock %s: released by cpu %u, held by cpu %u", lock->name, this_cpu()->index,
          holder - 1);
}
