/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the UEFI application share. */
#ifndef BOOT_EFI_APP_H
#define BOOT_EFI_APP_H

#include <efi.h>
#include <stdint.h>

#include "boot_info.h"

struct app {
    EFI_HANDLE image;
    EFI_SYSTEM_TABLE *system;
    EFI_LOADED_IMAGE *loaded;
    struct boot_info *info;         /* below 4 GiB; what the kernel gets */
    uint64_t kernel_entry_pa;
};

/* Says what is wrong on the console (while there is one) and on COM1; the run ends. */
_Noreturn void app_refuse(const struct app *app, const char *wrong);

/* Each fills its part of app->info; what a machine does not have stays zero. */
void app_read_cmdline(struct app *app);
void app_read_framebuffer(struct app *app);
void app_read_tables(struct app *app);      /* RSDP; the units as they are now, by the DMAR table */

/* Pages below 4 GiB, zeroed; refuses when there are none. */
void *app_pages(const struct app *app, EFI_MEMORY_TYPE type, uint64_t len);

/* Puts the kernel that is built in into memory and sets kernel_entry_pa. */
void app_load_kernel(struct app *app);

#endif
