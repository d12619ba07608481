/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address spaces, built by the library's x86-64 page tables. The kernel's own
 * is the upper half of every one; what a task has is below it.
 */
#ifndef KERNEL_VM_H
#define KERNEL_VM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "page_alloc.h"
#include "pt/pt.h"
#include "spinlock.h"

#define VM_USER_END 0x0000800000000000ull

/* Permissions of the kernel's own mappings. */
#define VM_CODE     (IOMMU_READ | PT_EXECUTE | PT_GLOBAL)
#define VM_RODATA   (IOMMU_READ | PT_GLOBAL)
#define VM_DATA     (IOMMU_RW | PT_GLOBAL)

/*
 * Builds the kernel's space over the ranges of RAM and switches to it. Panics
 * when the CPU lacks a feature or memory is gone.
 */
void vm_init(const struct page_range *ram, size_t count, uint64_t kernel_pa);
/* On another CPU, which has the startup tables: its control bits, and the kernel's own tables. */
void vm_init_other(void);
/*
 * Tables for a CPU that is being started: the kernel's half, and one page at
 * pa mapped where it lies. The root is below 4 GiB. 0: no memory.
 */
uint64_t vm_startup_create(uint64_t pa);
void vm_startup_destroy(void);

bool vm_kernel_map(uint64_t va, uint64_t pa, uint64_t len, unsigned prot);
/* Returns when no CPU can reach the range any more. */
void vm_kernel_unmap(uint64_t va, uint64_t len);

/*
 * Somebody else who walks a space's tables (a device with the task's table as
 * its first stage) and must forget [start, end) before a page is reused. With
 * tables set, cached table entries too.
 */
struct vm_invalidation {
    void (*fn)(void *ctx, uint64_t start, uint64_t end, bool tables);
    void *ctx;
    struct vm_invalidation *next;
};

struct vm_space {
    struct spin_lock lock;      /* guards: table, invalidations */
    struct pt_table table;
    struct vm_invalidation *invalidations;
};

/* An empty lower half. IOMMU_ERR_NOMEM. */
enum iommu_status vm_space_create(struct vm_space *space);
/* Nothing runs in it or walks it any more; the caller's pages stay the caller's. */
void vm_space_destroy(struct vm_space *space);
/* prot as pt.h; PT_USER is added. Errors as iommu_map(). */
enum iommu_status vm_space_map(struct vm_space *space, uint64_t va, uint64_t pa, uint64_t len,
                               unsigned prot);
/* No CPU remembers the range and every callback has run: the caller may reuse the pages. */
enum iommu_status vm_space_unmap(struct vm_space *space, uint64_t va, uint64_t len);
/* The entry stays the caller's and in place until it is removed. */
void vm_space_watch(struct vm_space *space, struct vm_invalidation *invalidation);
void vm_space_unwatch(struct vm_space *space, struct vm_invalidation *invalidation);
/* On this CPU. NULL: the kernel's own, nothing below. */
void vm_space_switch(struct vm_space *space);

#endif
