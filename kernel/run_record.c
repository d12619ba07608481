/* SPDX-License-Identifier: BSD-2-Clause */
/* Keeps the results of a run, and makes the compact report of them and of the machine. */
#include "run_record.h"

#include "clock.h"
#include "format.h"
#include "machine.h"
#include "mm.h"
#include "report.h"
#include "report_diagnosis.h"
#include "smp.h"
#include "tap.h"
#include "verdict.h"
#include "version.h"
#include "words.h"

#define MIB (1ull << 20)

struct run_record run_record;

static void begin(void *ctx, unsigned results)
{
    (void)ctx;
    run_record =
        (struct run_record){ .total = results, .start_us = now_us(), .scenario_us = now_us() };
}

static void scenario(void *ctx, const char *name)
{
    (void)ctx;
    (void)text_copy(run_record.scenario, sizeof(run_record.scenario), name);
    run_record.scenario_us = now_us();
}

static void result(void *ctx, const struct tap_result *one)
{
    (void)ctx;
    run_record.done++;
    if (one->skip != NULL && one->skip[0] != '\0') {
        run_record.skipped++;
    } else if (one->ok) {
        run_record.passed++;
    } else {
        if (run_record.failed < COMPACT_FAILED)
            (void)text_copy(run_record.failures[run_record.failed], COMPACT_NAME_BYTES, one->name);
        run_record.failed++;
    }
}

const struct suite_observer run_record_observer = { .begin = begin,
                                                    .scenario = scenario,
                                                    .result = result };

/* ---- the compact report ---- */

static void add_finding(void *ctx, const struct fw_finding *f)
{
    struct compact_facts *facts = ctx;

    if (f->severity == FW_NOTE || facts->finding_count == COMPACT_FINDINGS)
        return;
    if (f->table[0] != '\0')
        format_line(facts->findings[facts->finding_count++], COMPACT_NAME_BYTES, "%s %s+0x%x",
                    f->id, f->table, f->offset);
    else
        format_line(facts->findings[facts->finding_count++], COMPACT_NAME_BYTES, "%s", f->id);
}

static void add_units(struct compact_facts *facts)
{
    struct iommu_unit_info info;

    facts->unit_count = machine.iommu == NULL ? 0 : iommu_unit_count(machine.iommu);
    for (size_t i = 0; i < facts->unit_count && i < COMPACT_UNITS; i++) {
        if (iommu_unit_info(machine.iommu, i, &info) != IOMMU_OK)
            continue;
        facts->units[i] = (struct compact_unit){
            .name = info.name,
            .amd = text_equal(info.vendor, "amd"),
            .registers_pa = info.registers_pa,
            .capability = info.capability,
            .extended = info.extended,
            .faults = info.faults,
            .translating = info.translating,
            .remapping = info.remapping,
        };
    }
}

size_t run_record_compact(char *out, size_t size)
{
    static struct compact_facts facts;
    char vendor[13], name[CPU_NAME_BYTES], reason[VERDICT_REASON_BYTES];

    report_cpu_names(vendor, name);
    facts = (struct compact_facts){
        .version = IOMMUKIT_VERSION,
        .door = report_door_name(),
        .loader = machine.boot->loader,
        .result = run_record.done == 0                      ? "-"
                  : run_record.failed > 0 || run_record.bad ? "FAIL"
                                                            : "PASS",
        .processor = name,
        .online = smp_summary().online,
        .ram_mib = ram_bytes() / MIB,
        .passed = run_record.passed,
        .failed = run_record.failed,
        .skipped = run_record.skipped,
        .failures = run_record.failures,
        .reason = reason,
    };
    facts.verdict = machine_verdict(reason, sizeof(reason));
    add_units(&facts);
    report_each_finding(&(struct fw_sink){ .found = add_finding, .ctx = &facts });
    return compact_make(&facts, out, size);
}
