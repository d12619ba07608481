/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FADT fields (ACPI 6.5 §5.2.9) and the \_S5 package (§7.4.2.6). The DSDT is
 * searched for the name; AML is not interpreted, so a package that firmware
 * computes or keeps in an SSDT is not found.
 */
#include "exit_acpi.h"

#include <string.h>

#define FADT_DSDT           40
#define FADT_SMI_COMMAND    48
#define FADT_ACPI_ENABLE    52
#define FADT_PM1A_CONTROL   64
#define FADT_PM1B_CONTROL   68
#define FADT_SHORTEST       72
#define FADT_X_DSDT         140
#define FADT_X_DSDT_END     148
#define PORT_MAX            0xffffu

/* ACPI 6.5 §20.2: AML encoding. */
#define AML_ZERO            0x00
#define AML_ONE             0x01
#define AML_NAME            0x08
#define AML_BYTE            0x0a
#define AML_PACKAGE         0x12
#define AML_ROOT            '\\'
#define AML_PKG_LENGTH_SHIFT 6
#define NAME_BYTES          4

static uint32_t read32(const uint8_t *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof(value));
    return value;
}

static uint16_t port_of(uint32_t address)
{
    return address <= PORT_MAX ? (uint16_t)address : 0;
}

bool exit_read_fadt(const uint8_t *bytes, size_t len, struct exit_fadt *out)
{
    if (len < FADT_SHORTEST)
        return false;
    *out = (struct exit_fadt){
        .dsdt_pa = read32(bytes + FADT_DSDT),
        .pm1a_control = port_of(read32(bytes + FADT_PM1A_CONTROL)),
        .pm1b_control = port_of(read32(bytes + FADT_PM1B_CONTROL)),
        .smi_command = port_of(read32(bytes + FADT_SMI_COMMAND)),
        .acpi_enable = bytes[FADT_ACPI_ENABLE],
    };
    if (len >= FADT_X_DSDT_END) {
        uint64_t wide;

        memcpy(&wide, bytes + FADT_X_DSDT, sizeof(wide));
        if (wide != 0)
            out->dsdt_pa = wide;
    }
    return out->pm1a_control != 0;
}

/* A constant of one byte at *at, which moves behind it. */
static bool take_byte(const uint8_t *aml, size_t len, size_t *at, uint8_t *value)
{
    if (*at < len && (aml[*at] == AML_ZERO || aml[*at] == AML_ONE)) {
        *value = aml[(*at)++];
        return true;
    }
    if (*at + 1 >= len || aml[*at] != AML_BYTE)
        return false;
    *value = aml[*at + 1];
    *at += 2;
    return true;
}

/* at: behind the name. The package's length and element count are stepped over. */
static bool read_package(const uint8_t *aml, size_t len, size_t at, uint8_t type[2])
{
    if (at + 1 >= len || aml[at] != AML_PACKAGE)
        return false;
    at++;
    at += 1u + (aml[at] >> AML_PKG_LENGTH_SHIFT);
    at++;
    return take_byte(aml, len, &at, &type[0]) && take_byte(aml, len, &at, &type[1]);
}

bool exit_find_s5(const uint8_t *aml, size_t len, uint8_t type[2])
{
    for (size_t at = 1; at + NAME_BYTES <= len; at++) {
        bool named = aml[at - 1] == AML_NAME ||
                     (at >= 2 && aml[at - 1] == AML_ROOT && aml[at - 2] == AML_NAME);

        if (named && memcmp(aml + at, "_S5_", NAME_BYTES) == 0 &&
            read_package(aml, len, at + NAME_BYTES, type))
            return true;
    }
    return false;
}
