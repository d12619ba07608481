/* SPDX-License-Identifier: BSD-2-Clause */
/* The whole catalogue on one machine of either model, and what a machine must skip. */
#ifndef IOMMU_SUITE_CHECK_H
#define IOMMU_SUITE_CHECK_H

#include "model_env.h"

/*
 * What every machine here has not: real buses, no unit at all, and (unless it says otherwise) a predecessor or
 * memory above 4 GiB.
 */
#define SKIP_TOPOLOGY                                                                              \
    "topology/behind-bridge", "topology/behind-pcie-to-pci-bridge", "dma/bare-address-is-physical"
#define SKIP_STRANGER "entry/stranger-is-blocked"
#define SKIP_AMD                                                                                   \
    "amd/refused-command-and-recovery", "amd/completion-interrupts-arrive", "amd/ring-wraps", \
        "amd/growth-beside-mapping"
#define SKIP_INTEL "intel/refused-descriptor-and-recovery", "intel/register-based-invalidation"
/* Where there is one CPU. */
#define SKIP_SMP                                                                                   \
    "smp/ranges-of-one-domain", "smp/a-domain-each", "smp/domains-come-and-go",                    \
        "smp/attach-of-different-devices", "smp/attach-to-one-domain", "smp/faults-beside-attach", \
        "smp/one-is-refused-among-many"
#define SKIP_RUNS EACH("map/run-of-32k-is-one-leaf"), EACH("map/run-of-64k-is-one-leaf")
#define SKIP_TAKEOVER "takeover/old-tables-are-replaced"
#define SKIP_OVERFLOW "fault/overflow-is-seen-and-cleared"
#define SKIP_WIRE "irq/intx:model@0000:01:00.0"
/* Where nothing is remapped. */
#define SKIP_IRQ                                                                                   \
    EACH("irq/delivered-as-routed"), EACH("irq/destination-beyond-8-bits"),                        \
        EACH("irq/mask-keeps-what-is-pending"), EACH("irq/every-message-of-a-block"),              \
        EACH("irq/entry-changes-with-its-flush"), EACH("irq/moved-under-a-stream"),                \
        "irq/moved-by-another-cpu", "irq/pin-edge", "irq/pin-level",            \
        "irq/pin-moved-in-service", "irq/pin-after-a-blocked-one", EACH("irq/intx"), "irq/hpet", \
        EACH("irq/entry-not-present"), EACH("irq/index-past-the-table"),                           \
        EACH("irq/reserved-bits"), "irq/wrong-source:model@0000:00:04.0+model@0000:00:05.0",       \
        "irq/wrong-source:model@0000:00:05.0+model@0000:01:00.0",                                  \
        EACH("irq/compatibility-format"), EACH("irq/forged-message"),                              \
        "irq/table-fills-and-empties"
#define EACH(name)                                                                                 \
    name ":model@0000:00:04.0", name ":model@0000:00:05.0", name ":model@0000:01:00.0"
#define SKIP_ABOVE_4G EACH("map/frame-above-4g-without-copy")
#define SKIP_RESERVED EACH("reserved/region-stays-reachable")

/*
 * Runs everything: nothing fails, the driver breaks no rule, exactly the cases that skips names are
 * skipped; NULL ends it.
 */
void suite_check_all(const struct model_env_config *config, const char *const *skips);
/* So many of the scenarios named by run fail. */
void suite_check_fails(const struct model_env_config *config, const char *run, unsigned failures);
/* So many of them pass, and so many are skipped; none fails, no rule is broken. */
void suite_check_some(const struct model_env_config *config, const char *run, unsigned passed, unsigned skipped);
/* So many there are, and all pass. */
void suite_check_passes(const struct model_env_config *config, const char *run, unsigned count);
/* With one function more, that is no device. */
void suite_check_stranger(struct model_env_config config);

#endif
