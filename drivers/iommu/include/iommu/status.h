/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every call of the library returns. Zero is success, errors are
 * negative, each has one meaning. Results leave through the last pointer of a
 * call; a status is never also a value.
 */
#ifndef IOMMU_STATUS_H
#define IOMMU_STATUS_H

enum iommu_status {
    IOMMU_OK = 0,
    IOMMU_ERR_INVALID = -1,     /* an argument is misaligned, empty or contradicts another */
    IOMMU_ERR_RANGE = -2,       /* an address, id or length lies outside what the unit can hold */
    IOMMU_ERR_EXISTS = -3,      /* it is already there: mapped, attached, added */
    IOMMU_ERR_NOT_FOUND = -4,   /* no such mapping, device, unit or structure */
    IOMMU_ERR_NOMEM = -5,       /* platform->page_alloc returned NULL */
    IOMMU_ERR_BUSY = -6,        /* still in use: a domain with devices, a unit that runs */
    IOMMU_ERR_UNSUPPORTED = -7, /* the hardware or this library cannot do that */
    IOMMU_ERR_TABLE = -8,       /* a firmware table is malformed */
    IOMMU_ERR_HARDWARE = -9,    /* the unit answered with an error */
    IOMMU_ERR_TIMEOUT = -10,    /* the unit did not answer in time; it has been fenced */
    IOMMU_ERR_QUEUE = -11,      /* the unit refused a command (VT-d IQE, ITE) */
    IOMMU_ERR_FENCED = -12,     /* the device or unit is fenced after a storm or a failure */
};

#define IOMMU_MUST_CHECK __attribute__((warn_unused_result))

/* "ok", "invalid", "range", ...; "unknown" for a number that is none of the above. Never NULL. */
const char *iommu_status_name(enum iommu_status status);

#endif
