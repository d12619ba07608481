/* SPDX-License-Identifier: BSD-2-Clause */
/* boot/efi/load_options.c: what shells and boot managers hand over. */
#include "boot/efi/load_options.h"
#include "test.h"

static struct boot_info info;

static const char *read_options(const char *text, const char *own_name)
{
    uint8_t bytes[512] = { 0 };
    uint16_t name[64] = { 0 };
    size_t len = strlen(text);

    memset(&info, 0, sizeof(info));
    for (size_t i = 0; i < len; i++)
        bytes[2 * i] = (uint8_t)text[i];
    for (size_t i = 0; own_name && own_name[i]; i++)
        name[i] = (uint16_t)own_name[i];
    load_options_read(&info, bytes, 2 * len + 2, own_name ? name : NULL);
    return info.cmdline;
}

TEST(words_arrive)
{
    CHECK_STR(read_options("run=none report=full", "IOMMUKIT.EFI"), "run=none report=full");
    CHECK_STR(read_options("  run=none  ", "IOMMUKIT.EFI"), "run=none");
    CHECK_STR(read_options("", "IOMMUKIT.EFI"), "");
}

TEST(own_name_is_dropped)
{
    CHECK_STR(read_options("iommukit.efi run=none", "IOMMUKIT.EFI"), "run=none");
    CHECK_STR(read_options("iommukit run=none", "IOMMUKIT.EFI"), "run=none");
    CHECK_STR(read_options("FS0:\\EFI\\BOOT\\bootx64 run=none", "BOOTX64.EFI"), "run=none");
    CHECK_STR(read_options("FS0:bootx64 run=none", "BOOTX64.EFI"), "run=none");
    CHECK_STR(read_options("other.EFI run=none", NULL), "run=none");
    CHECK_STR(read_options("iommukit.efi", "IOMMUKIT.EFI"), "");
}

TEST(other_first_words_stay)
{
    CHECK_STR(read_options("run=none x.efi", "IOMMUKIT.EFI"), "run=none x.efi");
    CHECK_STR(read_options("iommu=off", "IOMMU.EFI"), "iommu=off");
    CHECK_STR(read_options("iommu run=none", NULL), "iommu run=none");
    CHECK_STR(read_options("iommukit run=none", "IOMMUKIT2.EFI"), "iommukit run=none");
    CHECK_STR(read_options("iommukit run=none", "IOMMUKIT.EFI2"), "iommukit run=none");
    CHECK_STR(read_options("iommukit2 run=none", "IOMMUKIT.EFI"), "iommukit2 run=none");
}

TEST(binary_options_are_no_command_line)
{
    static const uint8_t guid[16] = { 0xd8, 0x9d, 0x1e, 0x8e, 0x2f, 0x4d, 0xe2, 0x4a };

    memset(&info, 0, sizeof(info));
    load_options_read(&info, guid, sizeof(guid), NULL);
    CHECK_STR(info.cmdline, "");
}

TEST(unterminated_and_odd_lengths)
{
    static const uint8_t options[] = { 'l', 0, 'i', 0, 's', 0, 't', 0, 'x' };

    memset(&info, 0, sizeof(info));
    load_options_read(&info, options, sizeof(options), NULL);
    CHECK_STR(info.cmdline, "list");
    memset(&info, 0, sizeof(info));
    load_options_read(&info, options, 0, NULL);
    CHECK_STR(info.cmdline, "");
}

TEST(long_text_is_cut_and_said_so)
{
    static char text[BOOT_CMDLINE_BYTES];

    memset(text, 'x', sizeof(text));
    memset(&info, 0, sizeof(info));
    load_options_file(&info, text, sizeof(text) - 1);
    CHECK_EQ(strlen(info.cmdline), BOOT_CMDLINE_BYTES - 1);
    CHECK_EQ(info.cmdline_truncated, 0);
    load_options_file(&info, text, sizeof(text));
    CHECK_EQ(info.cmdline_truncated, 1);
}

TEST(file_lines_become_words)
{
    memset(&info, 0, sizeof(info));
    load_options_file(&info, "run=none\r\nreport=full\r\n", 23);
    CHECK_STR(info.cmdline, "run=none  report=full");
}
