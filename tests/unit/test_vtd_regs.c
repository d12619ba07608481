/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The second transcription of VT-d chapter 11 (revision 5.10), made from the
 * specification without sight of vtd_regs.h: each field is given by the bit
 * numbers the specification prints, and compared with the driver's mask. Where
 * the two differ, the specification's text decides. The reserved bits of every
 * register are listed as well: fields and reserved bits together must be all
 * bits of the register, each once.
 */
#include "intel/vtd_regs.h"
#include "test.h"

struct field {
    const char *name;    /* NULL: reserved or deprecated bits, for which the driver has no name */
    uint64_t mask;       /* the driver's */
    unsigned high, low;  /* the specification's */
};

struct layout {
    const char *name;
    const char *section;
    unsigned width;
    unsigned first;      /* number of the register's lowest bit: 64 for the upper half of FRCD */
    struct field fields[48];
};

#define F(field_name, high, low) { #field_name, field_name, high, low }
#define R(high, low) { NULL, 0, high, low }

static const struct layout layouts[] = {
    { "VER", "11.4.1", 32, 0, { R(31, 8), F(VTD_VER_MAX, 7, 4), F(VTD_VER_MIN, 3, 0) } },
    { "CAP", "11.4.2", 64, 0,
      { F(VTD_CAP_ESRTPS, 63, 63), F(VTD_CAP_ESIRTPS, 62, 62), F(VTD_CAP_ECMDS, 61, 61), F(VTD_CAP_FS5LP, 60, 60),
        F(VTD_CAP_PI, 59, 59), R(58, 57), F(VTD_CAP_FS1GP, 56, 56), F(VTD_CAP_DRD, 55, 55), F(VTD_CAP_DWD, 54, 54),
        F(VTD_CAP_MAMV, 53, 48), F(VTD_CAP_NFR, 47, 40), F(VTD_CAP_PSI, 39, 39), R(38, 38),
        F(VTD_CAP_SSLPS, 37, 34), F(VTD_CAP_FRO, 33, 24), R(23, 23), F(VTD_CAP_ZLR, 22, 22),
        F(VTD_CAP_MGAW, 21, 16), R(15, 13), F(VTD_CAP_SAGAW, 12, 8), F(VTD_CAP_CM, 7, 7), F(VTD_CAP_PHMR, 6, 6),
        F(VTD_CAP_PLMR, 5, 5), F(VTD_CAP_RWBF, 4, 4), R(3, 3), F(VTD_CAP_ND, 2, 0) } },
    { "ECAP", "11.4.3", 64, 0,
      { R(63, 63), F(VTD_ECAP_IRREQ, 62, 62), F(VTD_ECAP_EIMER, 61, 61), F(VTD_ECAP_RDTS, 60, 60),
        F(VTD_ECAP_HPT1GPS, 59, 59), F(VTD_ECAP_SMS, 58, 58), F(VTD_ECAP_SSIRWS, 57, 57), F(VTD_ECAP_PTRS, 56, 56),
        F(VTD_ECAP_HPTS, 55, 55), R(54, 54), F(VTD_ECAP_RPRIVS, 53, 53), F(VTD_ECAP_ADMS, 52, 52),
        F(VTD_ECAP_PMS, 51, 51), F(VTD_ECAP_TDXCS, 50, 50), F(VTD_ECAP_RPS, 49, 49), F(VTD_ECAP_SMPWCS, 48, 48),
        F(VTD_ECAP_FSTS, 47, 47), F(VTD_ECAP_SSTS, 46, 46), F(VTD_ECAP_SSADS, 45, 45), F(VTD_ECAP_VCS, 44, 44),
        F(VTD_ECAP_SMTS, 43, 43), F(VTD_ECAP_PDS, 42, 42), F(VTD_ECAP_DIT, 41, 41), F(VTD_ECAP_PASID, 40, 40),
        F(VTD_ECAP_PSS, 39, 35), F(VTD_ECAP_EAFS, 34, 34), F(VTD_ECAP_NWFS, 33, 33), R(32, 32),
        F(VTD_ECAP_SRS, 31, 31), F(VTD_ECAP_ERS, 30, 30), F(VTD_ECAP_PRS, 29, 29), R(28, 27),
        F(VTD_ECAP_NEST, 26, 26), F(VTD_ECAP_MTS, 25, 25), R(24, 24), F(VTD_ECAP_MHMV, 23, 20), R(19, 18),
        F(VTD_ECAP_IRO, 17, 8), F(VTD_ECAP_SC, 7, 7), F(VTD_ECAP_PT, 6, 6), R(5, 5), F(VTD_ECAP_EIM, 4, 4),
        F(VTD_ECAP_IR, 3, 3), F(VTD_ECAP_DT, 2, 2), F(VTD_ECAP_QI, 1, 1), F(VTD_ECAP_C, 0, 0) } },
    { "GCMD", "11.4.4.1", 32, 0,
      { F(VTD_GCMD_TE, 31, 31), F(VTD_GCMD_SRTP, 30, 30), R(29, 28), F(VTD_GCMD_WBF, 27, 27),
        F(VTD_GCMD_QIE, 26, 26), F(VTD_GCMD_IRE, 25, 25), F(VTD_GCMD_SIRTP, 24, 24), F(VTD_GCMD_CFI, 23, 23),
        R(22, 0) } },
    { "GSTS", "11.4.4.2", 32, 0,
      { F(VTD_GSTS_TES, 31, 31), F(VTD_GSTS_RTPS, 30, 30), R(29, 28), F(VTD_GSTS_WBFS, 27, 27),
        F(VTD_GSTS_QIES, 26, 26), F(VTD_GSTS_IRES, 25, 25), F(VTD_GSTS_IRTPS, 24, 24), F(VTD_GSTS_CFIS, 23, 23),
        R(22, 0) } },
    { "RTADDR", "11.4.5", 64, 0,
      { F(VTD_RTADDR_RTA, 63, 12), F(VTD_RTADDR_TTM, 11, 10), R(9, 8), F(VTD_RTADDR_SSIRWE, 7, 7), R(6, 0) } },
    { "CCMD", "11.4.6.1", 64, 0,
      { F(VTD_CCMD_ICC, 63, 63), F(VTD_CCMD_CIRG, 62, 61), F(VTD_CCMD_CAIG, 60, 59), R(58, 34),
        F(VTD_CCMD_FM, 33, 32), F(VTD_CCMD_SID, 31, 16), F(VTD_CCMD_DID, 15, 0) } },
    { "IOTLB", "11.4.6.3", 64, 0,
      { F(VTD_IOTLB_IVT, 63, 63), R(62, 62), F(VTD_IOTLB_IIRG, 61, 60), R(59, 59), F(VTD_IOTLB_IAIG, 58, 57),
        R(56, 50), F(VTD_IOTLB_DR, 49, 49), F(VTD_IOTLB_DW, 48, 48), F(VTD_IOTLB_DID, 47, 32), R(31, 0) } },
    { "IVA", "11.4.6.4", 64, 0,
      { F(VTD_IVA_ADDR, 63, 12), R(11, 7), F(VTD_IVA_IH, 6, 6), F(VTD_IVA_AM, 5, 0) } },
    { "FSTS", "11.4.7.1", 32, 0,
      { R(31, 16), F(VTD_FSTS_FRI, 15, 8), R(7, 7), F(VTD_FSTS_ITE, 6, 6), F(VTD_FSTS_ICE, 5, 5),
        F(VTD_FSTS_IQE, 4, 4), R(3, 2), F(VTD_FSTS_PPF, 1, 1), F(VTD_FSTS_PFO, 0, 0) } },
    { "FECTL", "11.4.7.2", 32, 0, { F(VTD_FECTL_IM, 31, 31), F(VTD_FECTL_IP, 30, 30), R(29, 0) } },
    { "FEDATA", "11.4.7.3", 32, 0, { R(31, 16), F(VTD_FEDATA_IMD, 15, 0) } },
    { "FEADDR", "11.4.7.4", 32, 0, { F(VTD_FEADDR_MA, 31, 2), R(1, 0) } },
    { "FEUADDR", "11.4.7.5", 32, 0, { F(VTD_FEUADDR_MUA, 31, 0) } },
    { "FRCD low", "11.4.7.6", 64, 0, { F(VTD_FRCD_FI, 63, 12), R(11, 0) } },
    { "FRCD high", "11.4.7.6", 64, 64,
      { F(VTD_FRCD_F, 127, 127), F(VTD_FRCD_T1, 126, 126), F(VTD_FRCD_AT, 125, 124), F(VTD_FRCD_PV, 123, 104),
        F(VTD_FRCD_FR, 103, 96), F(VTD_FRCD_PP, 95, 95), F(VTD_FRCD_EXE, 94, 94), F(VTD_FRCD_PRIV, 93, 93),
        F(VTD_FRCD_T2, 92, 92), R(91, 80), F(VTD_FRCD_SID, 79, 64) } },
    { "PMEN", "11.4.8.1", 32, 0, { F(VTD_PMEN_EPM, 31, 31), R(30, 1), F(VTD_PMEN_PRS, 0, 0) } },
    { "IQH", "11.4.9.1", 64, 0, { R(63, 19), F(VTD_IQH_QH, 18, 4), R(3, 0) } },
    { "IQT", "11.4.9.2", 64, 0, { R(63, 19), F(VTD_IQT_QT, 18, 4), R(3, 0) } },
    { "IQA", "11.4.9.3", 64, 0,
      { F(VTD_IQA_IQA, 63, 12), F(VTD_IQA_DW, 11, 11), R(10, 3), F(VTD_IQA_QS, 2, 0) } },
    { "ICS", "11.4.9.4", 32, 0, { R(31, 1), F(VTD_ICS_IWC, 0, 0) } },
    { "IECTL", "11.4.9.5", 32, 0, { F(VTD_IECTL_IM, 31, 31), F(VTD_IECTL_IP, 30, 30), R(29, 0) } },
    { "IEDATA", "11.4.9.6", 32, 0, { R(31, 16), F(VTD_IEDATA_IMD, 15, 0) } },
    { "IEADDR", "11.4.9.7", 32, 0, { F(VTD_IEADDR_MA, 31, 2), R(1, 0) } },
    { "IEUADDR", "11.4.9.8", 32, 0, { F(VTD_IEUADDR_MUA, 31, 0) } },
    { "IQERCD", "11.4.9.9", 64, 0,
      { F(VTD_IQERCD_ICESID, 63, 48), F(VTD_IQERCD_ITESID, 47, 32), R(31, 4), F(VTD_IQERCD_IQEI, 3, 0) } },
    { "IRTA", "11.4.10", 64, 0,
      { F(VTD_IRTA_IRTA, 63, 12), F(VTD_IRTA_EIME, 11, 11), R(10, 4), F(VTD_IRTA_S, 3, 0) } },
    { "PQH", "11.4.11.1", 64, 0, { R(63, 19), F(VTD_PQH_PQH, 18, 5), R(4, 0) } },
    { "PQT", "11.4.11.2", 64, 0, { R(63, 19), F(VTD_PQT_PQT, 18, 5), R(4, 0) } },
    { "PQA", "11.4.11.3", 64, 0, { F(VTD_PQA_PQA, 63, 12), R(11, 3), F(VTD_PQA_PQS, 2, 0) } },
    { "PRS", "11.4.11.4", 32, 0, { R(31, 2), F(VTD_PRS_PRO, 1, 1), F(VTD_PRS_PPR, 0, 0) } },
};

