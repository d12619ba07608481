/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the command line makes of devices: of those that nobody has given a domain, said in the log
 * (Linux prints the same facts), and of the one disk that may be written.
 */
#ifndef KERNEL_POLICY_H
#define KERNEL_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cmdline.h"
#include "exerciser.h"

/*
 * One line without "# " and newline: the type of default domains, strict or lazy, and which of
 * both was asked for.
 */
size_t policy_line(const struct options *options, char *out, size_t size);

/*
 * The word that leaves the units of a firmware table ("DMAR", "IVRS") off; NULL: none. intel_iommu=
 * is about DMAR alone, amd_iommu= about IVRS alone, as in Linux.
 */
const char *policy_off_word(const struct options *options, const char *signature);

/*
 * intremap=on beside intel_iommu=off or amd_iommu=off: DMA is not translated, interrupts are remapped all the same.
 * (In Linux that is so for Intel units, without being asked for.) iommu=off leaves both off.
 */
bool policy_remaps_alone(const struct options *options, const char *signature);

/*
 * scratch= names this function, whose disk may then be written. Without a
 * segment the name means segment 0, and no other one's function.
 */
bool policy_is_scratch(const struct options *options, uint16_t segment, uint16_t rid);

/*
 * scratch= is given, and none of the exercisers is a disk that it names. False, too, while it may be a serial
 * number and some disk's is not known yet.
 */
bool policy_scratch_missing(const struct options *options, struct exerciser *const *exercisers, size_t count);

#endif
