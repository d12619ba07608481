/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Judges a machine's firmware tables, together and against what else is known
 * of the machine. What is not known is left NULL or 0, and what would need it
 * is not judged: a missing fact never makes a finding.
 *
 * No allocation, not reentrant for one sink, task context.
 */
#ifndef FIRMWARE_JUDGE_H
#define FIRMWARE_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "finding.h"
#include "pci.h"

struct fw_table {
    char signature[5];
    const uint8_t *bytes;
    uint32_t len;           /* what can be read, whatever its header says */
};

enum fw_memory_kind { FW_MEMORY_RAM, FW_MEMORY_RESERVED, FW_MEMORY_ACPI, FW_MEMORY_OTHER };

struct fw_memory {
    uint64_t start, end;    /* half-open */
    enum fw_memory_kind kind;
};

/* A unit's registers as read from the hardware, where they were. */
struct fw_unit_state {
    uint64_t registers_pa;
    bool answers;           /* not all ones */
    bool interrupt_remapping, x2apic;   /* capable of: ECAP IR, EIM; EFR XTSup */
    bool translated_at_entry;           /* firmware had left translation on */
    bool protected_memory_at_entry;     /* or protected memory regions */
    unsigned guest_address_bits;        /* widest IOVA; 0: not known */
    unsigned host_address_bits;
};

struct fw_facts {
    const struct fw_table *tables;
    size_t table_count;
    bool every_table;   /* all the machine has: what is not among them is not there */
    const struct fw_memory *memory;         /* the loader's or firmware's map; NULL: not known */
    size_t memory_count;
    const struct pci_function *functions;   /* linked by next; NULL: not known */
    const struct fw_unit_state *units;      /* NULL: not known */
    size_t unit_count;
    bool entry_unknown;                     /* the units are as a running system shows them, */
    bool units_unused;                      /* and it uses none */
    unsigned cpu_physical_bits;             /* CPUID 80000008h; 0: not known */
    bool amd;           /* the machine's processor, where a table alone cannot tell */
    bool hypervisor;                        /* CPUID says so */
    /*
     * The loader was started by tboot (Intel TXT). No door of the kernel is told
     * of that: there it stays false.
     */
    bool measured_launch;
};

/* Returns the number of findings handed over that are not notes. */
size_t fw_judge(const struct fw_facts *facts, const struct fw_sink *sink);

#endif
