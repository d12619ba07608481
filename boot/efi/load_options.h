/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's command line out of what UEFI hands an application, or out of a file's text. */
#ifndef BOOT_LOAD_OPTIONS_H
#define BOOT_LOAD_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "boot_info.h"

/*
 * Load options of len bytes: UCS-2, perhaps terminated. The first word is
 * dropped where it is the application's own file (the UEFI shell passes it):
 * it ends in ".efi", or it is own_name without that. own_name has no folder
 * and may be NULL. Options that are not printable text (boot managers also
 * pass binary data) leave the command line empty.
 */
void load_options_read(struct boot_info *info, const uint8_t *options, size_t len,
                       const uint16_t *own_name);

/* The text of a file: control characters count as spaces. */
void load_options_file(struct boot_info *info, const char *text, size_t len);

#endif
