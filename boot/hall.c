/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hall that every door of boot/entry.asm leads to: fills boot_info from
 * what the loader left and calls kernel_main(). What cannot be used is said
 * in one line, and the run ends with the panic status.
 *
 * Runs on the boot page tables: physical [0, 4 GiB) in the direct map.
 */
#include "hall.h"

#include "cpu.h"
#include "doors.h"
#include "format.h"
#include "linker.h"
#include "mm.h"
#include "panic.h"
#include "percpu.h"
#include "screen.h"
#include "serial.h"

#define BOOT_MAPPED_END 0x100000000ull
_Static_assert(DIRECT_MAP_BASE >> 39 == (0xffff000000000000ull | 256ull << 39) >> 39,
               "boot/entry.asm DIRECT_ROOT");
_Static_assert(KERNEL_BASE == 0ull - (2ull << 30), "boot/entry.asm KERNEL_ROOT, KERNEL_POINTER");

#define VGA_TEXT_PA 0xb8000u
#define VGA_LIGHT_GREY 0x0700u
#define DEBUG_EXIT 0xf4

static struct boot_info boot_info;

static const void *map_low(void *ctx, uint64_t pa, uint64_t len)
{
    (void)ctx;
    if (pa == 0 || pa >= BOOT_MAPPED_END || len > BOOT_MAPPED_END - pa)
        return NULL;
    return phys_to_virt(pa);
}
static const struct door_memory low_memory = { .map = map_low };

/* The first row of the framebuffer, else of VGA text; where there is neither nobody sees it. */
void hall_show(const struct boot_info *info, const char *line)
{
    const struct boot_framebuffer *fb = &info->framebuffer;
    volatile uint16_t *cell = phys_to_virt(VGA_TEXT_PA);

    if (map_low(NULL, fb->pa, (uint64_t)fb->pitch * fb->height) != NULL) {
        screen_first_line(fb, phys_to_virt(fb->pa), line);
        return;
    }
    for (; *line >= ' '; line++)
        *cell++ = (uint16_t)(VGA_LIGHT_GREY | (uint8_t)*line);
}

static _Noreturn void refuse(const char *wrong)
{
    char line[128];
    size_t len = format_line(line, sizeof(line), "boot: %s\n", wrong);

    serial_init(SERIAL_COM1, SERIAL_BAUD_MAX);
    serial_write(line, len);
    hall_show(&boot_info, line);
    io_write8(DEBUG_EXIT, EXIT_PANIC);
    cpu_halt();
}

static _Noreturn void enter(const char *wrong, uint32_t kernel_pa)
{
    if (wrong)
        refuse(wrong);
    boot_info.kernel_pa = kernel_pa;
    boot_info.kernel_end_pa = kernel_pa + (uint64_t)(kernel_image_end - kernel_image_start);
    percpu_early_init();
    kernel_main(&boot_info);
    refuse("kernel_main returned");
}

_Noreturn void hall_pvh(uint32_t payload_pa, uint32_t eax, uint32_t kernel_pa)
{
    (void)eax;
    enter(door_pvh(&boot_info, &low_memory, payload_pa), kernel_pa);
}

_Noreturn void hall_multiboot2(uint32_t payload_pa, uint32_t eax, uint32_t kernel_pa)
{
    enter(door_multiboot2(&boot_info, &low_memory, eax, payload_pa), kernel_pa);
}

_Noreturn void hall_uefi(uint32_t payload_pa, uint32_t eax, uint32_t kernel_pa)
{
    (void)eax;
    enter(door_uefi(&boot_info, &low_memory, payload_pa), kernel_pa);
}
