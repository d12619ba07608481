/* SPDX-License-Identifier: BSD-2-Clause */
/* Kernel stacks: see also stack_alloc() in mm.h. */
#ifndef KERNEL_STACK_H
#define KERNEL_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Does [address, address + len) lie in mapped stack memory? For backtraces. */
bool stack_holds(uint64_t address, uint64_t len);
/* Is it in the page below a stack? */
bool stack_guard_hit(uint64_t address);

#endif
