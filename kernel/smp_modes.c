/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The CPUs that run, into x2APIC mode: the boot CPU last, so that what it sends
 * meets the mode it is in itself. One that does not follow would be sent
 * interrupts in a format that is not its own (VT-d §11.4.10, EIME) and send
 * such itself: it is stopped instead, and nobody counts on it any more.
 */
#include "smp.h"

#include "apic.h"
#include "console.h"

/* Out of the set first: whoever asks from now on does not wait for its answer. */
static void leave_out(struct per_cpu *cpu)
{
    smp_set_offline(cpu);
    (void)apic_ipi(cpu->apic_id, APIC_IPI_INIT);
    log_line(LOG_ERROR, "smp: cpu=%u apic_id=0x%x does not enter x2apic mode, left out", cpu->index, cpu->apic_id);
}

void smp_enter_x2apic(void)
{
    for (unsigned cpu = smp_next(1); cpu < CPUS_MAX; cpu = smp_next(cpu + 1))
        if (!smp_call(cpu, apic_enter_x2apic, NULL))
            leave_out(percpu_at(cpu));
    apic_enter_x2apic(NULL);
}
