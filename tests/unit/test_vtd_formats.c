/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The second transcription of the memory formats of legacy mode: root and
 * context entries (VT-d §9.1, §9.3), the 128-bit descriptors (§6.5.2), interrupt
 * entries (§9.9, §9.10), the control word of posted-interrupt descriptors (§9.11), compared with vtd_formats.h as test_vtd_regs.c does with the registers. Bits
 * are numbered through all 128, as the specification prints them.
 */
#include "intel/vtd_formats.h"
#include "test.h"

struct field {
    const char *name;   /* NULL: reserved, or another field's place for which there is no name */
    uint64_t mask;      /* the driver's, within its 64-bit word */
    unsigned high, low;
};

struct layout {
    const char *name;
    const char *section;
    struct field fields[16];
};

#define F(field_name, high, low) { #field_name, field_name, high, low }
#define R(high, low) { NULL, 0, high, low }
#define TYPE F(VTD_QI_TYPE_HIGH, 11, 9), F(VTD_QI_TYPE, 3, 0)

static const struct layout layouts[] = {
    { "root entry", "9.1", { R(127, 64), F(VTD_ROOT_CTP, 63, 12), R(11, 1), F(VTD_ROOT_P, 0, 0) } },
    { "context entry", "9.3",
      { R(127, 88), F(VTD_CONTEXT_DID, 87, 72), R(71, 71), F(VTD_CONTEXT_IGNORED, 70, 67), F(VTD_CONTEXT_AW, 66, 64),
        F(VTD_CONTEXT_SSPTPTR, 63, 12), R(11, 4), F(VTD_CONTEXT_TT, 3, 2), F(VTD_CONTEXT_FPD, 1, 1),
        F(VTD_CONTEXT_P, 0, 0) } },
    { "context-cache invalidate", "6.5.2.1",
      { R(127, 64), R(63, 50), F(VTD_QI_CC_FM, 49, 48), F(VTD_QI_CC_SID, 47, 32), F(VTD_QI_CC_DID, 31, 16),
        R(15, 12), R(8, 6), F(VTD_QI_CC_G, 5, 4), TYPE } },
    { "IOTLB invalidate", "6.5.2.3",
      { F(VTD_QI_IOTLB_ADDR, 127, 76), R(75, 71), F(VTD_QI_IOTLB_IH, 70, 70), F(VTD_QI_IOTLB_AM, 69, 64), R(63, 32),
        F(VTD_QI_IOTLB_DID, 31, 16), R(15, 12), R(8, 8), F(VTD_QI_IOTLB_DR, 7, 7), F(VTD_QI_IOTLB_DW, 6, 6),
        F(VTD_QI_IOTLB_G, 5, 4), TYPE } },
    { "device-TLB invalidate", "6.5.2.5",
      { F(VTD_QI_DEV_TLB_ADDR, 127, 76), R(75, 65), F(VTD_QI_DEV_TLB_S, 64, 64), F(VTD_QI_DEV_TLB_PFSID_HI, 63, 52),
        R(51, 48), F(VTD_QI_DEV_TLB_SID, 47, 32), R(31, 21), F(VTD_QI_DEV_TLB_MIP, 20, 16),
        F(VTD_QI_DEV_TLB_PFSID_LO, 15, 12), R(8, 4), TYPE } },
    { "interrupt entry cache invalidate", "6.5.2.8",
      { R(127, 64), R(63, 48), F(VTD_QI_IEC_IIDX, 47, 32), F(VTD_QI_IEC_IM, 31, 27), R(26, 12), R(8, 5),
        F(VTD_QI_IEC_G, 4, 4), TYPE } },
    { "invalidation wait", "6.5.2.9",
      { F(VTD_QI_WAIT_STATUS_ADDR, 127, 66), R(65, 64), F(VTD_QI_WAIT_STATUS_DATA, 63, 32), R(31, 12), R(8, 8),
        F(VTD_QI_WAIT_PD, 7, 7), F(VTD_QI_WAIT_FN, 6, 6), F(VTD_QI_WAIT_SW, 5, 5), F(VTD_QI_WAIT_IF, 4, 4), TYPE } },
    { "remapped interrupt entry", "9.9",
      { R(127, 84), F(VTD_IRTE_SVT, 83, 82), F(VTD_IRTE_SQ, 81, 80), F(VTD_IRTE_SID, 79, 64), F(VTD_IRTE_DST, 63, 32),
        R(31, 24), F(VTD_IRTE_V, 23, 16), F(VTD_IRTE_IM, 15, 15), R(14, 12), F(VTD_IRTE_AVAIL, 11, 8),
        F(VTD_IRTE_DLM, 7, 5), F(VTD_IRTE_TM, 4, 4), F(VTD_IRTE_RH, 3, 3), F(VTD_IRTE_DM, 2, 2), F(VTD_IRTE_FPD, 1, 1),
        F(VTD_IRTE_P, 0, 0) } },
    { "posted interrupt entry", "9.10",
      { F(VTD_IRTE_PDA_HIGH, 127, 96), R(95, 84), F(VTD_IRTE_SVT, 83, 82), F(VTD_IRTE_SQ, 81, 80),
        F(VTD_IRTE_SID, 79, 64), F(VTD_IRTE_PDA_LOW, 63, 38), R(37, 24), F(VTD_IRTE_VV, 23, 16), F(VTD_IRTE_IM, 15, 15),
        F(VTD_IRTE_URG, 14, 14), R(13, 12), F(VTD_IRTE_AVAIL, 11, 8), R(7, 2), F(VTD_IRTE_FPD, 1, 1),
        F(VTD_IRTE_P, 0, 0) } },
    { "posted-interrupt descriptor, bits 319:256, and reserved ones", "9.11",
      { R(127, 64), F(VTD_PID_NDST, 63, 32), R(31, 24), F(VTD_PID_NV, 23, 16), R(15, 2), F(VTD_PID_SN, 1, 1),
        F(VTD_PID_ON, 0, 0) } },
    { "message address, with its upper word", "5.1.2.2",
      { R(127, 64), R(63, 20), F(VTD_MSI_HANDLE_LOW, 19, 5), F(VTD_MSI_REMAPPABLE, 4, 4), F(VTD_MSI_SHV, 3, 3),
        F(VTD_MSI_HANDLE_HIGH, 2, 2), R(1, 0) } },
    { "redirection entry", "5.1.5.1",
      { R(127, 64), F(VTD_RTE_INDEX_LOW, 63, 49), F(VTD_RTE_REMAPPABLE, 48, 48), R(47, 17), F(VTD_RTE_MASK, 16, 16),
        F(VTD_RTE_LEVEL, 15, 15), R(14, 14), F(VTD_RTE_ACTIVE_LOW, 13, 13), R(12, 12), F(VTD_RTE_INDEX_HIGH, 11, 11),
        R(10, 8), F(VTD_RTE_VECTOR, 7, 0) } },
};

