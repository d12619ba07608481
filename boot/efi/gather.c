/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the firmware knows and the kernel will want: command line, screen,
 * ACPI root, and the IOMMU units as the firmware runs them.
 *
 * Source: UEFI 2.10 §4.6 (configuration table), §9 (loaded image), §10.3
 * (device path), §12.9 (graphics output), §13.4 and §13.5 (files)
 */
#include <string.h>

#include "acpi.h"
#include "app.h"
#include "load_options.h"

/* ---- command line ---- */

#define FILE_PATH_UNITS 260
static CHAR16 cmdline_path[] = L"\\EFI\\BOOT\\cmdline.txt";

/* The last file path node's last component; false where the path names no file. */
static bool own_name(const struct app *app, uint16_t name[FILE_PATH_UNITS])
{
    const uint8_t *node = (const uint8_t *)app->loaded->FilePath;
    bool found = false;

    while (node && node[0] != END_DEVICE_PATH_TYPE) {
        size_t len = (size_t)(node[2] | node[3] << 8), count = 0;

        if (len < sizeof(EFI_DEVICE_PATH))
            return false;
        if (node[0] == MEDIA_DEVICE_PATH && node[1] == MEDIA_FILEPATH_DP) {
            for (size_t i = sizeof(EFI_DEVICE_PATH); i + 1 < len && count + 1 < FILE_PATH_UNITS;
                 i += 2) {
                name[count] = (uint16_t)(node[i] | node[i + 1] << 8);
                count = name[count] == L'\\' ? 0 : count + 1;
            }
            name[count] = 0;
            found = true;
        }
        node += len;
    }
    return found;
}

static EFI_FILE_HANDLE open_cmdline_file(const struct app *app)
{
    static EFI_GUID file_system_guid = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
    EFI_FILE_IO_INTERFACE *volume;
    EFI_FILE_HANDLE root, file = NULL;

    if (app->system->BootServices->HandleProtocol(app->loaded->DeviceHandle, &file_system_guid,
                                                  (void **)&volume) != EFI_SUCCESS)
        return NULL;
    if (volume->OpenVolume(volume, &root) != EFI_SUCCESS)
        return NULL;
    if (root->Open(root, &file, cmdline_path, EFI_FILE_MODE_READ, 0) != EFI_SUCCESS)
        file = NULL;
    root->Close(root);
    return file;
}

static void read_cmdline_file(struct app *app)
{
    static char text[2 * BOOT_CMDLINE_BYTES];
    EFI_FILE_HANDLE file = open_cmdline_file(app);
    UINTN len = sizeof(text);

    if (!file)
        return;
    if (file->Read(file, &len, text) == EFI_SUCCESS)
        load_options_file(app->info, text, len);
    file->Close(file);
}

void app_read_cmdline(struct app *app)
{
    static uint16_t name[FILE_PATH_UNITS];
    const uint16_t *known = own_name(app, name) ? name : NULL;

    if (app->loaded->LoadOptions)
        load_options_read(app->info, app->loaded->LoadOptions, app->loaded->LoadOptionsSize, known);
    if (app->info->cmdline[0] == '\0')
        read_cmdline_file(app);
}

/* ---- screen ---- */

/* The shift of an 8-bit channel; false for any other mask. */
static bool channel_shift(UINT32 mask, uint8_t *shift)
{
    for (uint8_t at = 0; at <= 24; at++) {
        if (mask == 0xffu << at) {
            *shift = at;
            return true;
        }
    }
    return false;
}