enum { LAYOUTS = sizeof(layouts) / sizeof(layouts[0]), FIELDS = 48 };

/* Bit by bit, so that no trick is shared with the macros under test. */
static uint64_t mask_of(unsigned high, unsigned low, unsigned first)
{
    uint64_t mask = 0;

    for (unsigned bit = low; bit <= high; bit++)
        mask |= (uint64_t)1 << (bit - first);
    return mask;
}

static bool is_used(const struct field *field)
{
    return field->name != NULL || field->high != 0 || field->low != 0;
}

TEST(every_mask_is_the_specification_s)
{
    size_t differences = 0;
    char text[512] = "";

    for (size_t i = 0; i < LAYOUTS; i++) {
        for (size_t k = 0; k < FIELDS; k++) {
            const struct field *field = &layouts[i].fields[k];

            if (field->name == NULL || field->mask == mask_of(field->high, field->low, layouts[i].first))
                continue;
            differences++;
            snprintf(text, sizeof(text), "%s is 0x%llx, VT-d %s says bits %u:%u", field->name,
                     (unsigned long long)field->mask, layouts[i].section, field->high, field->low);
            fprintf(stderr, "%s\n", text);
        }
    }
    if (differences != 0)
        test_fail(__FILE__, __LINE__, "%zu differences, the last: %s", differences, text);
}

