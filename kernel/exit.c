/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ends a run as exit= says: QEMU's debug-exit device, ACPI soft off, reset, or
 * halt. Each way that does not work says so in one line, then the CPU halts.
 */
#include "panic.h"

#include <stdbool.h>
#include <stddef.h>

#include "acpi.h"
#include "bits.h"
#include "clock.h"
#include "console.h"
#include "cpu.h"
#include "exit_acpi.h"
#include "mm.h"
#include "smp.h"

#define DEBUG_EXIT_PORT 0xf4
/* isa-debug-exit reads as 0; where nothing answers the bus reads all ones. */
#define DEBUG_EXIT_READS 0

#define AML_BYTES_MAX (4u << 20)
#define ACPI_ENABLE_US 300000
#define SETTLE_US 100000
#define PM1_SCI_ENABLE BIT32(0)
#define PM1_SLEEP_TYPE BITS32(12, 10)
#define PM1_SLEEP_ENABLE BIT32(13)

#define RESET_PORT 0xcf9
#define RESET_SYSTEM 0x02
#define RESET_NOW 0x06
#define KEYBOARD_COMMAND 0x64
#define KEYBOARD_BUSY BIT32(1)
#define KEYBOARD_RESET 0xfe
#define KEYBOARD_TURNS 100000

static enum exit_action action = EXIT_DEFAULT;

void exit_set_action(enum exit_action wanted)
{
    action = wanted;
}

enum exit_action exit_get_action(void)
{
    if (action != EXIT_DEFAULT)
        return action;
    return io_read8(DEBUG_EXIT_PORT) == DEBUG_EXIT_READS ? EXIT_QEMU : EXIT_SHELL;
}

static void exit_qemu(enum exit_status status)
{
    io_write8(DEBUG_EXIT_PORT, (uint8_t)status);
    /* From QEMU 9.1 on the run ends a while after the write. */
    delay_us(SETTLE_US);
    log_line(LOG_ERROR, "exit: port 0x%x did not end the run", DEBUG_EXIT_PORT);
}

/* ---- soft off (ACPI 6.5 §16.1.3, §4.8.3.2) ---- */

/* The whole table at pa, NULL when its length is not believable. */
static const uint8_t *map_table(uint64_t pa, uint32_t *len)
{
    const uint8_t *header = pa == 0 ? NULL : firmware_map(pa, ACPI_HEADER_BYTES);

    if (header == NULL)
        return NULL;
    *len = *(const uint32_t *)(const void *)(header + ACPI_LENGTH);
    if (*len < ACPI_HEADER_BYTES || *len > AML_BYTES_MAX)
        return NULL;
    return firmware_map(pa, *len);
}

static void enable_acpi(const struct exit_fadt *fadt)
{
    uint64_t until = now_us() + ACPI_ENABLE_US;

    if ((io_read16(fadt->pm1a_control) & PM1_SCI_ENABLE) || fadt->smi_command == 0)
        return;
    io_write8(fadt->smi_command, fadt->acpi_enable);
    while (!(io_read16(fadt->pm1a_control) & PM1_SCI_ENABLE) && now_us() < until)
        delay_us(1);
}

static void sleep_write(uint16_t port, uint8_t type)
{
    if (port != 0)
        io_write16(port, (uint16_t)(field_make(PM1_SLEEP_TYPE, type) | PM1_SLEEP_ENABLE));
}

static void exit_poweroff(void)
{
    const struct acpi_table *facp = acpi_find(&machine_acpi, "FACP", 0);
    struct exit_fadt fadt;
    const uint8_t *aml;
    uint8_t type[2];
    uint32_t len;

    if (facp == NULL || !exit_read_fadt(facp->bytes, facp->len, &fadt)) {
        log_line(LOG_ERROR, "exit: poweroff: no FADT with a PM1 control port");
        return;
    }
    aml = map_table(fadt.dsdt_pa, &len);
    if (aml == NULL || !exit_find_s5(aml + ACPI_HEADER_BYTES, len - ACPI_HEADER_BYTES, type)) {
        log_line(LOG_ERROR, "exit: poweroff: no \\_S5 package in the DSDT at 0x%llx",
                 (unsigned long long)fadt.dsdt_pa);
        return;
    }
    enable_acpi(&fadt);
    sleep_write(fadt.pm1a_control, type[0]);
    sleep_write(fadt.pm1b_control, type[1]);
    delay_us(SETTLE_US);
    log_line(LOG_ERROR, "exit: poweroff: port 0x%x type=%u had no effect", fadt.pm1a_control,
             type[0]);
}

/* ---- reset ---- */

static void exit_reboot(void)
{
    static const struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) no_idt = { 0, 0 };

    io_write8(RESET_PORT, RESET_SYSTEM);
    io_write8(RESET_PORT, RESET_NOW);
    delay_us(SETTLE_US);
    for (int i = 0; i < KEYBOARD_TURNS && (io_read8(KEYBOARD_COMMAND) & KEYBOARD_BUSY); i++)
        cpu_relax();
    io_write8(KEYBOARD_COMMAND, KEYBOARD_RESET);
    delay_us(SETTLE_US);
    /* Without an IDT every trap is a triple fault, which resets. */
    __asm__ volatile("lidt %0; ud2" : : "m"(no_idt));
}

/* exit=shell cannot be had here: the shell is over, or the kernel is. */
_Noreturn void kernel_exit(enum exit_status status)
{
    enum exit_action how;

    __asm__ volatile("cli" : : : "memory");
    smp_stop_others();
    if (action == EXIT_SHELL)
        action = EXIT_DEFAULT;
    how = exit_get_action();
    if (how == EXIT_QEMU)
        exit_qemu(status);
    else if (how == EXIT_POWEROFF)
        exit_poweroff();
    else if (how == EXIT_REBOOT)
        exit_reboot();
    log_line(LOG_ERROR, "exit: status=%u, halted", (unsigned)status);
    cpu_halt();
}
