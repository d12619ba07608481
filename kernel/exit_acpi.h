/* SPDX-License-Identifier: BSD-2-Clause */
/* What soft off needs from the FADT and the DSDT. No hardware access. */
#ifndef KERNEL_EXIT_ACPI_H
#define KERNEL_EXIT_ACPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct exit_fadt {
    uint64_t dsdt_pa;
    uint16_t pm1a_control;
    uint16_t pm1b_control;  /* 0: none */
    uint16_t smi_command;   /* 0: none, ACPI is always on */
    uint8_t acpi_enable;
};

/* False: too short, or no PM1a control port. */
bool exit_read_fadt(const uint8_t *bytes, size_t len, struct exit_fadt *out);

/* The sleep types of Name(_S5, Package() { a, b, ... }) in the bytes of a definition block. */
bool exit_find_s5(const uint8_t *aml, size_t len, uint8_t type[2]);

#endif
