/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line: words of its own ("make help" lists them) and those of Linux. */
#ifndef KERNEL_CMDLINE_H
#define KERNEL_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "iommu/irq.h"
#include "panic.h"

enum preboot_word { PREBOOT_WORD_NONE, PREBOOT_WORD_ON, PREBOOT_WORD_OFF };
enum report_kind { REPORT_SUMMARY, REPORT_FULL, REPORT_JSON, REPORT_NONE };

/* For what is said of the machine. */
#define WORD_GRAPHICS_OFF "intel_iommu=igfx_off"

/* Where a policy came from, so that the log can say so. */
enum origin { ORIGIN_DEFAULT, ORIGIN_CMDLINE };

struct options {
    char run[512];              /* globs, comma separated; "*" */
    char bench[256];            /* "" none */
    enum report_kind report;
    enum preboot_word preboot;  /* preboot=on|off: the DMA attempt before the units are programmed; none: as report= is */
    char scratch[64];           /* BDF or serial; "" none */
    bool expect_unprotected;
    enum exit_action exit;
    char console[64];           /* "ttyS0,115200" "fb" joined by ';'; "" both */
    uint64_t seed;
    bool seed_given;
    int loglevel;
    bool list;
    /* Linux words */
    bool iommu_off;             /* iommu=off: units of any vendor stay off */
    bool intel_off, amd_off;    /* intel_iommu=off, amd_iommu=off: that vendor's do */
    bool passthrough;           /* iommu=pt, iommu.passthrough=1 */
    enum origin passthrough_origin;
    bool strict;
    enum origin strict_origin;
    bool lazy_asked;            /* iommu.strict=0: only strict exists, say so */
    bool no_superpages;         /* intel_iommu=sp_off */
    bool graphics_off;          /* WORD_GRAPHICS_OFF: units that watch graphics alone stay off */
    bool no_queue;              /* vtd=noqueue: register-based invalidation from the start */
    unsigned dmar_table;        /* dmar=N: for diagnosis, the DMAR table number N where firmware gives several */
    unsigned ivrs_table;        /* ivrs=N: the same of IVRS tables */
    bool ivrs_dump;             /* amd_iommu_dump */
    bool force_enable;          /* amd_iommu=force_enable: units that an erratum leaves off, too */
    bool guest_tables;          /* amd_iommu=pgtbl_v2 */
    unsigned madt_table;        /* madt=N: the same of the APIC tables */
    char trap[24];              /* trap=KIND, for the boot tests: trap_test(); "" none */
    bool trace_dma;             /* trace=dma: each transfer that arrived, said with its frame */
    bool intremap_off;          /* intremap=off */
    bool intremap_on;           /* intremap=on, which is more than not off: policy_remaps_alone() */
    bool intremap_nosid;        /* intremap=nosid */
    bool intremap_x2apic;       /* intremap=no_x2apic_optout */
    bool intremap_nopost;       /* intremap=nopost */
    enum iommu_irq_format irq_format;   /* amd_iommu_intr= */
    struct iommu_irq_override overrides[IOMMU_IRQ_OVERRIDES_MAX];   /* ivrs_ioapic=, ivrs_hpet=, ivrs_acpihid= */
    size_t override_count;
    char unknown[8][48];        /* words to warn about */
    size_t unknown_count;
};

/*
 * Fills options from text: defaults first, later words win; text may be NULL. warn is called once
 * a problem.
 */
void cmdline_parse(struct options *options, const char *text,
                   void (*warn)(void *ctx, const char *line), void *ctx);

#endif
