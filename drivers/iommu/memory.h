/* SPDX-License-Identifier: BSD-2-Clause */
/* The four functions a freestanding compiler expects to find anyway; the embedder links them. */
#ifndef IOMMU_MEMORY_H
#define IOMMU_MEMORY_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t len);
void *memmove(void *to, const void *from, size_t len);
void *memset(void *at, int byte, size_t len);
int memcmp(const void *a, const void *b, size_t len);

#endif