TEST(fields_and_reserved_bits_are_the_whole_register)
{
    for (size_t i = 0; i < LAYOUTS; i++) {
        uint64_t seen = 0;

        for (size_t k = 0; k < FIELDS && is_used(&layouts[i].fields[k]); k++) {
            const struct field *field = &layouts[i].fields[k];
            uint64_t mask = mask_of(field->high, field->low, layouts[i].first);

            if ((seen & mask) != 0)
                test_fail(__FILE__, __LINE__, "%s: bits %u:%u are listed twice", layouts[i].name, field->high, field->low);
            seen |= mask;
        }
        if (seen != mask_of(layouts[i].width - 1, 0, 0))
            test_fail(__FILE__, __LINE__, "%s: bits 0x%llx are not listed", layouts[i].name,
                      (unsigned long long)(mask_of(layouts[i].width - 1, 0, 0) & ~seen));
    }
}

#define OFFSET(reg, value, bits)                                        \
    do {                                                                \
        CHECK_EQ((reg).offset, value);                                  \
        CHECK(_Generic((reg), struct reg32 : 32, struct reg64 : 64) == (bits)); \
    } while (0)

/* The table of §11.4. */
TEST(every_offset_and_width_is_the_specification_s)
{
    OFFSET(VTD_VER, 0x000, 32);
    OFFSET(VTD_CAP, 0x008, 64);
    OFFSET(VTD_ECAP, 0x010, 64);
    OFFSET(VTD_GCMD, 0x018, 32);
    OFFSET(VTD_GSTS, 0x01c, 32);
    OFFSET(VTD_RTADDR, 0x020, 64);
    OFFSET(VTD_CCMD, 0x028, 64);
    OFFSET(VTD_FSTS, 0x034, 32);
    OFFSET(VTD_FECTL, 0x038, 32);
    OFFSET(VTD_FEDATA, 0x03c, 32);
    OFFSET(VTD_FEADDR, 0x040, 32);
    OFFSET(VTD_FEUADDR, 0x044, 32);
    OFFSET(VTD_PMEN, 0x064, 32);
    OFFSET(VTD_PLMBASE, 0x068, 32);
    OFFSET(VTD_PLMLIMIT, 0x06c, 32);
    OFFSET(VTD_PHMBASE, 0x070, 64);
    OFFSET(VTD_PHMLIMIT, 0x078, 64);
    OFFSET(VTD_IQH, 0x080, 64);
    OFFSET(VTD_IQT, 0x088, 64);
    OFFSET(VTD_IQA, 0x090, 64);
    OFFSET(VTD_ICS, 0x09c, 32);
    OFFSET(VTD_IECTL, 0x0a0, 32);
    OFFSET(VTD_IEDATA, 0x0a4, 32);
    OFFSET(VTD_IEADDR, 0x0a8, 32);
    OFFSET(VTD_IEUADDR, 0x0ac, 32);
    OFFSET(VTD_IQERCD, 0x0b0, 64);
    OFFSET(VTD_IRTA, 0x0b8, 64);
    OFFSET(VTD_PQH, 0x0c0, 64);
    OFFSET(VTD_PQT, 0x0c8, 64);
    OFFSET(VTD_PQA, 0x0d0, 64);
    OFFSET(VTD_PRS, 0x0dc, 32);
    OFFSET(VTD_PECTL, 0x0e0, 32);
    OFFSET(VTD_PEDATA, 0x0e4, 32);
    OFFSET(VTD_PEADDR, 0x0e8, 32);
    OFFSET(VTD_PEUADDR, 0x0ec, 32);
}

