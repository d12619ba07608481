/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory in up to three views: as the CPU sees it, as a unit that does not
 * snoop sees it (ECAP.C = 0: what dma_flush() wrote back), and as a unit
 * behind write buffers sees it (RWBF: what the last flush let through,
 * VT-d §6.8). Pages are handed out by page and their state is watched.
 */
#include <emmintrin.h>
#include <stdlib.h>
#include <string.h>

#include "vtd_model_private.h"

#if defined(__SANITIZE_ADDRESS__)
#define VM_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define VM_ASAN 1
#endif
#endif

#ifdef VM_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(at, len) __asan_poison_memory_region(at, len)
#define UNPOISON(at, len) __asan_unpoison_memory_region(at, len)
#else
#define POISON(at, len) ((void)(at), (void)(len))
#define UNPOISON(at, len) ((void)(at), (void)(len))
#endif

static bool needs_view(const struct vtd_model *m, uint64_t cap_field, uint64_t ecap_field)
{
    for (size_t i = 0; i < m->config.unit_count; i++) {
        const struct vtd_model_unit_config *unit = &m->config.units[i];

        if (cap_field != 0 && spec_get(unit->cap, cap_field) == 1)
            return true;
        if (ecap_field != 0 && spec_get(unit->ecap, ecap_field) == 0)
            return true;
    }
    return false;
}

bool vm_memory_create(struct vtd_model *m)
{
    size_t len = m->config.ram_len;

    m->pages = len / VM_PAGE;
    m->ram = aligned_alloc(VM_PAGE, len);
    m->page_state = calloc(m->pages, 1);
    if (m->ram == NULL || m->page_state == NULL)
        return false;
    memset(m->ram, 0, len);
    if (needs_view(m, 0, SPEC_ECAP_C)) {
        m->flushed = malloc(len);
        if (m->flushed == NULL)
            return false;
        memset(m->flushed, (int)(VM_UNFLUSHED & 0xff), len);
    }
    for (size_t i = 0; i < m->config.unit_count; i++) {
        if (spec_get(m->config.units[i].cap, SPEC_CAP_RWBF) == 0)
            continue;
        m->units[i].visible = malloc(len);
        if (m->units[i].visible == NULL)
            return false;
        memset(m->units[i].visible, (int)(VM_UNFLUSHED & 0xff), len);
    }
    return true;
}

void vm_memory_destroy(struct vtd_model *m)
{
    UNPOISON(m->ram, m->config.ram_len);
    for (size_t i = 0; i < m->config.unit_count; i++)
        free(m->units[i].visible);
    free(m->flushed);
    free(m->page_state);
    free(m->ram);
}

bool vm_is_ram(const struct vtd_model *m, uint64_t pa, size_t len)
{
    uint64_t start = m->config.ram_pa;

    return pa >= start && len <= m->config.ram_len && pa - start <= m->config.ram_len - len;
}

uint8_t *vm_ram(struct vtd_model *m, uint64_t pa)
{
    return m->ram + (pa - m->config.ram_pa);
}

static uint8_t *state_of(struct vtd_model *m, uint64_t pa)
{
    return &m->page_state[(pa - m->config.ram_pa) / VM_PAGE];
}

void *vtd_model_ram(struct vtd_model *m, uint64_t pa, size_t len)
{
    if (!vm_is_ram(m, pa, len))
        abort();
    return vm_ram(m, pa);
}

uint64_t vtd_model_pa(const struct vtd_model *m, const void *at)
{
    return m->config.ram_pa + (uint64_t)((const uint8_t *)at - m->ram);
}

enum vm_page_state vm_page_state(const struct vtd_model *m, uint64_t pa)
{
    return (enum vm_page_state)m->page_state[(pa - m->config.ram_pa) / VM_PAGE];
}

static const uint8_t *view_of(const struct vm_unit *u)
{
    const struct vtd_model *m = u->model;

    if (u->visible != NULL)
        return u->visible;
    return vm_ecap(u, SPEC_ECAP_C) == 0 ? m->flushed : m->ram;
}

