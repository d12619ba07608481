/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hall that every door of boot/entry.asm leads to: fills boot_info from
 * what the loader left and calls kernel_main(). What cannot be used is said
 * in one line, and the run ends with the panic status.
 *
 * Runs on the boot page tables: physical [0, 4 GiB) in the direct map.
 */
#include "hall.h"

#include "doors.h"
#include "mm.h"
#include "panic.h"

#define BOOT_MAPPED_END 0x100000000ull
_Static_assert(DIRECT_MAP_BASE >> 39 == (0xffff000000000000ull | 256ull << 39) >> 39,
               "boot/entry.asm DIRECT_ROOT");
_Static_assert(KERNEL_BASE == 0ull - (2ull << 30), "boot/entry.asm KERNEL_ROOT, KERNEL_POINTER");

#define COM1 0x3f8
#define COM1_LINE_STATUS (COM1 + 5)
#define TRANSMIT_EMPTY 0x20u
#define TRANSMIT_TURNS 100000
#define VGA_TEXT_PA 0xb8000u
#define VGA_LIGHT_GREY 0x0700u
#define DEBUG_EXIT 0xf4

extern const char kernel_image_start[], kernel_image_end[];

static struct boot_info boot_info;

static const void *map_low(void *ctx, uint64_t pa, uint64_t len)
{
    (void)ctx;
    if (pa == 0 || pa >= BOOT_MAPPED_END || len > BOOT_MAPPED_END - pa)
        return NULL;
    return phys_to_virt(pa);
}
static const struct door_memory low_memory = { .map = map_low };

static void out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static uint8_t in8(uint16_t port)
{
    uint8_t value;

    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

/* 115200 baud, 8 data bits, no interrupts: divisor latch, divisor 1, line control. */
static void serial_begin(void)
{
    static const uint8_t settings[][2] = { { 1, 0 }, { 3, 0x80 }, { 0, 1 }, { 1, 0 }, { 3, 3 } };

    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
        out8((uint16_t)(COM1 + settings[i][0]), settings[i][1]);
}

/* An absent port reads all ones and costs no wait. */
static void serial_text(const char *text)
{
    for (; *text; text++) {
        for (int i = 0; i < TRANSMIT_TURNS && !(in8(COM1_LINE_STATUS) & TRANSMIT_EMPTY); i++)
            ;
        out8(COM1, (uint8_t)*text);
    }
}

/* Row 0 and on; where there is no VGA text screen nobody sees it. */
static void screen_text(const char *text, int column)
{
    volatile uint16_t *cell = (volatile uint16_t *)phys_to_virt(VGA_TEXT_PA) + column;

    for (; *text; text++)
        *cell++ = (uint16_t)(VGA_LIGHT_GREY | (uint8_t)*text);
}

static _Noreturn void refuse(const char *wrong)
{
    static const char boot_prefix[] = "boot: ";

    serial_begin();
    serial_text(boot_prefix);
    serial_text(wrong);
    serial_text("\r\n");
    screen_text(boot_prefix, 0);
    screen_text(wrong, sizeof(boot_prefix) - 1);
    out8(DEBUG_EXIT, EXIT_PANIC);
    for (;;)
        __asm__ volatile("cli; hlt");
}

static _Noreturn void enter(const char *wrong, uint32_t kernel_pa)
{
    if (wrong)
        refuse(wrong);
    boot_info.kernel_pa = kernel_pa;
    boot_info.kernel_end_pa = kernel_pa + (uint64_t)(kernel_image_end - kernel_image_start);
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
