/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every door hands to kernel_main(): the same structure whether the
 * image came by PVH, by multiboot2 or as a UEFI application. The doors fill
 * it; nobody else changes it. Addresses are physical.
 */
#ifndef BOOT_INFO_H
#define BOOT_INFO_H

#include <stdbool.h>
#include <stdint.h>

#include "iommu/iommu.h"

#define BOOT_INFO_MAGIC 0x494f4d4b49543031ull
#define BOOT_CMDLINE_BYTES 2048
#define BOOT_RANGES 256

enum boot_door { BOOT_DOOR_PVH = 1, BOOT_DOOR_MULTIBOOT2, BOOT_DOOR_UEFI };

enum boot_range_type {
    BOOT_RAM = 1,           /* free for the kernel */
    BOOT_RESERVED,
    BOOT_ACPI_TABLES,       /* reclaimable once parsed; never handed out here */
    BOOT_ACPI_NVS,
    BOOT_BAD,
    BOOT_FIRMWARE,          /* UEFI runtime services */
    BOOT_LOADER,            /* holds boot_info, modules, UEFI boot services: not handed out */
};

struct boot_range {
    /* Half-open; not necessarily page aligned, may overlap others: the worse type wins. */
    uint64_t start;
    uint64_t end;
    uint32_t type;          /* enum boot_range_type */
    uint32_t firmware_type; /* what the loader called it */
};

struct boot_framebuffer {
    uint64_t pa;            /* 0: there is none */
    uint32_t width, height; /* pixels */
    uint32_t pitch;         /* bytes a line */
    uint8_t bits_per_pixel; /* 24 or 32 */
    uint8_t red_shift, green_shift, blue_shift; /* of 8-bit channels */
};

struct boot_info {
    uint64_t magic;
    uint32_t size;          /* sizeof(struct boot_info) as the door saw it */
    uint32_t door;          /* enum boot_door */
    char loader[64];        /* "GRUB 2.06-13+deb12u1", "UEFI EDK II", "PVH" */
    char cmdline[BOOT_CMDLINE_BYTES];
    uint32_t cmdline_truncated;
    uint32_t range_count;
    struct boot_range ranges[BOOT_RANGES];
    uint32_t ranges_lost;   /* did not fit */
    uint32_t rsdp_len;      /* bytes of rsdp that are valid: 0, 20 or 36 */
    uint8_t rsdp[36];       /* a copy, where the loader gave one (multiboot2) */
    uint32_t reserved;
    uint64_t rsdp_pa;       /* 0: the door knows none, search the BIOS areas */
    uint64_t kernel_pa;     /* where the image's first byte lies; 2 MiB aligned */
    uint64_t kernel_end_pa;
    struct boot_framebuffer framebuffer;
    uint64_t efi_system_table_pa;   /* 0: not booted by UEFI */
    /*
     * Units as they were before ExitBootServices, where the door was there
     * (UEFI application); taken == 0 otherwise.
     */
    struct iommu_handoff before_exit;
};

#endif
