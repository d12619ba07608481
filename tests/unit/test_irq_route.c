/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel/irq_route.c between sources and a library that write down what is
 * asked of them, in its order. The IOAPIC is kernel/ioapic.c on registers as the
 * 82093AA data sheet describes them, with the EOI register of later ones.
 */
#include "kernel_here.h"

#include "kernel/irq_route.c"

#define PINS 24u
#define PIN 5u
#define VECTOR_A 0x41
#define VECTOR_B 0x42

/* Of an entry, as numbers of the data sheet. */
#define ENTRY_REMOTE_IRR 0x4000u
#define ENTRY_LEVEL 0x8000u
#define ENTRY_MASKED 0x10000u

struct machine machine;
struct ioapics irq_ioapics;
struct hpet irq_hpet;
bool irq_has_hpet;

static struct per_cpu cpus[3] = { { 0, 0, { 0 } }, { 1, 7, { 0 } }, { 2, 0x11f, { 0 } } };
static char trace[1024];
static uint64_t now;
static struct pci_function function;
static uint8_t table[8];
/* struct iommu_irqs and struct iommu_device are the library's own. */
static char block_place, device_place;
#define BLOCK ((struct iommu_irqs *)(void *)&block_place)
static bool remapped;
static enum iommu_status alloc_status, route_status;
static unsigned blocks, messages_of_msi, messages_of_msix;
static bool msix_works;

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...)
{
    size_t len = strlen(trace);
    va_list args;

    va_start(args, format);
    vsnprintf(trace + len, sizeof(trace) - len, format, args);
    va_end(args);
}

static void expect(const char *wanted)
{
    CHECK_STR(trace, wanted);
    trace[0] = '\0';
}

/* ---- the kernel ---- */

struct per_cpu *percpu_at(unsigned index)
{
    return index < 3 ? &cpus[index] : NULL;
}

/* The one that was left out; 0: none. */
static unsigned gone;

bool smp_online(unsigned cpu)
{
    return cpu < 3 && (cpu == 0 || cpu != gone);
}

uint64_t now_us(void)
{
    return now;
}

void log_line(enum log_level level, const char *format, ...)
{
    (void)level;
    (void)format;
    note("log ");
}

bool irq_message_to(unsigned cpu, int vector, uint64_t *address, uint32_t *data)
{
    *address = 0xfee00000u + (cpus[cpu].apic_id << 12);
    *data = (uint32_t)vector;
    return cpus[cpu].apic_id <= 254;
}

/* ---- the IOAPIC ---- */

static uint8_t window[0x44];
static uint32_t entries[2 * PINS], selected;
static uint32_t eoi_vector;
/* The handler in service ends after so many turns of a wait; 0: never. */
static unsigned ends_after;

static volatile void *chip_map(void *ctx, uint64_t pa, uint64_t len)
{
    (void)ctx;
    (void)pa;
    CHECK(len <= sizeof(window));
    return window;
}

static uint32_t chip_read(void *ctx, const volatile void *at)
{
    (void)ctx;
    CHECK(at == window + 0x10);
    return selected == 1 ? (PINS - 1) << 16 | 0x20 : entries[selected - 0x10];
}

/* The end of an interrupt reaches the pins whose entries hold its vector. */
static void end_of_interrupt(uint32_t vector)
{
    for (unsigned pin = 0; pin < PINS; pin++)
        if ((entries[2 * pin] & 0xff) == vector)
            entries[2 * pin] &= ~ENTRY_REMOTE_IRR;
}

static void write_entry(uint32_t value)
{
    uint32_t *entry = &entries[selected - 0x10], kept = *entry & ENTRY_REMOTE_IRR;

    /* VT-d §5.1.5.1: what else changes, changes while the pin is masked. */
    if (selected % 2 == 0 && ((*entry ^ value) & ~(ENTRY_MASKED | ENTRY_REMOTE_IRR)) != 0)
        CHECK(value & ENTRY_MASKED || *entry & ENTRY_MASKED);
    if (selected == 0x10 + 2 * PIN && ((*entry ^ value) & ENTRY_MASKED) != 0)
        note(value & ENTRY_MASKED ? "pin-masked " : "pin-open ");
    if (selected == 0x10 + 2 * PIN && ((*entry ^ value) & 0xff) != 0)
        note("pin=%02x ", value & 0xff);
    *entry = (value & ~ENTRY_REMOTE_IRR) | kept;
}

