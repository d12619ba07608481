/* SPDX-License-Identifier: BSD-2-Clause */
/* Which release this is. */
#ifndef KERNEL_VERSION_H
#define KERNEL_VERSION_H

#define IOMMUKIT_VERSION "0.1.0"

#endif