enum { LAYOUTS = sizeof(layouts) / sizeof(layouts[0]), FIELDS = 16 };

static uint64_t mask_of(unsigned high, unsigned low)
{
    uint64_t mask = 0;

    for (unsigned bit = low; bit <= high; bit++)
        mask |= (uint64_t)1 << (bit % 64);
    return mask;
}

TEST(every_mask_is_the_specification_s)
{
    size_t differences = 0;
    char text[512] = "";

    for (size_t i = 0; i < LAYOUTS; i++) {
        for (size_t k = 0; k < FIELDS; k++) {
            const struct field *field = &layouts[i].fields[k];

            if (field->name == NULL || field->mask == mask_of(field->high, field->low))
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

TEST(fields_and_reserved_bits_are_the_whole_entry)
{
    for (size_t i = 0; i < LAYOUTS; i++) {
        uint64_t seen[2] = { 0, 0 };

        for (size_t k = 0; k < FIELDS && (layouts[i].fields[k].name != NULL || layouts[i].fields[k].high != 0); k++) {
            const struct field *field = &layouts[i].fields[k];
            uint64_t *word = &seen[field->low / 64];

            CHECK_EQ(field->high / 64, field->low / 64);
            if ((*word & mask_of(field->high, field->low)) != 0)
                test_fail(__FILE__, __LINE__, "%s: bits %u:%u are listed twice", layouts[i].name, field->high, field->low);
            *word |= mask_of(field->high, field->low);
        }
        if ((seen[0] & seen[1]) != ~0ull)
            test_fail(__FILE__, __LINE__, "%s: bits 0x%llx %016llx are not listed", layouts[i].name,
                      (unsigned long long)~seen[1], (unsigned long long)~seen[0]);
    }
}

TEST(sizes)
{
    CHECK_EQ(sizeof(struct vtd_root_entry), 16);
    CHECK_EQ(sizeof(struct vtd_context_entry), 16);
    CHECK_EQ(sizeof(struct vtd_descriptor), 16);
    CHECK_EQ(sizeof(struct vtd_irte), 16);
    CHECK_EQ(VTD_ROOT_ENTRIES, 256);
    CHECK_EQ(VTD_CONTEXT_ENTRIES, 256);
}

TEST(encodings)
{
    CHECK_EQ(VTD_QI_TYPE_CC, 1);
    CHECK_EQ(VTD_QI_TYPE_IOTLB, 2);
    CHECK_EQ(VTD_QI_TYPE_DEV_TLB, 3);
    CHECK_EQ(VTD_QI_TYPE_IEC, 4);
    CHECK_EQ(VTD_QI_TYPE_WAIT, 5);
    CHECK_EQ(VTD_DLM_FIXED, 0);
    CHECK_EQ(VTD_DLM_LOWEST, 1);
    CHECK_EQ(VTD_SVT_NONE, 0);
    CHECK_EQ(VTD_SVT_ID, 1);
    CHECK_EQ(VTD_SVT_BUS, 2);
    CHECK_EQ(VTD_SQ_ALL, 0);
    CHECK_EQ(VTD_SQ_NOT_2, 1);
    CHECK_EQ(VTD_SQ_NOT_2_1, 2);
    CHECK_EQ(VTD_SQ_NOT_2_1_0, 3);
    CHECK_EQ(VTD_SID_FIRST_BUS, 0xff00);
    CHECK_EQ(VTD_SID_LAST_BUS, 0x00ff);
    CHECK_EQ(VTD_IRTE_DST_XAPIC, 0x0000ff0000000000);
    CHECK_EQ(VTD_PID_NDST_XAPIC, 0x0000ff0000000000);
    CHECK_EQ(VTD_MSI_ADDRESS, 0xfee00000);
    CHECK_EQ(VTD_MSI_SUBHANDLE, 0xffff);
    CHECK_EQ(VTD_TT_UNTRANSLATED, 0);
    CHECK_EQ(VTD_TT_DEVICE_TLB, 1);
    CHECK_EQ(VTD_TT_PASS_THROUGH, 2);
    /* §9.3: 001b is 39 bits and 3 levels, 010b 48 and 4, 011b 57 and 5. */
    CHECK_EQ(VTD_AW_OF_LEVELS(3), 1);
    CHECK_EQ(VTD_AW_OF_LEVELS(4), 2);
    CHECK_EQ(VTD_AW_OF_LEVELS(5), 3);
}
