/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory in two views: as the CPU sees it, and as a unit that does not snoop
 * sees it (control bit Coherent off): what dma_flush() wrote back, and what
 * devices wrote. Pages are handed out by page and their state is watched.
 */
#include <emmintrin.h>
#include <stdlib.h>
#include <string.h>

#include "amdvi_model_private.h"

#if defined(__SANITIZE_ADDRESS__)
#define AM_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define AM_ASAN 1
#endif
#endif

#ifdef AM_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(at, len) __asan_poison_memory_region(at, len)
#define UNPOISON(at, len) __asan_unpoison_memory_region(at, len)
#else
#define POISON(at, len) ((void)(at), (void)(len))
#define UNPOISON(at, len) ((void)(at), (void)(len))
#endif

bool am_memory_create(struct amdvi_model *m)
{
    size_t len = m->config.ram_len;

    m->pages = len / AM_PAGE;
    m->ram = aligned_alloc(AM_PAGE, len);
    m->flushed = aligned_alloc(AM_PAGE, len);
    m->page_state = calloc(m->pages, 1);
    if (m->ram == NULL || m->flushed == NULL || m->page_state == NULL)
        return false;
    memset(m->ram, 0, len);
    memset(m->flushed, (int)(AM_UNFLUSHED & 0xff), len);
    return true;
}

void am_memory_destroy(struct amdvi_model *m)
{
    UNPOISON(m->ram, m->config.ram_len);
    free(m->flushed);
    free(m->page_state);
    free(m->ram);
}

bool am_is_ram(const struct amdvi_model *m, uint64_t pa, size_t len)
{
    uint64_t start = m->config.ram_pa;

    return pa >= start && len <= m->config.ram_len && pa - start <= m->config.ram_len - len;
}

uint8_t *am_ram(struct amdvi_model *m, uint64_t pa)
{
    return m->ram + (pa - m->config.ram_pa);
}

static uint8_t *state_of(struct amdvi_model *m, uint64_t pa)
{
    return &m->page_state[(pa - m->config.ram_pa) / AM_PAGE];
}

void *amdvi_model_ram(struct amdvi_model *m, uint64_t pa, size_t len)
{
    if (!am_is_ram(m, pa, len))
        abort();
    return am_ram(m, pa);
}

uint64_t amdvi_model_pa(const struct amdvi_model *m, const void *at)
{
    return m->config.ram_pa + (uint64_t)((const uint8_t *)at - m->ram);
}

bool am_snoops(const struct am_unit *u)
{
    return am_control(u, ASPEC_CTL_COHERENT);
}

enum am_page_state am_page_state(const struct amdvi_model *m, uint64_t pa)
{
    return m->page_state[(pa - m->config.ram_pa) / AM_PAGE];
}

bool am_fetch(struct am_unit *u, uint64_t pa, uint64_t *value)
{
    struct amdvi_model *m = u->model;
    const uint8_t *view = am_snoops(u) ? m->ram : m->flushed;

    if (!am_is_ram(m, pa, sizeof(*value)))
        return false;
    if (am_page_state(m, pa) == AM_FREED || am_page_state(m, pa) == AM_FREE) {
        am_violation(m, "amdvi%u: read of page 0x%llx, which is %s", u->index,
                     (unsigned long long)pa,
                     am_page_state(m, pa) == AM_FREED ? "freed" : "not allocated");
        *value = 0;
        return true;
    }
    *value = __atomic_load_n((const uint64_t *)(const void *)(view + (pa - m->config.ram_pa)),
                             __ATOMIC_ACQUIRE);
    if (view == m->flushed && *value == AM_UNFLUSHED)
        am_violation(m, "amdvi%u: entry at 0x%llx was never flushed", u->index,
                     (unsigned long long)pa);
    return true;
}

/* Twice, until both halves were seen unchanged around each other: then they were there at the same
 * time. */
