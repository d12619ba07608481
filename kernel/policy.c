/* SPDX-License-Identifier: BSD-2-Clause */
/* The policy line and the scratch disk. Portable. */
#include "policy.h"

#include "format.h"
#include "iommu/iommu.h"
#include "words.h"

#define FUNCTION_BYTES 16u      /* "0000:00:00.0" */

static const char *said_by(enum origin origin)
{
    return origin == ORIGIN_CMDLINE ? " (set via kernel command line)" : "";
}

size_t policy_line(const struct options *options, char *out, size_t size)
{
    return format_line(out, size, "iommu: default domain %s%s, strict mode%s%s%s%s%s",
                       options->passthrough ? "passthrough" : "translated",
                       said_by(options->passthrough_origin), said_by(options->strict_origin),
                       options->lazy_asked ? ", lazy mode was asked for and does not exist here"
                                           : "",
                       options->iommu_off ? ", switched off by iommu=off" : "",
                       options->intel_off ? ", Intel units switched off by intel_iommu=off" : "",
                       options->amd_off ? ", AMD units switched off by amd_iommu=off" : "");
}

const char *policy_off_word(const struct options *options, const char *signature)
{
    if (options->iommu_off)
        return "iommu=off";
    if (options->intel_off && text_equal(signature, "DMAR"))
        return "intel_iommu=off";
    if (options->amd_off && text_equal(signature, "IVRS"))
        return "amd_iommu=off";
    return NULL;
}

bool policy_remaps_alone(const struct options *options, const char *signature)
{
    return policy_off_word(options, signature) != NULL && !options->iommu_off && options->intremap_on;
}

bool policy_is_scratch(const struct options *options, uint16_t segment, uint16_t rid)
{
    char name[FUNCTION_BYTES];
    const char *short_name;

    format_line(name, sizeof(name), IOMMU_RID_FORMAT, IOMMU_RID_ARGS(segment, rid));
    short_name = text_after(name, "0000:");
    return text_equal(options->scratch, name) ||
           (short_name != NULL && text_equal(options->scratch, short_name));
}

static bool names_disk(const struct options *options, const struct exerciser *ex)
{
    if (text_equal(options->scratch, ex->serial))
        return true;
    return ex->function != NULL && policy_is_scratch(options, ex->function->segment, ex->function->rid);
}

/* A serial number has no colon: with one it is an address, and be it one that no function can have. */
static bool is_address(const char *text)
{
    while (*text != '\0' && *text != ':')
        text++;
    return *text == ':';
}

bool policy_scratch_missing(const struct options *options, struct exerciser *const *exercisers, size_t count)
{
    bool all_known = true;

    if (options->scratch[0] == '\0')
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!exercisers[i]->ops->disk)
            continue;
        if (names_disk(options, exercisers[i]))
            return false;
        all_known = all_known && exercisers[i]->serial[0] != '\0';
    }
    return all_known || is_address(options->scratch);
}
