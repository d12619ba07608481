/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HPET registers (IA-PC HPET specification 1.0a, §2.3), all by 32 bits:
 * comparators work on the counter's lower half.
 */
#include "hpet.h"

#include "bits.h"

#define CAPABILITIES        0x000u
#define CAP_LAST            BITS32(12, 8)
#define CAP_PERIOD          0x004u      /* femtoseconds */
#define PERIOD_MAX          100000000u
#define CONFIG              0x010u
#define CONFIG_RUNS         BIT32(0)
#define CONFIG_LEGACY       BIT32(1)
#define STATUS              0x020u      /* a one clears */
#define COUNTER             0x0f0u
#define COMPARATORS         0x100u
#define COMPARATOR_BYTES    0x020u
#define TIMER_CONFIG        0x00u
#define TIMER_LEVEL         BIT32(1)
#define TIMER_ENABLED       BIT32(2)
#define TIMER_PERIODIC      BIT32(3)
#define TIMER_32BIT         BIT32(8)
#define TIMER_ROUTE         BITS32(13, 9)
#define TIMER_FSB           BIT32(14)
#define TIMER_FSB_CAPABLE   BIT32(15)
#define TIMER_PINS          0x04u
#define TIMER_COMPARATOR    0x08u
#define TIMER_FSB_DATA      0x10u
#define TIMER_FSB_ADDRESS   0x14u
#define WINDOW_BYTES        0x500u
#define ALL_ONES            0xffffffffu
#define RAISE_TURNS         8u
#define FS_IN_US            1000000000ull