/* §11.4.2, §11.4.3: X + 16 * FRO, X + 16 * IRO, the IOTLB register 8 after IVA; records of 16 bytes. */
TEST(offsets_that_the_capabilities_tell)
{
    uint64_t cap = 0x3ffull << 24, ecap = 0x3ffull << 8;

    OFFSET(VTD_IVA_AT(0x50), 0x500, 64);
    OFFSET(VTD_IOTLB_AT(0x50), 0x508, 64);
    OFFSET(VTD_FRCD_LO_AT(0x40, 0), 0x400, 64);
    OFFSET(VTD_FRCD_HI_AT(0x40, 0), 0x408, 64);
    OFFSET(VTD_FRCD_F_AT(0x40, 0), 0x40c, 32);
    OFFSET(VTD_FRCD_LO_AT(0x40, 255), 0x13f0, 64);
    OFFSET(VTD_FRCD_HI_AT(0x40, 255), 0x13f8, 64);
    OFFSET(VTD_FRCD_F_AT(0x40, 255), 0x13fc, 32);
    /* The widest of each: the field must not lose its upper bits. */
    CHECK_EQ(field_get(cap, VTD_CAP_FRO) * 16, 16368);
    CHECK_EQ(field_get(ecap, VTD_ECAP_IRO) * 16, 16368);
}