static void chip_write(void *ctx, volatile void *at, uint32_t value)
{
    (void)ctx;
    if (at == window)
        selected = value;
    else if (at == window + 0x10)
        write_entry(value);
    else if (at == window + 0x40) {
        note("eoi=%02x ", value);
        end_of_interrupt(value);
    }
}

static uintptr_t chip_lock(void *ctx)
{
    (void)ctx;
    return 0;
}

static void chip_unlock(void *ctx, uintptr_t flags)
{
    (void)ctx;
    (void)flags;
}

static void chip_log(void *ctx, const char *format, va_list args)
{
    (void)ctx;
    (void)format;
    (void)args;
}

static const struct ioapic_host chip_host = { .map = chip_map, .read = chip_read, .write = chip_write,
                                              .lock = chip_lock, .unlock = chip_unlock, .log = chip_log };

void smp_relax(void)
{
    now += 100;
    if (ends_after > 0 && --ends_after == 0) {
        note("handler-ends ");
        end_of_interrupt(eoi_vector);
    }
}

/* ---- the library ---- */

const char *iommu_status_name(enum iommu_status status)
{
    return status == IOMMU_ERR_NOMEM ? "no-memory" : "other";
}

void iommu_irq_info(const struct iommu *iommu, struct iommu_irq_info *out)
{
    (void)iommu;
    *out = (struct iommu_irq_info){ .remapping = remapped, .reason = "" };
}

static enum iommu_status alloc_block(struct iommu_irqs **out)
{
    if (alloc_status == IOMMU_OK) {
        blocks++;
        *out = BLOCK;
    }
    return alloc_status;
}

enum iommu_status iommu_irq_alloc(struct iommu_device *device, unsigned count, struct iommu_irqs **out)
{
    CHECK((void *)device == &device_place);
    note("alloc=%u ", count);
    return alloc_block(out);
}

enum iommu_status iommu_irq_alloc_ioapic(struct iommu *iommu, uint8_t ioapic_id, unsigned pin, struct iommu_irqs **out)
{
    (void)iommu;
    CHECK_EQ(ioapic_id, 3);
    CHECK_EQ(pin, PIN);
    return alloc_block(out);
}

enum iommu_status iommu_irq_alloc_hpet(struct iommu *iommu, uint8_t hpet, unsigned count, struct iommu_irqs **out)
{
    (void)iommu;
    (void)hpet;
    (void)count;
    return alloc_block(out);
}

enum iommu_status iommu_irq_free(struct iommu_irqs *irqs)
{
    CHECK(irqs == BLOCK && blocks > 0);
    blocks--;
    note("free ");
    return IOMMU_OK;
}

enum iommu_status iommu_irq_route(struct iommu_irqs *irqs, unsigned index, const struct iommu_irq_target *target)
{
    CHECK(irqs == BLOCK);
    note("entry%u=%x/%02x%s ", index, target->apic_id, target->vector, target->level ? "/level" : "");
    return route_status;
}

enum iommu_status iommu_irq_mask(struct iommu_irqs *irqs, unsigned index, bool masked)
{
    CHECK(irqs == BLOCK);
    note("entry%u-%s ", index, masked ? "absent" : "present");
    return IOMMU_OK;
}

void iommu_irq_message(const struct iommu_irqs *irqs, unsigned index, struct iommu_msi *out)
{
    (void)irqs;
    *out = (struct iommu_msi){ .address = 0xfee10000u + index, .data = 0 };
}

/* Remapped entries hold the vector, as on VT-d. */
static uint8_t vector_of_pin;

