/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting the other CPUs, those with APIC ids of more than 8 bits later than the
 * rest: INIT to all of them, then STARTUP to one after the
 * other (SDM 8.4.4), each awaited for a bounded time, its TSC compared with the
 * boot CPU's. One that does not answer is sent back by another INIT and left
 * out. boot/ap_entry.asm is what they execute first.
 */
#include "smp.h"

#include <string.h>

#include "acpi_cpus.h"
#include "apic.h"
#include "clock.h"
#include "console.h"
#include "irq.h"
#include "mm.h"
#include "thread.h"
#include "vm.h"

#define INIT_WAIT_US 10000u
/* After a first STARTUP without an answer comes a second one. */
#define FIRST_WAIT_US 20000u
#define SECOND_WAIT_US 2000000u
#define SPIN_US 300u
#define POLL_US 1000u
/* So many rounds at least; for a while more as long as none was narrow. */
#define TSC_ROUNDS 8u
#define TSC_MORE_US 200000u
#define TSC_NARROW_PARTS 50000u
#define TSC_WAIT_US 5000000u

#define PARAMETERS_OFFSET 0xf00u
#define SELECTOR_CODE64 0x08u
#define SELECTOR_CODE32 0x18u
#define SEGMENT_CODE64 0x00af9b000000ffffull
#define SEGMENT_DATA 0x00cf93000000ffffull
#define SEGMENT_CODE32 0x00cf9b000000ffffull

enum claim { CLAIM_CLOSED, CLAIM_OPEN, CLAIM_TAKEN };
/* Of START_MAY_COME one step is made, by the CPU that starts or by the boot CPU, which may not wait for ever. */
enum start_state { START_WAITED, START_ARRIVED, START_WRONG_MODE, START_MAY_COME, START_COMES, START_LEFT_OUT };

struct far_pointer {
    uint32_t offset;
    uint16_t selector;
    uint16_t unused;
};

/* What boot/ap_entry.asm reads, at PARAMETERS_OFFSET of the page. */
struct ap_parameters {
    uint32_t apic_id;
    uint32_t claim;
    uint64_t root_pa;
    struct {
        uint16_t limit;
        uint32_t base;
        uint16_t unused;
    } __attribute__((packed, aligned(8))) gdt_pointer;
    struct far_pointer protected, long_mode;
    uint64_t gdt[4];
    uint64_t stack_top;
    uint64_t entry;
    uint64_t cpu;
};
_Static_assert(offsetof(struct ap_parameters, claim) == 4, "boot/ap_entry.asm CLAIM");
_Static_assert(offsetof(struct ap_parameters, root_pa) == 8, "boot/ap_entry.asm ROOT_PA");
_Static_assert(offsetof(struct ap_parameters, gdt_pointer) == 16, "boot/ap_entry.asm GDT_POINTER");
_Static_assert(offsetof(struct ap_parameters, protected) == 24, "boot/ap_entry.asm FAR_32");
_Static_assert(offsetof(struct ap_parameters, long_mode) == 32, "boot/ap_entry.asm FAR_64");
_Static_assert(offsetof(struct ap_parameters, gdt) == 40, "boot/ap_entry.asm GDT");
_Static_assert(offsetof(struct ap_parameters, stack_top) == 72, "boot/ap_entry.asm STACK_TOP");
_Static_assert(offsetof(struct ap_parameters, cpu) == 88, "boot/ap_entry.asm OWN_BLOCK");

extern const uint8_t ap_code_start[], ap_code_end[];
extern const uint32_t ap_protected_offset, ap_long_offset;

static uint32_t apic_ids[CPUS_MAX];
static size_t apic_id_count;
static unsigned wide_count;         /* of those, out of reach of 8-bit ids */
static struct ap_parameters *parameters;
static uint64_t page_pa;
static struct smp_summary summary = { .named = 1, .online = 1 };

/* The comparison of TSCs: the boot CPU raises asked, the other one answers with its TSC. */
static struct {
    uint32_t asked, answered;   /* round; atomic */
    uint64_t tsc;
} exchange;

struct smp_summary smp_summary(void)
{
    struct smp_summary now = summary;

    now.online = smp_count();
    return now;
}

/* ---- on the CPU that starts ---- */

static bool may_come(const struct per_cpu *cpu)
{
    return __atomic_load_n(&cpu->start_state, __ATOMIC_ACQUIRE) == START_MAY_COME;
}

