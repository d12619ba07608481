/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Local APIC in either mode (SDM volume 3, chapter 10), and the controllers
 * that must be silent: the two 8259. The mode found at the start stays until
 * apic_enter_x2apic(): devices' interrupts reach CPUs in x2APIC mode surely only
 * with interrupt remapping (VT-d §5.1.4), which is switched on before.
 */
#include "apic.h"

#include "bits.h"
#include "clock.h"
#include "clock_calibrate.h"
#include "console.h"
#include "cpu.h"
#include "irq.h"
#include "mm.h"
#include "panic.h"

#define APIC_BASE_X2APIC    BIT64(10)
#define APIC_BASE_ENABLE    BIT64(11)
#define APIC_BASE_ADDRESS   BITS64(51, 12)

/* Offsets of xAPIC; the x2APIC MSR is MSR_X2APIC + offset / 16. */
#define APIC_ID             0x020u
#define APIC_VERSION        0x030u
#define APIC_TPR            0x080u
#define APIC_EOI            0x0b0u
#define APIC_SVR            0x0f0u
#define APIC_ISR            0x100u
#define APIC_IRR            0x200u
#define APIC_ESR            0x280u
#define APIC_LVT_CMCI       0x2f0u
#define APIC_ICR_LOW        0x300u
#define APIC_ICR_HIGH       0x310u
#define APIC_LVT_TIMER      0x320u
#define APIC_LVT_THERMAL    0x330u
#define APIC_LVT_PERF       0x340u
#define APIC_LVT_LINT0      0x350u
#define APIC_LVT_ERROR      0x370u
#define APIC_TIMER_COUNT    0x380u
#define APIC_TIMER_LEFT     0x390u
#define APIC_TIMER_DIVIDE   0x3e0u
#define APIC_ID_XAPIC       BITS32(31, 24)
#define APIC_VERSION_MAX_LVT BITS32(23, 16)
#define APIC_SVR_ENABLE     BIT32(8)
#define APIC_ICR_PENDING    BIT32(12)
#define APIC_ICR_TURNS      100000
#define APIC_LVT_MASKED     BIT32(16)
#define APIC_LVT_TSC_DEADLINE BIT32(18)
#define APIC_DIVIDE_BY_1    0xbu
#define APIC_WINDOW_BYTES   0x400u
#define APIC_ISR_WORDS      8u
/* Version of an APIC with a CMCI entry: entries 0 to 6. */
#define APIC_MAX_LVT_CMCI   6u
#define LAST_VECTORS        256u


#define PIC_MASTER_COMMAND  0x20
#define PIC_MASTER_DATA     0x21
#define PIC_SLAVE_COMMAND   0xa0
#define PIC_SLAVE_DATA      0xa1
/* 8259A data sheet: ICW1 edge, cascade, ICW4 follows; ICW3 slave on input 2; ICW4 8086 mode. */
#define PIC_ICW1            0x11
#define PIC_ICW3_MASTER     0x04
#define PIC_ICW3_SLAVE      0x02
#define PIC_ICW4            0x01
#define PIC_INPUTS          8
#define PIC_ALL_MASKED      0xff

static volatile uint8_t *window;    /* of xAPIC mode; NULL where firmware chose x2APIC mode */
static uint64_t window_pa;
static const char *no_x2apic;       /* found while this CPU is alone */

/* Interrupts off for these two: one of them may change the mode (smp_enter_x2apic()). */
static uint32_t apic_read(uint32_t offset)
{
    if (this_cpu()->x2apic)
        return (uint32_t)msr_read(MSR_X2APIC + offset / 16);
    return *(const volatile uint32_t *)(window + offset);
}

static void apic_write(uint32_t offset, uint32_t value)
{
    if (this_cpu()->x2apic)
        msr_write(MSR_X2APIC + offset / 16, value);
    else
        *(volatile uint32_t *)(window + offset) = value;
}

bool irq_x2apic(void)
{
    return this_cpu()->x2apic;
}