/* True: the page is one that may be read. */
static bool check_page(const struct vm_unit *u, uint64_t pa)
{
    enum vm_page_state state = vm_page_state(u->model, pa);

    if (state != VM_FREED && state != VM_FREE)
        return true;
    vm_violation(u->model, "vtd%u: table walk into page 0x%llx, which is %s", u->index, (unsigned long long)pa,
                 state == VM_FREED ? "freed" : "not allocated");
    return false;
}

static void check_flushed(const struct vm_unit *u, uint64_t pa, uint64_t value)
{
    const struct vtd_model *m = u->model;

    if (view_of(u) != m->ram && value == VM_UNFLUSHED)
        vm_violation(u->model, "vtd%u: table entry at 0x%llx was never %s", u->index, (unsigned long long)pa,
                     view_of(u) == m->flushed ? "flushed" : "let through by a write-buffer flush");
}

bool vm_fetch(struct vm_unit *u, uint64_t pa, uint64_t *value)
{
    *value = 0;
    if (!vm_is_ram(u->model, pa, sizeof(*value)))
        return false;
    if (!check_page(u, pa))
        return true;
    memcpy(value, view_of(u) + (pa - u->model->config.ram_pa), sizeof(*value));
    check_flushed(u, pa, *value);
    return true;
}

/* A load of 16 aligned bytes is one access on every processor this runs on. */
void vm_peek_pair(const struct vm_unit *u, uint64_t pa, uint64_t value[2])
{
    const uint8_t *at = view_of(u) + (pa - u->model->config.ram_pa);
    __m128i whole = *(const volatile __m128i *)(const void *)at;

    memcpy(value, &whole, sizeof(whole));
}

bool vm_fetch_pair(struct vm_unit *u, uint64_t pa, uint64_t value[2])
{
    memset(value, 0, 2 * sizeof(*value));
    if (!vm_is_ram(u->model, pa, 2 * sizeof(*value)))
        return false;
    if (!check_page(u, pa))
        return true;
    vm_peek_pair(u, pa, value);
    check_flushed(u, pa, value[0]);
    check_flushed(u, pa + 8, value[1]);
    return true;
}

void vm_write_buffer_flush(struct vm_unit *u)
{
    struct vtd_model *m = u->model;
    const uint8_t *source = vm_ecap(u, SPEC_ECAP_C) == 0 ? m->flushed : m->ram;

    if (u->visible == NULL)
        return;
    for (size_t i = 0; i < m->pages; i++) {
        if (m->page_state[i] != VM_FREE && m->page_state[i] != VM_FREED)
            memcpy(u->visible + i * VM_PAGE, source + i * VM_PAGE, VM_PAGE);
    }
}

void vm_publish(struct vtd_model *m, uint64_t pa, size_t len)
{
    size_t offset = (size_t)(pa - m->config.ram_pa);

    if (m->flushed != NULL)
        memcpy(m->flushed + offset, m->ram + offset, len);
    for (size_t i = 0; i < m->config.unit_count; i++) {
        if (m->units[i].visible != NULL)
            memcpy(m->units[i].visible + offset, m->ram + offset, len);
    }
}

void vm_flush(struct vtd_model *m, const void *at, size_t len)
{
    const uint8_t *byte = at;
    size_t start, end;

    if (len == 0)
        return;
    if (byte < m->ram || byte >= m->ram + m->config.ram_len || len > (size_t)(m->ram + m->config.ram_len - byte)) {
        vm_violation(m, "dma_flush of %p, which is not in the memory page_alloc gives", at);
        return;
    }
    start = (size_t)(byte - m->ram) & ~(size_t)(VM_LINE - 1);
    end = ((size_t)(byte - m->ram) + len + VM_LINE - 1) & ~(size_t)(VM_LINE - 1);
    m->flushed_lines += (end - start) / VM_LINE;
    if (m->flushed != NULL)
        memcpy(m->flushed + start, m->ram + start, end - start);
    vm_irte_look(m);
}

/* ---- pages ---- */

static bool pages_are_free(const struct vtd_model *m, size_t first, size_t count)
{
    for (size_t i = first; i < first + count; i++) {
        if (m->page_state[i] != VM_FREE && m->page_state[i] != VM_FREED)
            return false;
    }
    return true;
}