void iommu_irq_ioapic_entry(const struct iommu_irqs *irqs, bool active_low, uint64_t *entry)
{
    (void)irqs;
    (void)active_low;
    *entry = ENTRY_LEVEL | vector_of_pin;
}

enum iommu_status iommu_irq_source(const struct iommu *iommu, enum iommu_irq_source_kind kind, uint8_t id,
                                   struct iommu_irq_source_info *out)
{
    (void)iommu;
    *out = (struct iommu_irq_source_info){ .rid = 0xf000 };
    return kind == IOMMU_IRQ_IOAPIC && id == 3 ? IOMMU_OK : IOMMU_ERR_NOT_FOUND;
}

/* ---- a device ---- */

unsigned pci_msi_count(const struct pci_function *f)
{
    (void)f;
    return messages_of_msi;
}

bool pci_msi_enable(const struct pci_function *f, unsigned count, uint64_t address, uint32_t data)
{
    (void)f;
    note("msi-on=%u/%x/%02x ", count, (unsigned)address, data);
    return true;
}

bool pci_msi_write(const struct pci_function *f, uint64_t address, uint32_t data)
{
    (void)f;
    note("msi=%x/%02x ", (unsigned)address, data);
    return true;
}

void pci_msi_read(const struct pci_function *f, uint64_t *address, uint32_t *data)
{
    (void)f;
    *address = 0xfee10000u;
    *data = 0;
}

bool pci_msi_mask(const struct pci_function *f, unsigned index, bool masked)
{
    (void)f;
    note("msi%u-%s ", index, masked ? "masked" : "open");
    return true;
}

bool pci_msi_pending(const struct pci_function *f, unsigned index)
{
    (void)f;
    (void)index;
    return true;
}

void pci_msi_disable(const struct pci_function *f)
{
    (void)f;
    note("msi-off ");
}

unsigned pci_msix_count(struct pci_function *f)
{
    (void)f;
    return messages_of_msix;
}

bool pci_msix_enable(struct pci_function *f)
{
    (void)f;
    return msix_works;
}

void pci_msix_write(const struct pci_function *f, unsigned index, uint64_t address, uint32_t data)
{
    (void)f;
    note("msix%u=%x/%02x ", index, (unsigned)address, data);
}

void pci_msix_read(const struct pci_function *f, unsigned index, uint64_t *address, uint32_t *data)
{
    (void)f;
    *address = 0xfee10000u + index;
    *data = 0;
}

void pci_msix_mask(const struct pci_function *f, unsigned index, bool masked)
{
    (void)f;
    note("msix%u-%s ", index, masked ? "masked" : "open");
}

bool pci_msix_pending(const struct pci_function *f, unsigned index)
{
    (void)f;
    (void)index;
    return true;
}

void pci_msix_disable(const struct pci_function *f)
{
    (void)f;
    note("msix-off ");
}

void pci_intx_enable(const struct pci_function *f, bool on)
{
    (void)f;
    CHECK(!on);
}

/* ---- a machine ---- */

static const struct acpi_table tables[2] = { { .signature = "DMAR" }, { .signature = "IVRS" } };

static void begin(bool remaps, bool amd)
{
    static const struct acpi_madt madt = { .ioapics = { { .id = 3, .pa = 0xfec00000, .gsi_base = 16 } },
                                           .ioapic_count = 1 };

    memset(entries, 0, sizeof(entries));
    memset(routes, 0, sizeof(routes));
    ioapics_find(&irq_ioapics, &chip_host, &madt);
    machine = (struct machine){ .iommu = (struct iommu *)(void *)table, .table = &tables[amd] };
    function = (struct pci_function){ .rid = 0x18, .owner = &device_place };
    remapped = remaps;
    alloc_status = route_status = IOMMU_OK;
    blocks = 0;
    ends_after = 0;
    now = 1;
    messages_of_msi = messages_of_msix = 4;
    msix_works = true;
    trace[0] = '\0';
}

static struct irq_route *pin_route(bool level)
{
    struct irq_route *route = NULL;