void app_read_framebuffer(struct app *app)
{
    static EFI_GUID graphics_guid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
    EFI_PIXEL_BITMASK masks = { 0x0000ff, 0x00ff00, 0xff0000, 0 };
    EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *mode;
    EFI_GRAPHICS_OUTPUT_PROTOCOL *graphics;
    struct boot_framebuffer fb = { .bits_per_pixel = 32 };

    if (app->system->BootServices->LocateProtocol(&graphics_guid, NULL, (void **)&graphics) !=
        EFI_SUCCESS)
        return;
    mode = graphics->Mode->Info;
    switch (mode->PixelFormat) {
    case PixelRedGreenBlueReserved8BitPerColor:
        break;
    case PixelBlueGreenRedReserved8BitPerColor:
        masks = (EFI_PIXEL_BITMASK){ 0xff0000, 0x00ff00, 0x0000ff, 0 };
        break;
    case PixelBitMask:
        masks = mode->PixelInformation;
        break;
    default:                        /* drawn through firmware only */
        return;
    }
    if (!channel_shift(masks.RedMask, &fb.red_shift) ||
        !channel_shift(masks.GreenMask, &fb.green_shift) ||
        !channel_shift(masks.BlueMask, &fb.blue_shift))
        return;
    fb.pa = graphics->Mode->FrameBufferBase;
    fb.width = mode->HorizontalResolution;
    fb.height = mode->VerticalResolution;
    fb.pitch = mode->PixelsPerScanLine * 4;
    app->info->framebuffer = fb;
}

/* ---- ACPI and the units ---- */

static uint64_t config_table(const struct app *app, const EFI_GUID *guid)
{
    const EFI_CONFIGURATION_TABLE *table = app->system->ConfigurationTable;

    for (UINTN i = 0; i < app->system->NumberOfTableEntries; i++) {
        if (memcmp(&table[i].VendorGuid, guid, sizeof(*guid)) == 0)
            return (uintptr_t)table[i].VendorTable;
    }
    return 0;
}

/* Firmware maps memory and registers at their own addresses (UEFI §2.3.4). */
static const void *map_table(void *ctx, uint64_t pa, uint64_t len)
{
    (void)ctx;
    return pa == 0 || len > UINT64_MAX - pa ? NULL : (const void *)pa;
}

/* The kernel reads the tables again and says what is wrong with them. */
__attribute__((format(printf, 2, 3)))
static void log_nothing(void *ctx, const char *format, ...)
{
    (void)ctx;
    (void)format;
}

static void *map_registers(void *ctx, uint64_t pa, size_t len)
{
    (void)ctx;
    (void)len;
    return (void *)pa;
}

static void unmap_registers(void *ctx, void *window, size_t len)
{
    (void)ctx;
    (void)window;
    (void)len;
}

static uint32_t read_register32(void *ctx, const volatile void *at)
{
    (void)ctx;
    return *(const volatile uint32_t *)at;
}

static uint64_t read_register64(void *ctx, const volatile void *at)
{
    (void)ctx;
    return *(const volatile uint64_t *)at;
}

void app_read_tables(struct app *app)
{
    static const EFI_GUID acpi2_guid = ACPI_20_TABLE_GUID, acpi1_guid = ACPI_TABLE_GUID;
    static struct acpi acpi;
    const struct acpi_memory memory = { .map = map_table, .log = log_nothing };
    const struct iommu_platform platform = {
        .mmio_map = map_registers, .mmio_unmap = unmap_registers,
        .mmio_read32 = read_register32, .mmio_read64 = read_register64,
    };
    struct iommu_handoff *snapshot = &app->info->before_exit;
    const struct acpi_table *table;

    app->info->rsdp_pa = config_table(app, &acpi2_guid);
    if (!app->info->rsdp_pa)
        app->info->rsdp_pa = config_table(app, &acpi1_guid);
    if (!app->info->rsdp_pa || !acpi_read(&acpi, &memory, app->info->rsdp_pa, NULL, 0, false))
        return;
    table = acpi_find(&acpi, "DMAR", 0);
    if (!table)
        table = acpi_find(&acpi, "IVRS", 0);
    if (table && iommu_take_handoff(&platform, NULL, table->bytes, table->len, snapshot) != IOMMU_OK)
        memset(snapshot, 0, sizeof(*snapshot));
}
