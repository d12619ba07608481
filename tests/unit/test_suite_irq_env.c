/* SPDX-License-Identifier: BSD-2-Clause */
/* kernel/suite_irq.c: a source of the suite is given back only when no handler uses it any more. */
#include "kernel_here.h"

#include "kernel/suite_irq.c"

#include <stdarg.h>

#define VECTOR 0x40

struct machine machine;
struct ioapics irq_ioapics;
struct hpet irq_hpet;
bool irq_has_hpet;

static struct pci_function function;
static struct suite_env *const env;
static char route_place;
#define ROUTE ((struct irq_route *)(void *)&route_place)
static char trace[256];
static irq_fn *handler;
static void *handler_arg;
static bool ends;

static void note(const char *what)
{
    strncat(trace, what, sizeof(trace) - strlen(trace) - 1);
}

/* ---- the exerciser ---- */

static enum ex_status raise_it(struct exerciser *ex, unsigned number)
{
    (void)ex;
    (void)number;
    note("raised ");
    return EX_DONE;
}

static void lower_it(struct exerciser *ex)
{
    (void)ex;
    note("lowered ");
}

static const struct exerciser_ops ops = { .name = "test", .interrupt = raise_it, .interrupt_done = lower_it };
static struct exerciser exerciser = { .ops = &ops, .function = &function };

/* ---- the kernel ---- */

int irq_vector_alloc(irq_fn *fn, void *arg)
{
    handler = fn;
    handler_arg = arg;
    return VECTOR;
}

void irq_vector_set(int vector, irq_fn *fn, void *arg)
{
    CHECK_EQ(vector, VECTOR);
    handler = fn;
    handler_arg = arg;
}

void irq_vector_free(int vector)
{
    (void)vector;
}

/* One that begins meanwhile. */
bool irq_vector_settle(int vector)
{
    CHECK_EQ(vector, VECTOR);
    note("settle( ");
    handler(handler_arg);
    note(") ");
    return ends;
}

const char *irq_route_msi(struct pci_function *f, unsigned count, struct irq_route **out)
{
    (void)count;
    CHECK(f == &function);
    *out = ROUTE;
    return NULL;
}

const char *irq_route_msix(struct pci_function *f, unsigned count, struct irq_route **out)
{
    return irq_route_msi(f, count, out);
}

const char *irq_route_pin(uint32_t gsi, bool level, bool active_low, struct irq_route **out)
{
    CHECK_EQ(gsi, 20);
    CHECK(level && active_low);
    *out = ROUTE;
    return NULL;
}

const char *irq_route_hpet(unsigned comparator, struct irq_route **out)
{
    (void)comparator;
    (void)out;
    return "there is none";
}

enum iommu_status irq_route_free(struct irq_route *route)
{
    CHECK(route == ROUTE);
    note("route-free ");
    return IOMMU_OK;
}

enum iommu_status irq_route_to(struct irq_route *route, unsigned index, unsigned cpu, int vector)
{
    (void)index;
    (void)cpu;
    CHECK(route == ROUTE && vector == VECTOR);
    return IOMMU_OK;
}

enum iommu_status irq_route_close(struct irq_route *route, unsigned index)
{
    (void)route;
    (void)index;
    return IOMMU_OK;
}

bool irq_route_mask(struct irq_route *route, unsigned index, bool masked)
{
    CHECK(route == ROUTE && index == 0);
    note(masked ? "mask " : "unmask ");
    return true;
}

bool irq_route_pending(const struct irq_route *route, unsigned index)
{
    (void)route;
    (void)index;
    return false;
}

void irq_route_end(const struct irq_route *route)
{
    CHECK(route == ROUTE);
    note("end ");
}

struct iommu_irqs *irq_route_block(const struct irq_route *route)
{
    (void)route;
    return NULL;
}

bool irq_route_message(const struct irq_route *route, unsigned index, struct iommu_msi *out)
{
    (void)route;
    (void)index;
    (void)out;
    return false;
}

bool irq_route_set_message(struct irq_route *route, unsigned index, const struct iommu_msi *message)
{
    (void)route;
    (void)index;
    (void)message;
    return false;
}