    CHECK(irq_route_pin(16 + PIN, level, false, &route) == NULL);
    return route;
}

/* A route to CPU 0 by vector A, and what that has written down. */
static struct irq_route *routed_pin(bool level)
{
    struct irq_route *route = pin_route(level);

    vector_of_pin = VECTOR_A;
    CHECK_OK(irq_route_to(route, 0, 0, VECTOR_A));
    trace[0] = '\0';
    return route;
}

/* The pin has sent, and its handler is at work. */
static void send(void)
{
    CHECK(!(entries[2 * PIN] & ENTRY_MASKED));
    entries[2 * PIN] |= ENTRY_REMOTE_IRR;
    eoi_vector = entries[2 * PIN] & 0xff;
}

/* ---- messages ---- */

TEST(a_remapped_message_is_told_once)
{
    struct irq_route *route;

    begin(true, false);
    CHECK(irq_route_msi(&function, 2, &route) == NULL);
    expect("alloc=2 ");
    CHECK_OK(irq_route_to(route, 0, 0, VECTOR_A));
    expect("entry0=0/41 msi-on=2/fee10000/00 msi0-open ");
    CHECK_OK(irq_route_to(route, 0, 1, VECTOR_B));
    expect("entry0=7/42 ");
    CHECK_OK(irq_route_to(route, 1, 2, VECTOR_A));
    expect("entry1=11f/41 msi=fee10000/00 msi1-open ");
    CHECK_OK(irq_route_free(route));
    expect("msi-off free ");
    CHECK_EQ(blocks, 0);
}

TEST(one_that_is_not_remapped_is_told_anew)
{
    struct irq_route *route;

    begin(false, false);
    CHECK(irq_route_msix(&function, 4, &route) == NULL);
    CHECK_OK(irq_route_to(route, 3, 0, VECTOR_A));
    expect("msix3=fee00000/41 msix3-open ");
    CHECK_OK(irq_route_to(route, 3, 1, VECTOR_A));
    expect("msix3=fee07000/41 ");
    CHECK_EQ(irq_route_to(route, 3, 2, VECTOR_A), IOMMU_ERR_RANGE);  /* APIC id 287 */
    expect("");
    CHECK_OK(irq_route_free(route));
    expect("msix-off ");
}

TEST(several_messages_of_one_capability_need_remapping)
{
    struct irq_route *route;

    begin(false, false);
    CHECK(irq_route_msi(&function, 2, &route) != NULL);
    CHECK(irq_route_msi(&function, 1, &route) == NULL);
    CHECK_OK(irq_route_free(route));
    CHECK(irq_route_msi(&function, 5, &route) != NULL);
    CHECK(irq_route_msi(&function, 0, &route) != NULL);
    CHECK(irq_route_msix(&function, 5, &route) != NULL);
    messages_of_msi = messages_of_msix = 0;
    CHECK(irq_route_msi(&function, 1, &route) != NULL);
    CHECK(irq_route_msix(&function, 1, &route) != NULL);
    CHECK_EQ(blocks, 0);
}

/* The device would send what firmware, or whoever had it before, left in it. */
TEST(a_source_is_not_told_of_an_entry_that_failed)
{
    struct irq_route *route;

    begin(true, false);
    CHECK(irq_route_msi(&function, 1, &route) == NULL);
    trace[0] = '\0';
    route_status = IOMMU_ERR_RANGE;
    CHECK_EQ(irq_route_to(route, 0, 2, VECTOR_A), IOMMU_ERR_RANGE);
    expect("entry0=11f/41 ");
}

TEST(a_closed_one_is_told_and_opened_again)
{
    struct irq_route *route;

    begin(true, false);
    CHECK(irq_route_msix(&function, 1, &route) == NULL);
    CHECK_OK(irq_route_to(route, 0, 0, VECTOR_A));
    trace[0] = '\0';
    CHECK_OK(irq_route_close(route, 0));
    expect("msix0-masked entry0-absent ");
    CHECK_OK(irq_route_to(route, 0, 0, VECTOR_A));
    expect("entry0=0/41 msix0=fee10000/00 entry0-present msix0-open ");
    CHECK_OK(irq_route_to(route, 0, 0, VECTOR_A));
    expect("entry0=0/41 ");
}

