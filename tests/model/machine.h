/* SPDX-License-Identifier: BSD-2-Clause */
/* Either vendor's model, as far as an environment for the suite needs to know it. */
#ifndef IOMMU_MACHINE_H
#define IOMMU_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "iommu/platform.h"

struct vtd_model;
struct amdvi_model;

/* An interrupt of a device or pin, as it reaches the CPUs. */
struct machine_interrupt {
    uint32_t apic_id;
    uint8_t vector;
    bool ordinary;      /* fixed or lowest priority, to a physical id */
    bool level;
};
typedef void machine_interrupt_fn(void *ctx, const struct machine_interrupt *interrupt);

struct machine {
    /* One of the two is set. */
    struct vtd_model *vtd;
    struct amdvi_model *amdvi;
    machine_interrupt_fn *interrupt;    /* machine_on_interrupt() */
    void *interrupt_ctx;
};

#define MACHINE_UNITS 4

void machine_destroy(const struct machine *m);
const struct iommu_platform *machine_platform(const struct machine *m);
void *machine_ctx(const struct machine *m);
typedef void machine_msi_fn(void *ctx, unsigned unit, uint64_t address, uint32_t data);
void machine_on_msi(const struct machine *m, machine_msi_fn *fn, void *ctx);
/* The firmware table; its length, or 0 when size is too small. */
size_t machine_table(const struct machine *m, void *buf, size_t size);

uint64_t machine_frames(const struct machine *m, size_t count, uint64_t align, uint64_t start_pa, uint64_t end_pa);
void machine_frames_free(const struct machine *m, uint64_t pa, size_t count);
void *machine_ram(const struct machine *m, uint64_t pa, size_t len);
uint64_t machine_pa(const struct machine *m, const void *at);
size_t machine_live_pages(const struct machine *m);

/* False: refused, or there is nothing at the address. A message that arrives is done. */
bool machine_dma(const struct machine *m, unsigned unit, uint16_t rid, uint64_t iova, void *data, size_t len, bool write);
void machine_function(const struct machine *m, uint16_t rid);
void machine_bus_master(const struct machine *m, uint16_t rid, bool on);
bool machine_bus_master_is_on(const struct machine *m, uint16_t rid);

/* The machine stays where it is from then on. */
void machine_on_interrupt(struct machine *m, machine_interrupt_fn *fn, void *ctx);
/* What a pin sends that has this redirection entry and is asserted once. */
void machine_ioapic(const struct machine *m, unsigned unit, uint16_t rid, uint64_t redirection_entry);

uint64_t machine_now(const struct machine *m);
void machine_advance(const struct machine *m, uint64_t us);
const char *machine_log(const struct machine *m);
size_t machine_violations(const struct machine *m);
const char *machine_violation_text(const struct machine *m);

#endif
