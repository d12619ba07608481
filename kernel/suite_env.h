/* SPDX-License-Identifier: BSD-2-Clause */
/* The suite's environment on this kernel, and the log of faults behind it. */
#ifndef KERNEL_SUITE_ENV_H
#define KERNEL_SUITE_ENV_H

#include "env.h"

extern const struct suite_env_ops kernel_suite_env_ops;

/* The library's fault callback (struct iommu_config). */
void suite_env_fault(void *ctx, const struct iommu_fault *fault);
/* The newest max faults, oldest first, whatever scenarios have cleared since; returns how many. */
size_t suite_env_recent_faults(struct iommu_fault *out, size_t max);
/* How many there ever were. */
uint64_t suite_env_faults_seen(void);

/*
 * The index of the n-th CPU as the suite counts them: those that were left out are not counted.
 * CPUS_MAX: there is no such CPU.
 */
unsigned suite_env_cpu(unsigned n);

#endif