TEST(what_it_has_not_is_refused_and_not_touched)
{
    struct iommu_msi message = { .address = 0xfee00000u };
    struct irq_route *route;

    begin(true, false);
    CHECK(irq_route_msi(&function, 2, &route) == NULL);
    trace[0] = '\0';
    CHECK_EQ(irq_route_to(route, 2, 0, VECTOR_A), IOMMU_ERR_INVALID);
    CHECK_EQ(irq_route_to(route, 0, 3, VECTOR_A), IOMMU_ERR_INVALID);
    gone = 1;
    CHECK_EQ(irq_route_to(route, 0, 1, VECTOR_A), IOMMU_ERR_INVALID);
    gone = 0;
    CHECK_EQ(irq_route_to(route, 0, 0, 0), IOMMU_ERR_INVALID);
    CHECK_EQ(irq_route_to(route, 0, 0, -1), IOMMU_ERR_INVALID);
    CHECK_EQ(irq_route_to(route, 0, 0, 256), IOMMU_ERR_INVALID);
    CHECK_EQ(irq_route_close(route, 2), IOMMU_ERR_INVALID);
    CHECK(!irq_route_mask(route, 2, true));
    CHECK(!irq_route_pending(route, 2) && irq_route_pending(route, 1));
    CHECK(!irq_route_message(route, 2, &message) && irq_route_message(route, 1, &message));
    CHECK(!irq_route_set_message(route, 2, &message));
    CHECK(!irq_route_mask(route, 0xffffffffu, true));
    expect("");
}

TEST(what_cannot_be_had_is_said_and_given_back)
{
    struct irq_route *route, *all[ROUTES_MAX];

    begin(true, false);
    alloc_status = IOMMU_ERR_NOT_FOUND;
    CHECK_STR(irq_route_pin(16 + PIN, true, false, &route),
              "firmware's table does not name it, so its interrupts cannot be remapped");
    alloc_status = IOMMU_ERR_RANGE;
    CHECK_STR(irq_route_msi(&function, 1, &route), "no block of entries is free");
    alloc_status = IOMMU_ERR_NOMEM;
    CHECK_STR(irq_route_msix(&function, 1, &route), "no-memory");
    alloc_status = IOMMU_OK;
    CHECK(irq_route_pin(15, true, false, &route) != NULL);
    CHECK(irq_route_pin(16 + PINS, true, false, &route) != NULL);
    CHECK(irq_route_hpet(0, &route) != NULL);
    msix_works = false;
    CHECK_STR(irq_route_msix(&function, 1, &route), "its MSI-X cannot be enabled");
    CHECK_EQ(blocks, 0);
    for (size_t i = 0; i < ROUTES_MAX; i++)
        CHECK(irq_route_msi(&function, 1, &all[i]) == NULL);
    CHECK_STR(irq_route_msi(&function, 1, &route), "more sources of interrupts than this kernel routes");
    CHECK_EQ(blocks, ROUTES_MAX);
    CHECK_OK(irq_route_free(all[7]));
    CHECK(irq_route_msi(&function, 1, &route) == NULL);
}

/* ---- pins ---- */

TEST(a_pin_that_is_idle_takes_another_vector)
{
    struct irq_route *route;

    begin(true, false);
    route = pin_route(true);
    vector_of_pin = VECTOR_A;
    CHECK_OK(irq_route_to(route, 0, 0, VECTOR_A));
    expect("entry0=0/41/level pin=41 pin-open ");
    vector_of_pin = VECTOR_B;
    CHECK_OK(irq_route_to(route, 0, 1, VECTOR_B));
    expect("pin-masked entry0=7/42/level pin=42 pin-open ");
    CHECK_OK(irq_route_to(route, 0, 0, VECTOR_B));      /* the vector stays: nothing of the pin changes */
    expect("entry0=0/42/level ");
    CHECK_OK(irq_route_free(route));
    CHECK(entries[2 * PIN] & ENTRY_MASKED);
}