TEST(encodings)
{
    /* §11.4.4.1: status and 96FFFFFFh leaves what stands. */
    CHECK_EQ(VTD_GCMD_STANDING & 0xff800000u, 0x96800000u);
    /* §11.4.5 */
    CHECK_EQ(VTD_TTM_LEGACY, 0);
    CHECK_EQ(VTD_TTM_SCALABLE, 1);
    CHECK_EQ(VTD_TTM_ABORT_DMA, 3);
    /* §11.4.6.1, §11.4.6.3 */
    CHECK_EQ(VTD_CONTEXT_GLOBAL, 1);
    CHECK_EQ(VTD_CONTEXT_DOMAIN, 2);
    CHECK_EQ(VTD_CONTEXT_DEVICE, 3);
    CHECK_EQ(VTD_IOTLB_GLOBAL, 1);
    CHECK_EQ(VTD_IOTLB_DOMAIN, 2);
    CHECK_EQ(VTD_IOTLB_PAGE, 3);
    /* §11.4.2: bits of the fields */
    CHECK_EQ(VTD_CAP_SAGAW_39, 1u << 9);
    CHECK_EQ(VTD_CAP_SAGAW_48, 1u << 10);
    CHECK_EQ(VTD_CAP_SAGAW_57, 1u << 11);
    CHECK_EQ(VTD_CAP_SSLPS_2M, 1ull << 34);
    CHECK_EQ(VTD_CAP_SSLPS_1G, 1ull << 35);
    /* §11.4.7.6: bit 127 alone, as a dword; the interrupt index is bits 63:48 */
    CHECK_EQ(VTD_FRCD_F_CLEAR, 0x80000000u);
    CHECK_EQ(VTD_FRCD_INTERRUPT_INDEX, 0xffff000000000000ull);
}
