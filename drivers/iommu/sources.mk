# SPDX-License-Identifier: BSD-2-Clause
# The library's complete file list, relative to its own directory, for any
# build. Compile each with -I on this directory and on include/.
IOMMU_SOURCES := \
    iommu.c device.c domain.c attach.c irq.c reserved.c fault.c debug.c debug_look.c objects.c handoff.c \
    pt/pt.c pt/pt_vtd_ss.c pt/pt_amd_v1.c pt/pt_amd_v2.c pt/pt_x86_64.c \
    intel/dmar.c intel/vtd_handoff.c intel/vtd_discover.c intel/vtd_caps.c intel/vtd_unit.c \
    intel/vtd_device.c intel/vtd_queue.c intel/vtd_invalidate.c intel/vtd_fault.c intel/vtd_irq.c intel/vtd_irte.c \
    intel/vtd_posted.c intel/vtd_dump.c intel/vtd_walk.c \
    amd/ivrs.c amd/ivrs_entry.c amd/amdvi_handoff.c amd/amdvi_discover.c amd/amdvi_errata.c amd/amdvi_caps.c \
    amd/amdvi_unit.c amd/amdvi_takeover.c amd/amdvi_device.c amd/amdvi_queue.c amd/amdvi_invalidate.c amd/amdvi_fault.c amd/amdvi_irq.c \
    amd/amdvi_interrupts.c amd/amdvi_irte.c amd/amdvi_guest_irq.c amd/amdvi_dump.c amd/amdvi_walk.c
