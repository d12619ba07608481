/* SPDX-License-Identifier: BSD-2-Clause */
/* The policy line. Portable. */
#include "policy.h"

#include "format.h"

static const char *said_by(enum origin origin)
{
    return origin == ORIGIN_CMDLINE ? " (set via kernel command line)" : "";
}

size_t policy_line(const struct options *options, char *out, size_t size)
{
    return format_line(out, size, "iommu: default domain %s%s, strict mode%s%s%s%s",
                       options->passthrough ? "passthrough" : "translated",
                       said_by(options->passthrough_origin), said_by(options->strict_origin),
                       options->lazy_asked ? ", lazy mode was asked for and does not exist here"
                                           : "",
                       options->iommu_off ? ", switched off by " : "",
                       options->iommu_off ? options->iommu_off_word : "");
}
