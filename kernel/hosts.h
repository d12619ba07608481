/* SPDX-License-Identifier: BSD-2-Clause */
/* What the drivers ask of the kernel: one constant a driver family. */
#ifndef KERNEL_HOSTS_H
#define KERNEL_HOSTS_H

#include "exerciser.h"
#include "iommu/platform.h"
#include "pci.h"

extern const struct iommu_platform kernel_iommu_platform;   /* iommu_platform.c */
extern const struct pci_host kernel_pci_host;               /* hosts.c */
extern const struct exerciser_host kernel_exerciser_host;

/* Members that several of them share; ctx is not used. */
uint32_t host_read32(void *ctx, const volatile void *at);
uint64_t host_read64(void *ctx, const volatile void *at);
void host_write32(void *ctx, volatile void *at, uint32_t value);
void host_write64(void *ctx, volatile void *at, uint64_t value);
uint64_t host_now_us(void *ctx);

#endif
