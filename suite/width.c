/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How wide the addresses are that an exerciser can send, where it does not
 * say so itself: pages that only wide addresses reach, mapped in a domain of
 * its own, narrowest first. An address that the device cuts reaches nothing.
 */
#include "case.h"

#define PROBES 3

static void measure_width(struct suite_case *t)
{
    static const unsigned widths[PROBES] = { 32, 39, 48 };
    struct master *m = &t->master[0];
    struct buffer *frames = case_buffer(t, PROBES, FRAME_BYTES, 0, UINT64_MAX);
    struct iommu_domain *domain = case_enter(t, m);
    struct exerciser_bits_probe probes[PROBES];
    struct iommu_domain_info info;
    size_t count = 0;

    if (!case_runs(t))
        return;
    iommu_domain_info(domain, &info);
    for (; count < PROBES && 1ull << (widths[count] - 1) < info.aperture_end; count++) {
        probes[count] = (struct exerciser_bits_probe){ .bits = widths[count],
            .iova = 1ull << (widths[count] - 1), .frame = frames->at + count * FRAME_BYTES };
        case_map(t, domain, probes[count].iova, frames->pa + count * FRAME_BYTES, FRAME_BYTES,
                 IOMMU_RW);
    }
    if (case_runs(t))
        case_note(t, "sends %u address bits", exerciser_measure_address_bits(m->ex, probes, count));
}

const struct scenario width_measurement = { "address-width", "VT-d §3.7", PER_EXERCISER,
                                            measure_width, 0 };
