/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts of the suite's environment on this kernel (suite/env.h, struct suite_irq_ops). */
#ifndef KERNEL_SUITE_IRQ_H
#define KERNEL_SUITE_IRQ_H

#include "env.h"

extern const struct suite_irq_ops kernel_suite_irq_ops;

#endif