void am_fetch_halves(const struct am_unit *u, uint64_t pa, uint64_t value[4])
{
    const struct amdvi_model *m = u->model;
    const uint8_t *view = am_snoops(u) ? m->ram : m->flushed;
    const volatile __m128i *at =
        (const volatile __m128i *)(const void *)(view + (pa - m->config.ram_pa));
    __m128i lo, hi, again;

    do {
        lo = at[0];
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
        hi = at[1];
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
        again = at[0];
    } while (_mm_movemask_epi8(_mm_cmpeq_epi8(lo, again)) != 0xffff);
    memcpy(value, &lo, sizeof(lo));
    memcpy(value + 2, &hi, sizeof(hi));
}

/* A load of 16 aligned bytes is one access on every processor this runs on. */
void am_peek_pair(const struct am_unit *u, uint64_t pa, uint64_t value[2])
{
    const struct amdvi_model *m = u->model;
    const uint8_t *view = am_snoops(u) ? m->ram : m->flushed;
    __m128i whole = *(const volatile __m128i *)(const void *)(view + (pa - m->config.ram_pa));

    memcpy(value, &whole, sizeof(whole));
}

bool am_fetch_pair(struct am_unit *u, uint64_t pa, uint64_t value[2])
{
    memset(value, 0, 2 * sizeof(*value));
    if (!am_is_ram(u->model, pa, 2 * sizeof(*value)))
        return false;
    (void)am_fetch(u, pa, value); /* says what is wrong with the page */
    (void)am_fetch(u, pa + 8, value + 1);
    if (am_page_state(u->model, pa) != AM_FREED && am_page_state(u->model, pa) != AM_FREE)
        am_peek_pair(u, pa, value);
    return true;
}

static uint64_t *view_at(uint8_t *view, const struct amdvi_model *m, uint64_t pa)
{
    return (uint64_t *)(void *)(view + (pa - m->config.ram_pa));
}

bool am_store(struct am_unit *u, uint64_t pa, uint64_t value)
{
    struct amdvi_model *m = u->model;

    if (!am_is_ram(m, pa, sizeof(value)))
        return false;
    if (am_page_state(m, pa) == AM_FREED) {
        am_violation(m, "amdvi%u: write of page 0x%llx, which is freed", u->index,
                     (unsigned long long)pa);
        return true;
    }
    __atomic_store_n(view_at(m->ram, m, pa), value, __ATOMIC_RELEASE);
    *view_at(m->flushed, m, pa) = value;
    return true;
}

void am_set_bits(struct am_unit *u, uint64_t pa, uint64_t bits)
{
    __atomic_or_fetch(view_at(u->model->ram, u->model, pa), bits, __ATOMIC_RELEASE);
    *view_at(u->model->flushed, u->model, pa) |= bits;
}

void am_publish(struct amdvi_model *m, uint64_t pa, size_t len)
{
    size_t offset = (size_t)(pa - m->config.ram_pa);

    memcpy(m->flushed + offset, m->ram + offset, len);
}

void am_flush(struct amdvi_model *m, const void *at, size_t len)
{
    const uint8_t *byte = at;
    size_t start, end;

    if (len == 0)
        return;
    if (byte < m->ram || byte >= m->ram + m->config.ram_len ||
        len > (size_t)(m->ram + m->config.ram_len - byte)) {
        am_violation(m, "dma_flush of %p, which is not in the memory page_alloc gives", at);
        return;
    }
    start = (size_t)(byte - m->ram) & ~(size_t)(AM_LINE - 1);
    end = ((size_t)(byte - m->ram) + len + AM_LINE - 1) & ~(size_t)(AM_LINE - 1);
    m->flushed_lines += (end - start) / AM_LINE;
    memcpy(m->flushed + start, m->ram + start, end - start);
}

/* ---- pages ---- */

static bool pages_are_free(const struct amdvi_model *m, size_t first, size_t count)
{
    for (size_t i = first; i < first + count; i++) {
        if (m->page_state[i] != AM_FREE && m->page_state[i] != AM_FREED)
            return false;
    }
    return true;
}