uint16_t irq_route_source_id(const struct irq_route *route)
{
    (void)route;
    return 0;
}

uint64_t irq_count_on(unsigned cpu, int vector)
{
    (void)cpu;
    (void)vector;
    return 0;
}

uint64_t irq_unexpected(void)
{
    return 0;
}

struct per_cpu *percpu_at(unsigned index)
{
    (void)index;
    return NULL;
}

unsigned smp_next(unsigned from)
{
    return from;
}

void smp_relax(void)
{
}

unsigned suite_env_cpu(unsigned n)
{
    return n;
}

uint64_t now_us(void)
{
    return 0;
}

void sleep_us(uint64_t us)
{
    (void)us;
}

/* ---- the function ---- */

void pci_msi_disable(const struct pci_function *f)
{
    (void)f;
}

void pci_msix_disable(const struct pci_function *f)
{
    (void)f;
}

void pci_intx_enable(const struct pci_function *f, bool enable)
{
    (void)f;
    (void)enable;
}

uint8_t pci_intx_pin(const struct pci_function *f)
{
    (void)f;
    return 1;
}

bool pci_intx_asserted(const struct pci_function *f)
{
    (void)f;
    return false;
}

static struct suite_irqs *routed(enum suite_irq_kind kind)
{
    struct suite_irqs *irqs = NULL;

    memset(sources, 0, sizeof(sources));
    memset(owners, 0, sizeof(owners));
    wires[0] = (struct wire){ &function, 20 };
    wire_count = 1;
    wire_user = NULL;
    ends = true;
    CHECK(kernel_suite_irq_ops.alloc(env, &exerciser, kind, 1, &irqs) == NULL);
    CHECK_EQ(kernel_suite_irq_ops.vector_alloc(env), VECTOR);
    CHECK_OK(kernel_suite_irq_ops.route(env, irqs, 0, 0, VECTOR));
    trace[0] = '\0';
    return irqs;
}

TEST(a_handler_lowers_the_source_and_ends_at_its_pin)
{
    struct suite_irqs *irqs = routed(SUITE_IRQ_MSI);

    handler(handler_arg);
    CHECK_STR(trace, "lowered end ");
    CHECK_OK(kernel_suite_irq_ops.free(env, irqs));
}

/* Its count is there before it has lowered the source. */
TEST(the_next_is_raised_when_the_handler_of_the_one_before_has_ended)
{
    struct suite_irqs *irqs = routed(SUITE_IRQ_MSI);

    CHECK_EQ(kernel_suite_irq_ops.raise(env, irqs, 0), EX_DONE);
    CHECK_STR(trace, "settle( lowered end ) raised ");
    ends = false;
    trace[0] = '\0';
    CHECK_EQ(kernel_suite_irq_ops.raise(env, irqs, 0), EX_TIMEOUT);
    CHECK(strstr(trace, "raised") == NULL);
}

/* One that begins meanwhile finds no owner: it touches neither device nor route. */
TEST(a_source_is_free_when_its_handlers_have_ended)
{
    struct suite_irqs *irqs = routed(SUITE_IRQ_MSI);

    CHECK_OK(kernel_suite_irq_ops.free(env, irqs));
    CHECK_STR(trace, "settle( ) route-free ");
    CHECK(!irqs->used);
}

/* Masked before nobody lowers it any more, or it would come again and again; lowered last. */
TEST(a_wire_is_masked_first_and_lowered_last)
{
    struct suite_irqs *irqs = routed(SUITE_IRQ_INTX);

    CHECK_OK(kernel_suite_irq_ops.free(env, irqs));
    CHECK_STR(trace, "mask settle( ) route-free lowered ");
    CHECK(!irqs->used && wire_user == NULL);
}

TEST(a_source_whose_handler_does_not_end_is_not_given_again)
{
    struct suite_irqs *irqs = routed(SUITE_IRQ_MSI), *other;

    ends = false;
    CHECK_OK(kernel_suite_irq_ops.free(env, irqs));
    CHECK(irqs->used);
    CHECK(kernel_suite_irq_ops.alloc(env, &exerciser, SUITE_IRQ_MSI, 1, &other) == NULL);
    CHECK(other != irqs);
}
