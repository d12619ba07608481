/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine's ACPI tables: acpi.c on this kernel's memory and log. */
#include "acpi_init.h"

#include "acpi.h"
#include "console.h"
#include "machine.h"
#include "mm.h"

#define WINDOWS 192u

struct acpi machine_acpi;

/*
 * What has been mapped so far. Tables lie side by side, so one window of whole pages serves many
 * of them.
 */
static struct window {
    uint64_t start_pa, end_pa;
    const uint8_t *bytes;
} windows[WINDOWS];
static size_t window_count;

static const void *map_window(void *ctx, uint64_t pa, uint64_t len)
{
    uint64_t start = pa & ~(PAGE_BYTES - 1), end;
    const uint8_t *bytes;

    (void)ctx;
    if (len == 0 || pa > UINT64_MAX - len - PAGE_BYTES)
        return NULL;
    end = (pa + len + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
    for (size_t i = 0; i < window_count; i++)
        if (start >= windows[i].start_pa && end <= windows[i].end_pa)
            return windows[i].bytes + (pa - windows[i].start_pa);
    bytes = window_count < WINDOWS ? firmware_map(start, end - start) : NULL;
    if (bytes == NULL)
        return NULL;
    windows[window_count++] = (struct window){ .start_pa = start, .end_pa = end, .bytes = bytes };
    return bytes + (pa - start);
}

static void log_warning(void *ctx, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void log_warning(void *ctx, const char *format, ...)
{
    va_list args;

    (void)ctx;
    va_start(args, format);
    vlog_line(LOG_WARNING, format, args);
    va_end(args);
}

bool acpi_init(const struct boot_info *info)
{
    static const struct acpi_memory memory = { .map = map_window, .log = log_warning };

    bool found;

    /* UEFI machines have no RSDP in the BIOS areas, and those may not be memory there. */
    found = acpi_read(&machine_acpi, &memory, info->rsdp_pa, info->rsdp, info->rsdp_len,
                      info->efi_system_table_pa == 0);
    machine_acpi.madt_index = machine.options.madt_table;
    return found;
}
