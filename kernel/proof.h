/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proof that the units stand between devices and memory, taken once they
 * are started and before anything is tested: DMA of a blocked device must not
 * arrive. An emulated unit may say that it translates and let everything
 * through. Where no fault record shows that the request was made and
 * refused, the device is shown to reach a page that is mapped for it and to
 * miss one that is not. Portable.
 */
#ifndef KERNEL_PROOF_H
#define KERNEL_PROOF_H

#include "env.h"

/* Of one device. */
enum proof_result {
    PROOF_NOT_TRIED,    /* no unit covers it, or it did no DMA where it may */
    PROOF_BLOCKED,
    PROOF_PASSED,       /* what it sent while blocked arrived */
};

struct proof {
    size_t blocked, passed;             /* devices */
    const struct exerciser *leak;       /* the first whose DMA passed; NULL */
    uint64_t leak_pa;                   /* where that arrived */
    /* Of devices that were blocked; one with reserved regions misses an unmapped page then: */
    size_t blocked_recorded;            /* the refusal was recorded */
    size_t blocked_unrecorded;
    size_t unmapped;                    /* a page that is not mapped was tried */
    size_t unmapped_recorded;
    size_t wrong_records;               /* of those, with a wrong address or device */
};

/* Every device is afterwards as it was before. env->iommu is set. */
void proof_take(struct suite_env *env, struct proof *out);

/* "blocking proven by 3 devices", without more where none could be tried; returns its length. */
size_t proof_text(const struct proof *proof, char *out, size_t size);

/* Nothing is blocked: each device that was tried passed. */
bool proof_all_passed(const struct proof *proof);

/*
 * What is wrong with the fault records of an emulated AMD unit, for struct suite_env: there it is
 * tolerated by name (suite/quirks.h), while on hardware scenarios fail by it.
 */
void proof_quirks(const struct proof *proof, struct suite_env *env);

#endif