static void pages_take(struct vtd_model *m, size_t first, size_t count, enum vm_page_state state)
{
    size_t offset = first * VM_PAGE, len = count * VM_PAGE;

    UNPOISON(m->ram + offset, len);
    memset(m->ram + offset, 0, len);
    if (m->flushed != NULL)
        memset(m->flushed + offset, (int)(VM_UNFLUSHED & 0xff), len);
    for (size_t i = 0; i < m->config.unit_count; i++) {
        if (m->units[i].visible != NULL)
            memset(m->units[i].visible + offset, (int)(VM_UNFLUSHED & 0xff), len);
    }
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
static bool find_high(const struct vtd_model *m, size_t count, uint64_t limit_pa, size_t *first)
{
    uint64_t align = round_up_to_power(count) * VM_PAGE;

    if (count > m->pages)
        return false;
    for (size_t i = m->pages - count + 1; i-- > m->pages / 2;) {
        uint64_t pa = m->config.ram_pa + (uint64_t)i * VM_PAGE;

        if ((pa & (align - 1)) == 0 && pa + count * VM_PAGE - 1 <= limit_pa && pages_are_free(m, i, count)) {
            *first = i;
            return true;
        }
    }
    return false;
}

void *vm_page_alloc(struct vtd_model *m, size_t count, uint64_t limit_pa)
{
    size_t first;

    m->alloc_calls++;
    if (m->fail_alloc > 0 && --m->fail_alloc == 0)
        return NULL;
    if (count == 0 || !find_high(m, count, limit_pa, &first))
        return NULL;
    pages_take(m, first, count, VM_TABLE);
    m->live_pages += count;
    return m->ram + first * VM_PAGE;
}

void vm_page_free(struct vtd_model *m, void *pages, size_t count)
{
    size_t first = (size_t)((uint8_t *)pages - m->ram) / VM_PAGE;

    if ((uint8_t *)pages < m->ram || first + count > m->pages || ((uintptr_t)pages & (VM_PAGE - 1)) != 0) {
        vm_violation(m, "page_free of %p, which page_alloc did not give", pages);
        return;
    }
    for (size_t i = first; i < first + count; i++) {
        if (m->page_state[i] != VM_TABLE)
            vm_violation(m, "page_free of page 0x%llx, which is not allocated",
                         (unsigned long long)(m->config.ram_pa + i * VM_PAGE));
        else
            m->live_pages--;
        m->page_state[i] = VM_FREED;
        vm_interrupt_table_freed(m, m->config.ram_pa + i * VM_PAGE);
    }
    POISON(pages, count * VM_PAGE);
}

uint64_t vm_take_pages(struct vtd_model *m, size_t count, enum vm_page_state state)
{
    size_t first;

    if (!find_high(m, count, IOMMU_ANY_PA, &first))
        abort();
    pages_take(m, first, count, state);
    return m->config.ram_pa + first * VM_PAGE;
}

uint64_t vtd_model_frames(struct vtd_model *m, size_t count, uint64_t align, uint64_t start_pa, uint64_t end_pa)
{
    uint64_t found = 0;

    vm_lock(m);
    for (size_t i = 0; found == 0 && i + count <= m->pages / 2; i++) {
        uint64_t pa = m->config.ram_pa + (uint64_t)i * VM_PAGE;

        if (pa < start_pa || pa + count * VM_PAGE > end_pa || (align > 1 && (pa & (align - 1)) != 0))
            continue;
        if (!pages_are_free(m, i, count))
            continue;
        pages_take(m, i, count, VM_FRAME);
        found = pa;
    }
    vm_unlock(m);
    return found;
}

void vtd_model_frames_free(struct vtd_model *m, uint64_t pa, size_t count)
{
    vm_lock(m);
    for (size_t i = 0; i < count; i++) {
        uint8_t *state = state_of(m, pa + i * VM_PAGE);

        if (*state != VM_FRAME)
            abort();
        *state = VM_FREED;
    }
    POISON(vm_ram(m, pa), count * VM_PAGE);
    vm_unlock(m);
}