/* VT-d §5.1.5.1: an end of interrupt by the old vector finds only an entry that still holds it. */
TEST(a_pin_in_service_keeps_its_vector_until_the_handler_has_ended)
{
    struct irq_route *route;

    begin(true, false);
    route = routed_pin(true);
    send();
    ends_after = 5;
    vector_of_pin = VECTOR_B;
    CHECK_OK(irq_route_to(route, 0, 1, VECTOR_B));
    expect("pin-masked handler-ends entry0=7/42/level pin=42 pin-open ");
    CHECK(!(entries[2 * PIN] & ENTRY_REMOTE_IRR));
}

TEST(one_whose_end_never_comes_is_ended_at_the_pin)
{
    struct irq_route *route;

    begin(true, false);
    route = routed_pin(true);
    send();
    vector_of_pin = VECTOR_B;
    CHECK_OK(irq_route_to(route, 0, 1, VECTOR_B));
    expect("pin-masked eoi=41 entry0=7/42/level pin=42 pin-open ");
    CHECK(now > IN_SERVICE_WAIT_US && now < 2 * IN_SERVICE_WAIT_US);
    CHECK(!(entries[2 * PIN] & ENTRY_REMOTE_IRR));
}

TEST(a_masked_pin_stays_masked_and_an_edge_waits_for_nothing)
{
    struct irq_route *route;

    begin(true, false);
    route = routed_pin(true);
    CHECK(irq_route_mask(route, 0, true));
    vector_of_pin = VECTOR_B;
    CHECK_OK(irq_route_to(route, 0, 0, VECTOR_B));
    expect("pin-masked entry0=0/42/level pin=42 ");
    CHECK(entries[2 * PIN] & ENTRY_MASKED);
    CHECK_OK(irq_route_free(route));
    begin(false, false);
    route = routed_pin(false);
    CHECK_OK(irq_route_to(route, 0, 1, VECTOR_B));
    CHECK_EQ(now, 1);
    CHECK_EQ(entries[2 * PIN + 1], 7u << 24);
}

/* A route that fails leaves the pin as it was, not masked for ever. */
TEST(a_pin_is_open_again_when_its_entry_failed)
{
    struct irq_route *route;

    begin(true, false);
    route = routed_pin(true);
    route_status = IOMMU_ERR_FENCED;
    CHECK_EQ(irq_route_to(route, 0, 1, VECTOR_B), IOMMU_ERR_FENCED);
    expect("pin-masked entry0=7/42/level pin-open ");
    CHECK_EQ(entries[2 * PIN] & 0xff, VECTOR_A);
}

/* Whoever gets the pin next would wait for an end that was the last one's. */
TEST(a_freed_pin_waits_for_no_end)
{
    struct irq_route *route;

    begin(true, false);
    route = routed_pin(true);
    send();
    CHECK_OK(irq_route_free(route));
    expect("pin-masked eoi=41 free ");
    CHECK(!(entries[2 * PIN] & ENTRY_REMOTE_IRR));
    CHECK_EQ(blocks, 0);
}

/* AMD-Vi: the entry of a remapped pin holds the number of another one, so that no processor's end finds it. */
TEST(the_end_is_told_where_the_processor_s_does_not_reach)
{
    for (unsigned i = 0; i < 8; i++) {
        bool amd = i & 1, remaps = i & 2, level = i & 4;
        struct irq_route *route;

        begin(remaps, amd);
        route = routed_pin(level);
        irq_route_end(route);
        expect(amd && remaps && level ? "eoi=41 " : "");
    }
}

TEST(who_sends)
{
    struct irq_route *route;

    begin(true, false);
    CHECK_EQ(irq_route_source_id(pin_route(true)), 0xf000);
    CHECK(irq_route_msi(&function, 1, &route) == NULL);
    CHECK_EQ(irq_route_source_id(route), 0x18);
}