static void pages_take(struct amdvi_model *m, size_t first, size_t count, enum am_page_state state)
{
    size_t offset = first * AM_PAGE, len = count * AM_PAGE;

    UNPOISON(m->ram + offset, len);
    memset(m->ram + offset, 0, len);
    memset(m->flushed + offset, (int)(AM_UNFLUSHED & 0xff), len);
    memset(m->page_state + first, (int)state, count);
}

static size_t round_up_to_power(size_t count)
{
    size_t power = 1;

    while (power < count)
        power <<= 1;
    return power;
}

/* The highest fit, so that a limit that is not passed on is noticed. Alignment is physical. */
static bool find_high(const struct amdvi_model *m, size_t count, uint64_t limit_pa, size_t *first)
{
    uint64_t align = round_up_to_power(count) * AM_PAGE;

    if (count > m->pages)
        return false;
    for (size_t i = m->pages - count + 1; i-- > m->pages / 2;) {
        uint64_t pa = m->config.ram_pa + (uint64_t)i * AM_PAGE;

        if ((pa & (align - 1)) == 0 && pa + count * AM_PAGE - 1 <= limit_pa &&
            pages_are_free(m, i, count)) {
            *first = i;
            return true;
        }
    }
    return false;
}

void *am_page_alloc(struct amdvi_model *m, size_t count, uint64_t limit_pa)
{
    size_t first;

    m->alloc_calls++;
    if (m->fail_alloc > 0 && --m->fail_alloc == 0)
        return NULL;
    if (count == 0 || !find_high(m, count, limit_pa, &first))
        return NULL;
    pages_take(m, first, count, AM_TABLE);
    m->live_pages += count;
    return m->ram + first * AM_PAGE;
}

void am_page_free(struct amdvi_model *m, void *pages, size_t count)
{
    size_t first = (size_t)((uint8_t *)pages - m->ram) / AM_PAGE;

    if ((uint8_t *)pages < m->ram || first + count > m->pages ||
        ((uintptr_t)pages & (AM_PAGE - 1)) != 0) {
        am_violation(m, "page_free of %p, which page_alloc did not give", pages);
        return;
    }
    for (size_t i = first; i < first + count; i++) {
        if (m->page_state[i] != AM_TABLE)
            am_violation(m, "page_free of page 0x%llx, which is not allocated",
                         (unsigned long long)(m->config.ram_pa + i * AM_PAGE));
        else
            m->live_pages--;
        m->page_state[i] = AM_FREED;
        am_interrupt_table_freed(m, m->config.ram_pa + i * AM_PAGE);
    }
    POISON(pages, count * AM_PAGE);
}

uint64_t am_take_pages(struct amdvi_model *m, size_t count, enum am_page_state state)
{
    size_t first;

    if (!find_high(m, count, IOMMU_ANY_PA, &first))
        abort();
    pages_take(m, first, count, state);
    return m->config.ram_pa + first * AM_PAGE;
}

uint64_t amdvi_model_frames(struct amdvi_model *m, size_t count, uint64_t align, uint64_t start_pa,
                            uint64_t end_pa)
{
    uint64_t found = 0;

    am_lock(m);
    for (size_t i = 0; found == 0 && i + count <= m->pages / 2; i++) {
        uint64_t pa = m->config.ram_pa + (uint64_t)i * AM_PAGE;

        if (pa < start_pa || pa + count * AM_PAGE > end_pa ||
            (align > 1 && (pa & (align - 1)) != 0))
            continue;
        if (!pages_are_free(m, i, count))
            continue;
        pages_take(m, i, count, AM_FRAME);
        found = pa;
    }
    am_unlock(m);
    return found;
}

void amdvi_model_frames_free(struct amdvi_model *m, uint64_t pa, size_t count)
{
    am_lock(m);
    for (size_t i = 0; i < count; i++) {
        uint8_t *state = state_of(m, pa + i * AM_PAGE);

        if (*state != AM_FRAME)
            abort();
        *state = AM_FREED;
    }
    POISON(am_ram(m, pa), count * AM_PAGE);
    am_unlock(m);
}