static void say(const struct hpet_host *host, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(const struct hpet_host *host, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    host->log(host->ctx, format, args);
    va_end(args);
}

static uint32_t reg_read(const struct hpet *hpet, uint32_t at)
{
    return hpet->host->read(hpet->host->ctx, hpet->window + at);
}

static void reg_write(const struct hpet *hpet, uint32_t at, uint32_t value)
{
    hpet->host->write(hpet->host->ctx, hpet->window + at, value);
}

static uint32_t timer_at(unsigned n, uint32_t part)
{
    return COMPARATORS + n * COMPARATOR_BYTES + part;
}

/* The bits of its configuration that are not decided here stay as they are. */
static void configure(const struct hpet *hpet, unsigned n, uint32_t set)
{
    uint32_t config = reg_read(hpet, timer_at(n, TIMER_CONFIG));

    config &= ~(TIMER_LEVEL | TIMER_ENABLED | TIMER_PERIODIC | TIMER_ROUTE | TIMER_FSB);
    reg_write(hpet, timer_at(n, TIMER_CONFIG), config | TIMER_32BIT | set);
}

void hpet_silence(struct hpet *hpet, unsigned n)
{
    configure(hpet, n, 0);
    hpet_lower(hpet, n);
}

bool hpet_find(struct hpet *hpet, const struct hpet_host *host, uint64_t pa, uint8_t number)
{
    uint32_t capabilities;

    *hpet = (struct hpet){ .host = host, .number = number };
    hpet->window = host->map(host->ctx, pa, WINDOW_BYTES);
    if (hpet->window == NULL) {
        say(host, "hpet%u: registers at 0x%llx cannot be mapped", number, (unsigned long long)pa);
        return false;
    }
    capabilities = reg_read(hpet, CAPABILITIES);
    hpet->period_fs = reg_read(hpet, CAP_PERIOD);
    if (capabilities == ALL_ONES || hpet->period_fs == 0 || hpet->period_fs > PERIOD_MAX) {
        say(host, "hpet%u: at 0x%llx capabilities=0x%x period=%ufs, ignored", number, (unsigned long long)pa,
            (unsigned)capabilities, (unsigned)hpet->period_fs);
        return false;
    }
    hpet->comparators = (unsigned)field_get(capabilities, CAP_LAST) + 1;
    for (unsigned n = 0; n < hpet->comparators; n++)
        hpet_silence(hpet, n);
    reg_write(hpet, CONFIG, (reg_read(hpet, CONFIG) | CONFIG_RUNS) & ~CONFIG_LEGACY);
    return true;
}

uint32_t hpet_pins(const struct hpet *hpet, unsigned n)
{
    return reg_read(hpet, timer_at(n, TIMER_PINS));
}

bool hpet_has_messages(const struct hpet *hpet, unsigned n)
{
    return (reg_read(hpet, timer_at(n, TIMER_CONFIG)) & TIMER_FSB_CAPABLE) != 0;
}

void hpet_use_pin(struct hpet *hpet, unsigned n, unsigned pin)
{
    hpet_silence(hpet, n);
    configure(hpet, n, (uint32_t)field_make(TIMER_ROUTE, pin) | TIMER_LEVEL);
}

void hpet_use_message(struct hpet *hpet, unsigned n, uint64_t address, uint32_t data)
{
    hpet_silence(hpet, n);
    reg_write(hpet, timer_at(n, TIMER_FSB_DATA), data);
    reg_write(hpet, timer_at(n, TIMER_FSB_ADDRESS), (uint32_t)address);
    configure(hpet, n, TIMER_FSB);
}

void hpet_message(const struct hpet *hpet, unsigned n, uint64_t *address, uint32_t *data)
{
    *address = reg_read(hpet, timer_at(n, TIMER_FSB_ADDRESS));
    *data = reg_read(hpet, timer_at(n, TIMER_FSB_DATA));
}

static void clear_status(const struct hpet *hpet, unsigned n)
{
    reg_write(hpet, STATUS, BIT32(n));
}

/* Level-triggered: its status bit was set, and is, or somebody has lowered it since. */
static bool has_fired(const struct hpet *hpet, unsigned n, uint32_t lowered)
{
    return (reg_read(hpet, STATUS) & BIT32(n)) != 0 || __atomic_load_n(&hpet->lowered[n], __ATOMIC_ACQUIRE) != lowered;
}

/* The comparator so many ticks from now. False: too late, half of them are gone. */
static bool set_comparator(const struct hpet *hpet, unsigned n, uint32_t ticks, uint32_t *at)
{
    *at = reg_read(hpet, COUNTER) + ticks;
    reg_write(hpet, timer_at(n, TIMER_COMPARATOR), *at);
    clear_status(hpet, n);
    return (int32_t)(*at - reg_read(hpet, COUNTER)) > (int32_t)(ticks / 2);
}

/*
 * A comparator that is passed over before it is enabled may fire when the counter's lower half comes round, or,
 * level-triggered, when it is enabled (§2.3.8: status bits are set while it is disabled, too). So it is set
 * while disabled, again and twice as far away while it was too late; and where it is passed when it has been
 * enabled, it must have fired, or it is taken again. Of a message nothing tells that.
 */
void hpet_raise(const struct hpet *hpet, unsigned n, uint32_t delay_us)
{
    uint32_t config = reg_read(hpet, timer_at(n, TIMER_CONFIG)) & ~TIMER_ENABLED;
    uint32_t ticks = (uint32_t)(delay_us * FS_IN_US / hpet->period_fs), at = 0, lowered;

    reg_write(hpet, timer_at(n, TIMER_CONFIG), config);
    lowered = __atomic_load_n(&hpet->lowered[n], __ATOMIC_ACQUIRE);
    for (unsigned turn = 0; turn < RAISE_TURNS; turn++, ticks *= 2) {
        if (!set_comparator(hpet, n, ticks, &at))
            continue;
        reg_write(hpet, timer_at(n, TIMER_CONFIG), config | TIMER_ENABLED);
        if (!(config & TIMER_LEVEL) || (int32_t)(at - reg_read(hpet, COUNTER)) > 0 || has_fired(hpet, n, lowered))
            return;
        reg_write(hpet, timer_at(n, TIMER_CONFIG), config);
        if (has_fired(hpet, n, lowered))
            break;
    }
    reg_write(hpet, timer_at(n, TIMER_CONFIG), config | TIMER_ENABLED);
}

/* Counted first: has_fired() may look in between. */
void hpet_lower(struct hpet *hpet, unsigned n)
{
    __atomic_fetch_add(&hpet->lowered[n], 1, __ATOMIC_RELEASE);
    clear_status(hpet, n);
}