uint32_t irq_apic_id(void)
{
    uintptr_t flags = irq_save();
    uint32_t id = apic_read(APIC_ID);

    if (!irq_x2apic())
        id = (uint32_t)field_get(id, APIC_ID_XAPIC);
    irq_restore(flags);
    return id;
}

void apic_eoi(void)
{
    apic_write(APIC_EOI, 0);
}

bool apic_in_service(unsigned vector)
{
    return apic_read(APIC_ISR + vector / 32 * 16) & BIT32(vector % 32);
}

bool apic_requested(unsigned vector)
{
    return apic_read(APIC_IRR + vector / 32 * 16) & BIT32(vector % 32);
}

/*
 * Quirk qemu-icount-x2apic: QEMU 11.1 with -icount exits with "Bad icount read" at the MSRs of
 * the x2APIC timer.
 */
static const char *find_no_x2apic(void)
{
    if (!(cpuid_read(CPUID_FEATURES).ecx & CPUID_1_ECX_X2APIC))
        return "the CPUs have no x2APIC mode";
    if (clock_counts_instructions())
        return "this emulator ends at the x2APIC timer when its clock counts instructions";
    return NULL;
}

const char *irq_no_x2apic(void)
{
    return no_x2apic;
}

/* Enables it in the mode that firmware chose. */
static void enable(void)
{
    uint64_t base = msr_read(MSR_APIC_BASE);
    uint64_t pa = base & APIC_BASE_ADDRESS;

    window_pa = pa;
    if (!(base & APIC_BASE_ENABLE))
        msr_write(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
    this_cpu()->x2apic = (base & APIC_BASE_X2APIC) != 0;
    if (this_cpu()->x2apic)
        return;
    window = mmio_map(pa, APIC_WINDOW_BYTES);
    if (window == NULL)
        panic("apic: registers at 0x%llx cannot be mapped", (unsigned long long)pa);
}

static void mask_inputs(void)
{
    static const uint32_t always[] = { APIC_LVT_TIMER, APIC_LVT_THERMAL, APIC_LVT_PERF,
                                       APIC_LVT_LINT0, APIC_LVT_ERROR };
    uint32_t last = (uint32_t)field_get(apic_read(APIC_VERSION), APIC_VERSION_MAX_LVT);

    for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
        apic_write(always[i], apic_read(always[i]) | APIC_LVT_MASKED);
    if (last >= APIC_MAX_LVT_CMCI)
        apic_write(APIC_LVT_CMCI, apic_read(APIC_LVT_CMCI) | APIC_LVT_MASKED);
}

/* What firmware left in service would block every vector of its priority and below. */
static void finish_leftovers(void)
{
    for (unsigned turn = 0; turn < LAST_VECTORS; turn++) {
        uint32_t any = 0;

        for (unsigned word = 0; word < APIC_ISR_WORDS; word++)
            any |= apic_read(APIC_ISR + word * 16);
        if (any == 0)
            return;
        apic_eoi();
    }
    log_line(LOG_WARNING, "apic: in-service bits remain after %u EOIs", LAST_VECTORS);
}

static void set_up(uint8_t spurious_vector)
{
    mask_inputs();
    apic_write(APIC_TPR, 0);
    apic_write(APIC_SVR, APIC_SVR_ENABLE | spurious_vector);
    finish_leftovers();
    apic_write(APIC_ESR, 0);
}

void apic_init(uint8_t spurious_vector)
{
    enable();
    set_up(spurious_vector);
    no_x2apic = find_no_x2apic();
    this_cpu()->apic_id = irq_apic_id();
}

/* SDM 10.12.5: x2APIC mode is left only by a reset or by switching the APIC off altogether. */
bool apic_init_other(uint8_t spurious_vector)
{
    uint64_t base = msr_read(MSR_APIC_BASE);
    bool x2apic = boot_cpu.x2apic;

    if (!x2apic && (base & APIC_BASE_X2APIC))
        return false;
    base = (base & ~APIC_BASE_ADDRESS) | APIC_BASE_ENABLE | window_pa;
    msr_write(MSR_APIC_BASE, base);
    if (x2apic)
        msr_write(MSR_APIC_BASE, base | APIC_BASE_X2APIC);
    this_cpu()->x2apic = x2apic;
    set_up(spurious_vector);
    return true;
}

/* ---- interrupts from CPU to CPU ---- */

/* xAPIC takes a command when the one before has left. */
static bool has_left(void)
{
    int turns = APIC_ICR_TURNS;

    while ((apic_read(APIC_ICR_LOW) & APIC_ICR_PENDING) && --turns > 0)
        cpu_relax();
    return turns > 0;
}

/* In two registers. */
static bool ipi_by_window(uint32_t apic_id, uint32_t command)
{
    if (apic_id > APIC_ID_MAX_XAPIC || !has_left())
        return false;
    apic_write(APIC_ICR_HIGH, (uint32_t)field_make(APIC_ID_XAPIC, apic_id));
    apic_write(APIC_ICR_LOW, command);
    return true;
}

bool apic_ipi(uint32_t apic_id, uint32_t command)
{
    uintptr_t flags = irq_save();
    bool sent = true;

    if (irq_x2apic()) {
        /* SDM 10.12.3: the write is not serialising; earlier stores must be seen by the receiver. */
        __asm__ volatile("mfence; lfence" : : : "memory");
        msr_write(MSR_X2APIC + APIC_ICR_LOW / 16, (uint64_t)apic_id << 32 | command);
    } else {
        sent = ipi_by_window(apic_id, command);
    }
    irq_restore(flags);
    return sent;
}

/* SDM 10.12.5.1: everything but the ICR's upper half, and the timer that runs, stays as it is. */
void apic_enter_x2apic(void *arg)
{
    uintptr_t flags = irq_save();

    (void)arg;
    if (!irq_x2apic()) {
        (void)has_left();
        msr_write(MSR_APIC_BASE, msr_read(MSR_APIC_BASE) | APIC_BASE_X2APIC);
        this_cpu()->x2apic = true;
    }
    irq_restore(flags);
}

/* ---- timer ---- */

void apic_timer_setup(uint8_t vector, bool tsc_deadline)
{
    uintptr_t flags = irq_save();

    apic_write(APIC_TIMER_DIVIDE, APIC_DIVIDE_BY_1);
    apic_write(APIC_LVT_TIMER, vector | (tsc_deadline ? APIC_LVT_TSC_DEADLINE : 0));
    /* SDM 10.5.4.1: the mode must have changed before the deadline MSR is written. */
    __asm__ volatile("mfence" : : : "memory");
    irq_restore(flags);
}

void apic_timer_start(uint32_t count)
{
    uintptr_t flags = irq_save();

    apic_write(APIC_TIMER_COUNT, count);
    irq_restore(flags);
}

uint32_t apic_timer_left(void)
{
    uintptr_t flags = irq_save();
    uint32_t left = apic_read(APIC_TIMER_LEFT);

    irq_restore(flags);
    return left;
}

/* ---- those that must be silent ---- */

void apic_mask_8259(uint8_t first_vector)
{
    io_write8(PIC_MASTER_COMMAND, PIC_ICW1);
    io_write8(PIC_SLAVE_COMMAND, PIC_ICW1);
    io_write8(PIC_MASTER_DATA, first_vector);
    io_write8(PIC_SLAVE_DATA, (uint8_t)(first_vector + PIC_INPUTS));
    io_write8(PIC_MASTER_DATA, PIC_ICW3_MASTER);
    io_write8(PIC_SLAVE_DATA, PIC_ICW3_SLAVE);
    io_write8(PIC_MASTER_DATA, PIC_ICW4);
    io_write8(PIC_SLAVE_DATA, PIC_ICW4);
    io_write8(PIC_MASTER_DATA, PIC_ALL_MASKED);
    io_write8(PIC_SLAVE_DATA, PIC_ALL_MASKED);
}