static bool start_step(struct per_cpu *cpu, enum start_state to)
{
    uint32_t from = START_MAY_COME;

    return __atomic_compare_exchange_n(&cpu->start_state, &from, (uint32_t)to, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
}

static void answer_rounds(const struct per_cpu *cpu)
{
    for (uint32_t round = 1;; round++) {
        uint64_t until = now_tsc() + tsc_hz() / 1000000 * TSC_WAIT_US;

        while (__atomic_load_n(&exchange.asked, __ATOMIC_ACQUIRE) != round) {
            if (now_tsc() > until || may_come(cpu))
                return;
            cpu_relax();
        }
        exchange.tsc = now_tsc();
        __atomic_store_n(&exchange.answered, round, __ATOMIC_RELEASE);
    }
}

static _Noreturn void other_main(struct per_cpu *cpu)
{
    cpu_init_other(cpu);
    vm_init_other();
    cpu->thread = cpu->idle;
    if (!irq_init_other()) {
        __atomic_store_n(&cpu->start_state, START_WRONG_MODE, __ATOMIC_RELEASE);
        cpu_halt();
    }
    clock_init_other();
    __atomic_store_n(&cpu->start_state, START_ARRIVED, __ATOMIC_RELEASE);
    answer_rounds(cpu);
    /* The boot CPU has written what it found; from here on this CPU belongs to the kernel. */
    while (!start_step(cpu, START_COMES))
        cpu_relax();
    smp_set_online(cpu);
    thread_idle();
}

/* ---- on the boot CPU ---- */

/* One question and its answer; false: there was none in time. */
static bool ask_tsc(uint32_t round, uint64_t *width, int64_t *offset)
{
    uint64_t until = now_us() + TSC_WAIT_US, before = now_tsc();

    __atomic_store_n(&exchange.asked, round, __ATOMIC_RELEASE);
    while (__atomic_load_n(&exchange.answered, __ATOMIC_ACQUIRE) != round) {
        if (now_us() > until)
            return false;
        cpu_relax();
    }
    *width = now_tsc() - before;
    *offset = (int64_t)(exchange.tsc - (before + *width / 2));
    return true;
}

/* Inside the width of the round the two TSCs may be taken for one. */
static void judge_tsc(struct per_cpu *cpu, uint64_t width, int64_t offset)
{
    uint64_t distance = (uint64_t)(offset < 0 ? -offset : offset), error = width / 2;

    summary.tsc_error = error > summary.tsc_error ? error : summary.tsc_error;
    if (distance <= error + 1)
        return;
    cpu->tsc_offset = offset;
    summary.tsc_offset = distance > summary.tsc_offset ? distance : summary.tsc_offset;
    log_line(LOG_WARNING, "smp: cpu=%u tsc is %s by %llu ticks (error=%llu), corrected", cpu->index,
             offset < 0 ? "late" : "early", (unsigned long long)distance,
             (unsigned long long)error);
}

/* The narrowest round says most. */
static bool compare_tsc(struct per_cpu *cpu)
{
    uint64_t until = now_us() + TSC_MORE_US, narrowest = UINT64_MAX, width;
    uint64_t narrow = tsc_hz() / TSC_NARROW_PARTS;
    int64_t best = 0, offset;

    for (uint32_t round = 1;
         round <= TSC_ROUNDS || (narrowest > narrow && now_us() < until); round++) {
        if (!ask_tsc(round, &width, &offset))
            return false;
        if (width >= narrowest)
            continue;
        narrowest = width;
        best = offset;
    }
    judge_tsc(cpu, narrowest, best);
    return true;
}

static bool await_start(const struct per_cpu *cpu, uint64_t us)
{
    uint64_t began = now_us();

    while (__atomic_load_n(&cpu->start_state, __ATOMIC_ACQUIRE) == START_WAITED) {
        uint64_t waited = now_us() - began;

        if (waited > us)
            return false;
        if (waited < SPIN_US)
            cpu_relax();
        else
            sleep_us(POLL_US);
    }
    return true;
}

static bool await_online(const struct per_cpu *cpu)
{
    uint64_t until = now_us() + TSC_WAIT_US;

    while (!smp_online(cpu->index)) {
        if (now_us() > until)
            return false;
        cpu_relax();
    }
    return true;
}

/* NULL, or what went wrong. Two STARTUPs: SDM 8.4.4.1, the second one where the first was lost. */
static const char *wake(struct per_cpu *cpu)
{
    uint32_t command = APIC_IPI_STARTUP | (uint32_t)(page_pa / PAGE_BYTES), open = CLAIM_OPEN;

    __atomic_store_n(&parameters->claim, CLAIM_OPEN, __ATOMIC_SEQ_CST);
    if (!apic_ipi(cpu->apic_id, command))
        return "is out of xapic's reach";
    if (!await_start(cpu, FIRST_WAIT_US)) {
        (void)apic_ipi(cpu->apic_id, command);
        if (!await_start(cpu, SECOND_WAIT_US) &&
            __atomic_compare_exchange_n(&parameters->claim, &open, CLAIM_CLOSED, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            return "does not start";
        if (!await_start(cpu, SECOND_WAIT_US))
            return "started and got lost";
    }
    if (__atomic_load_n(&cpu->start_state, __ATOMIC_ACQUIRE) == START_WRONG_MODE)
        return "is in x2apic mode, unlike the boot CPU";
    if (!compare_tsc(cpu))
        return "does not answer";
    __atomic_store_n(&cpu->start_state, START_MAY_COME, __ATOMIC_RELEASE);
    /* One that comes is not sent back: whoever saw it among the online ones would wait for its answers. */
    return await_online(cpu) || !start_step(cpu, START_LEFT_OUT) ? NULL : "does not come online";
}

/* False: no memory, or no index, for one more. */
static bool start_one(uint32_t apic_id)
{
    struct per_cpu *cpu = percpu_create(apic_id);
    void *stack_top;
    const char *wrong;

    if (cpu == NULL || !gdt_create(cpu) || !thread_prepare_idle(cpu, &stack_top)) {
        log_line(LOG_WARNING, "smp: no memory for apic_id=0x%x, left out", apic_id);
        return false;
    }
    exchange.asked = exchange.answered = 0;
    parameters->apic_id = apic_id;
    parameters->stack_top = (uintptr_t)stack_top;
    parameters->cpu = (uintptr_t)cpu;
    wrong = wake(cpu);
    if (wrong == NULL) {
        log_line(LOG_DEBUG, "smp: cpu=%u apic_id=0x%x online", cpu->index, apic_id);
        return true;
    }
    __atomic_store_n(&parameters->claim, CLAIM_CLOSED, __ATOMIC_SEQ_CST);
    (void)apic_ipi(apic_id, APIC_IPI_INIT);
    log_line(LOG_WARNING, "smp: apic_id=0x%x %s, left out", apic_id, wrong);
    return true;
}

static void lay_out_page(uint64_t root_pa)
{
    uint8_t *page = phys_to_virt(page_pa);
    uint32_t base = (uint32_t)page_pa + PARAMETERS_OFFSET;

    parameters = (struct ap_parameters *)(void *)(page + PARAMETERS_OFFSET);
    memset(page, 0, PAGE_BYTES);
    memcpy(page, ap_code_start, (size_t)(ap_code_end - ap_code_start));
    *parameters = (struct ap_parameters){
        .root_pa = root_pa,
        .gdt_pointer = { .limit = sizeof(parameters->gdt) - 1,
                         .base = base + (uint32_t)offsetof(struct ap_parameters, gdt) },
        .protected = { .offset = (uint32_t)page_pa + ap_protected_offset,
                       .selector = SELECTOR_CODE32 },
        .long_mode = { .offset = (uint32_t)page_pa + ap_long_offset, .selector = SELECTOR_CODE64 },
        .gdt = { 0, SEGMENT_CODE64, SEGMENT_DATA, SEGMENT_CODE32 },
        .entry = (uintptr_t)other_main,
    };
}

/* Of the others: those that are named by 8 bits, or the rest. */
static bool is_of(uint32_t apic_id, bool wide)
{
    return apic_id != boot_cpu.apic_id && (apic_id > APIC_ID_MAX_XAPIC) == wide;
}

/* INIT to all first: they share the wait that must follow it. */
static void start_all(bool wide)
{
    bool room = true;

    for (size_t i = 0; i < apic_id_count; i++)
        if (is_of(apic_ids[i], wide))
            (void)apic_ipi(apic_ids[i], APIC_IPI_INIT);
    sleep_us(INIT_WAIT_US);
    for (size_t i = 0; i < apic_id_count && room; i++)
        if (is_of(apic_ids[i], wide))
            room = start_one(apic_ids[i]);
    summary.online = smp_count();
    log_line(LOG_INFO, "smp: cpus=%u of %u page=0x%llx tsc_offset=%llu tsc_error=%llu ticks",
             summary.online, summary.named, (unsigned long long)page_pa,
             (unsigned long long)summary.tsc_offset, (unsigned long long)summary.tsc_error);
}

static void find_cpus(void)
{
    size_t count = acpi_read_cpus(&machine_acpi, apic_ids, CPUS_MAX).count;
    bool boot_found = false;

    for (size_t i = 0; i < count; i++) {
        boot_found = boot_found || apic_ids[i] == boot_cpu.apic_id;
        wide_count += is_of(apic_ids[i], true);
    }
    if (!boot_found)
        log_line(LOG_WARNING, "smp: the MADT does not name the boot CPU, apic_id=0x%x",
                 boot_cpu.apic_id);
    apic_id_count = count;
    summary.named = (unsigned)count + !boot_found;
}

/* Somebody left out may be in the startup tables still. */
static void forget_startup(void)
{
    if (summary.online == summary.named)
        vm_startup_destroy();
}

void smp_init(void)
{
    uint64_t root_pa;

    find_cpus();
    smp_ipi_init();
    page_pa = mm_startup_page_pa();
    if (summary.named == 1)
        return;
    if (page_pa == 0) {
        log_line(LOG_WARNING, "smp: no free page below 1 MiB, only the boot CPU runs");
        return;
    }
    root_pa = vm_startup_create(page_pa);
    if (root_pa == 0) {
        log_line(LOG_WARNING, "smp: no memory for the startup tables, only the boot CPU runs");
        return;
    }
    lay_out_page(root_pa);
    start_all(false);
    forget_startup();
}

void smp_init_wide(const char *why_not)
{
    if (wide_count == 0)
        return;
    if (why_not == NULL && parameters == NULL)
        why_not = "there is no memory to start them in";
    if (why_not != NULL) {
        log_line(LOG_WARNING, "smp: cpus=%u with apic ids above %u stay parked, no interrupt would reach them: %s",
                 wide_count, APIC_ID_MAX_XAPIC, why_not);
        return;
    }
    start_all(true);
    forget_startup();
}
