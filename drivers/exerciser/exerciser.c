/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What all exercisers have in common: finding the driver for a function, the
 * checks of an operation, waiting, measuring the width of addresses.
 */
#include "exerciser_internal.h"

#define POLL_MIN_US 10u
#define POLL_MAX_US 10000u

static const struct exerciser_driver *const drivers[] = { &edu_driver, &nvme_driver, &xhci_driver };

void ex_log(const struct exerciser *ex, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    ex->host->log(ex->host_ctx, format, args);
    va_end(args);
}

bool ex_wait(const struct exerciser *ex, uint64_t deadline_us, uint64_t step_us)
{
    if (ex_now_us(ex) > deadline_us)
        return false;
    ex->host->sleep_us(ex->host_ctx, step_us);
    return true;
}

volatile uint8_t *ex_map_bar(struct exerciser *ex, unsigned bar, uint64_t len)
{
    const struct pci_bar *b = &ex->function->bars[bar];
    void *registers;

    if (b->len < len || b->io) {
        ex_log(ex, "%s: BAR %u len=0x%llx, needs 0x%llx of memory", ex->label, bar,
               (unsigned long long)b->len, (unsigned long long)len);
        return NULL;
    }
    registers = ex->host->mmio_map(ex->host_ctx, b->pa, len);
    if (registers == NULL)
        ex_log(ex, "%s: registers at 0x%llx cannot be mapped", ex->label,
               (unsigned long long)b->pa);
    pci_memory_decode(ex->function, true);
    return registers;
}

bool ex_alloc_private(struct exerciser *ex, size_t pages, uint64_t limit_pa)
{
    ex->private_mem = ex->host->pages_alloc(ex->host_ctx, pages, limit_pa, &ex->private_pa);
    /* Behind an IOMMU any frame will do. */
    if (ex->private_mem == NULL)
        ex->private_mem = ex->host->pages_alloc(ex->host_ctx, pages, UINT64_MAX, &ex->private_pa);
    if (ex->private_mem == NULL) {
        ex_log(ex, "%s: no memory for %zu private pages", ex->label, pages);
        return false;
    }
    ex->private_pages = pages;
    return true;
}

bool ex_dma_fits(const struct exerciser *ex, const struct ex_dma *dma)
{
    uint64_t end = dma->iova + dma->len;
    uint64_t last = ex->address_bits >= 64 ? UINT64_MAX : (1ull << ex->address_bits) - 1;

    if (dma->operation == EX_READ ? !ex->can_read : !ex->can_write)
        return false;
    if (dma->len == 0 || dma->len > ex->max_len || dma->len % ex->align != 0 ||
        dma->len % ex->step_len != 0)
        return false;
    return dma->iova % ex->align == 0 && end > dma->iova && end - 1 <= last;
}

static char *put_hex(char *at, unsigned value, unsigned digits)
{
    while (digits-- > 0)
        *at++ = "0123456789abcdef"[value >> (4 * digits) & 0xfu];
    return at;
}

/* "edu@0000:00:04.0" */
static void label_make(struct exerciser *ex, const char *name)
{
    const struct pci_function *f = ex->function;
    char *at = ex->label;

    while (*name != '\0')
        *at++ = *name++;
    *at++ = '@';
    at = put_hex(at, f->segment, 4);
    *at++ = ':';
    at = put_hex(at, f->rid >> 8, 2);
    *at++ = ':';
    at = put_hex(at, f->rid >> 3 & 31u, 2);
    *at++ = '.';
    at = put_hex(at, f->rid & 7u, 1);
    *at = '\0';
}

struct exerciser *exerciser_probe(const struct exerciser_host *host, void *ctx,
                                  struct pci_function *f, bool scratch)
{
    for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
        struct exerciser *ex;

        if (!drivers[i]->knows(f))
            continue;
        ex = host->alloc(ctx, sizeof(*ex));
        if (ex == NULL)
            return NULL;
        ex->host = host;
        ex->host_ctx = ctx;
        ex->function = f;
        ex->scratch = scratch;
        label_make(ex, drivers[i]->name);
        return drivers[i]->setup(ex) ? ex : NULL;
    }
    return NULL;
}

bool exerciser_fetches(const struct pci_function *f)
{
    for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
        if (drivers[i]->knows(f))
            return drivers[i]->fetches;
    return false;
}

void exerciser_set_address_bits(struct exerciser *ex, unsigned bits)
{
    ex->address_bits = bits;
}

static bool probe_arrives(struct exerciser *ex, const struct exerciser_bits_probe *probe)
{
    uint32_t len = ex->align > ex->step_len ? ex->align : ex->step_len;
    struct ex_dma dma = { .operation = EX_WRITE, .iova = probe->iova, .len = len };

    if (exerciser_run(ex, &dma) != EX_DONE)
        return false;
    for (uint32_t i = 0; i < len; i++)
        if (probe->frame[i] != ex->pattern[i])
            return false;
    return true;
}

unsigned exerciser_measure_address_bits(struct exerciser *ex,
                                        const struct exerciser_bits_probe *probes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        unsigned known = ex->address_bits;

        ex->address_bits = probes[i].bits;
        if (!probe_arrives(ex, &probes[i])) {
            ex->address_bits = known;
            break;
        }
    }
    return ex->address_bits;
}

enum ex_status exerciser_wait(struct exerciser *ex, enum ex_status status)
{
    uint64_t step = ex->typical_us / 8;

    if (step < POLL_MIN_US)
        step = POLL_MIN_US;
    if (step > POLL_MAX_US)
        step = POLL_MAX_US;
    /* Bounded: poll() ends with EX_TIMEOUT by itself. */
    while (status == EX_PENDING) {
        ex->host->sleep_us(ex->host_ctx, step);
        status = ex->ops->poll(ex);
    }
    return status;
}

enum ex_status exerciser_run(struct exerciser *ex, const struct ex_dma *dma)
{
    return exerciser_wait(ex, ex->ops->start(ex, dma));
}

const char *ex_status_name(enum ex_status status)
{
    static const char *const names[] = {
        [EX_PENDING] = "pending", [EX_DONE] = "done",       [EX_MISMATCH] = "mismatch",
        [EX_ABORTED] = "aborted", [EX_TIMEOUT] = "timeout", [EX_UNSUPPORTED] = "unsupported",
    };

    return (size_t)status < sizeof(names) / sizeof(names[0]) ? names[status] : "unknown";
}
