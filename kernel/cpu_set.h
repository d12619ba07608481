/* SPDX-License-Identifier: BSD-2-Clause */
/* Sets of CPUs by index; adding and removing is safe while others look. Portable. */
#ifndef KERNEL_CPU_SET_H
#define KERNEL_CPU_SET_H

#include <stdbool.h>
#include <stdint.h>

#define CPUS_MAX 512u
#define CPU_SET_WORD_BITS 64u
#define CPU_SET_WORDS (CPUS_MAX / CPU_SET_WORD_BITS)
_Static_assert(CPUS_MAX % CPU_SET_WORD_BITS == 0, "whole words");

struct cpu_set {
    uint64_t words[CPU_SET_WORDS];
};

static inline void cpu_set_add(struct cpu_set *set, unsigned cpu)
{
    __atomic_or_fetch(&set->words[cpu / CPU_SET_WORD_BITS], 1ull << (cpu % CPU_SET_WORD_BITS),
                      __ATOMIC_SEQ_CST);
}

static inline void cpu_set_remove(struct cpu_set *set, unsigned cpu)
{
    __atomic_and_fetch(&set->words[cpu / CPU_SET_WORD_BITS],
                       ~(1ull << (cpu % CPU_SET_WORD_BITS)), __ATOMIC_SEQ_CST);
}

/* False for an index that no CPU can have. */
static inline bool cpu_set_has(const struct cpu_set *set, unsigned cpu)
{
    return cpu < CPUS_MAX &&
           (__atomic_load_n(&set->words[cpu / CPU_SET_WORD_BITS], __ATOMIC_SEQ_CST) >>
            (cpu % CPU_SET_WORD_BITS) & 1) != 0;
}

/* The lowest member at or above from; CPUS_MAX: there is none. */
static inline unsigned cpu_set_next(const struct cpu_set *set, unsigned from)
{
    for (unsigned at = from; at < CPUS_MAX; at = (at / CPU_SET_WORD_BITS + 1) * CPU_SET_WORD_BITS) {
        uint64_t word = __atomic_load_n(&set->words[at / CPU_SET_WORD_BITS], __ATOMIC_SEQ_CST);

        word &= ~0ull << (at % CPU_SET_WORD_BITS);
        if (word != 0)
            return at / CPU_SET_WORD_BITS * CPU_SET_WORD_BITS + (unsigned)__builtin_ctzll(word);
    }
    return CPUS_MAX;
}

static inline unsigned cpu_set_count(const struct cpu_set *set)
{
    unsigned count = 0;

    for (unsigned at = cpu_set_next(set, 0); at < CPUS_MAX; at = cpu_set_next(set, at + 1))
        count++;
    return count;
}

#endif
