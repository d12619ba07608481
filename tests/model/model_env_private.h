/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the environment share: model_env.c and model_irqs.c. */
#ifndef IOMMU_MODEL_ENV_PRIVATE_H
#define IOMMU_MODEL_ENV_PRIVATE_H

#include <pthread.h>

#include "model_env.h"

#define FRAME 4096u
#define FAULT_LOG 4096u
#define PATTERN_BYTES 2048u
#define MODEL_CPUS 4
#define MODEL_VECTORS 256

struct model_exerciser {
    struct exerciser ex;
    struct model_env *env;
    struct model_exerciser_config config;
    uint8_t pattern[PATTERN_BYTES];
    struct ex_dma dma;
    unsigned polls_left;
    enum ex_status last;
    bool stuck;
    bool holds_pattern;     /* MODEL_SILENT: as edu's buffer */
    uint64_t mailbox_pa;    /* in RAM, so that the model's units can lead there */
};

struct model_env {
    struct suite_env suite;
    struct machine machine;
    struct iommu_handoff handoff;
    struct model_exerciser exercisers[MODEL_EXERCISERS];
    struct exerciser *list[MODEL_EXERCISERS];
    pthread_mutex_t lock;               /* guards: the three below */
    struct iommu_fault faults[FAULT_LOG];
    size_t fault_count;
    uint64_t overflows;
    uint64_t fault_address_mask;
    bool interrupts_lost;
    bool faults_lost;
    bool turns_round, swallows;
    uint64_t ram_end;
    unsigned cpus;
    pthread_t boot_cpu;
    bool interrupt_pending[MACHINE_UNITS];
    char *output;
    size_t output_len;
    uint16_t ioapic_rid, hpet_rid;      /* under which they send */
    bool vector_used[MODEL_VECTORS];
    uint64_t counts[MODEL_CPUS][MODEL_VECTORS];
    uint64_t unexpected;
    struct suite_irqs *sending;
};

/* The id that its requests carry. */
uint16_t model_sends_as(const struct model_exerciser_config *config);

extern const struct suite_irq_ops model_irq_ops;
void model_interrupt(void *ctx, const struct machine_interrupt *interrupt);
unsigned model_cpus(struct suite_env *env);
bool model_run_on(struct suite_env *env, unsigned cpu, void (*fn)(void *arg), void *arg);
bool model_run_on_cpus(struct suite_env *env, void (*fn)(void *arg), void *const args[], size_t count);

#endif
