/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel as a UEFI application: gathers everything that is gone after
 * ExitBootServices, puts the kernel it carries into memory, leaves the
 * firmware and enters the kernel at uefi_entry (boot/entry.asm).
 *
 * Source: UEFI 2.10 §4.1, §7.2.3 (memory map), §7.4.6 (ExitBootServices)
 */
#include "app.h"

#include <string.h>

#include "cpu.h"
#include "doors.h"
#include "panic.h"
#include "serial.h"

#define BELOW_4G 0xffffffffull
#define MAP_SPARE_DESCRIPTORS 16    /* the map grows by the allocation made for it */
#define DEBUG_EXIT 0xf4

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);
EFI_STATUS _entry(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);

static void say_serial(const char *text)
{
    for (; *text; text++)
        serial_write(text, 1);
}

static void say_console(EFI_SYSTEM_TABLE *system, const char *text)
{
    for (; *text; text++) {
        CHAR16 unit[2] = { (CHAR16)*text, 0 };

        system->ConOut->OutputString(system->ConOut, unit);
    }
}

_Noreturn void app_refuse(const struct app *app, const char *wrong)
{
    serial_init(SERIAL_COM1, SERIAL_BAUD_MAX);
    say_serial("boot: ");
    say_serial(wrong);
    say_serial("\n");
    if (app->system) {              /* which firmware may show on the same port again */
        say_console(app->system, "boot: ");
        say_console(app->system, wrong);
        say_console(app->system, "\r\n");
    }
    io_write8(DEBUG_EXIT, EXIT_PANIC);
    cpu_halt();
}

void *app_pages(const struct app *app, EFI_MEMORY_TYPE type, uint64_t len)
{
    EFI_PHYSICAL_ADDRESS pa = BELOW_4G;
    UINTN count = (len + EFI_PAGE_SIZE - 1) / EFI_PAGE_SIZE;

    if (app->system->BootServices->AllocatePages(AllocateMaxAddress, type, count, &pa) !=
        EFI_SUCCESS)
        app_refuse(app, "UEFI: no memory for the kernel below 4 GiB");
    memset((void *)pa, 0, count * EFI_PAGE_SIZE);
    return (void *)pa;
}

/* "UEFI " and the vendor's name, as far as it is ASCII. */
static void name_loader(struct app *app)
{
    static const char door[] = "UEFI ";
    char name[sizeof(app->info->loader)] = "";
    const CHAR16 *vendor = app->system->FirmwareVendor;
    size_t len = sizeof(door) - 1;

    memcpy(name, door, len);
    for (; vendor && *vendor && len + 1 < sizeof(name); vendor++)
        name[len++] = *vendor >= ' ' && *vendor <= '~' ? (char)*vendor : '?';
    door_begin(app->info, BOOT_DOOR_UEFI, name);
    app->info->efi_system_table_pa = (uintptr_t)app->system;
}

struct memory_map {
    uint8_t *bytes;
    UINTN room;
    UINTN len;
    UINTN key;
    UINTN descriptor_len;
};

static EFI_STATUS map_read(EFI_BOOT_SERVICES *services, struct memory_map *map)
{
    UINT32 version;

    map->len = map->room;
    return services->GetMemoryMap(&map->len, (EFI_MEMORY_DESCRIPTOR *)(void *)map->bytes, &map->key,
                                  &map->descriptor_len, &version);
}

static void map_prepare(struct app *app, struct memory_map *map)
{
    if (map_read(app->system->BootServices, map) != EFI_BUFFER_TOO_SMALL)
        app_refuse(app, "UEFI: GetMemoryMap does not say how long the map is");
    map->room = map->len + MAP_SPARE_DESCRIPTORS * map->descriptor_len;
    map->bytes = app_pages(app, EfiLoaderData, map->room);
}

/*
 * Nothing else may be called between the map and the exit, and after an exit
 * that failed (UEFI §7.4.6): app_refuse() finds no console from then on.
 */
static void exit_boot_services(struct app *app)
{
    EFI_BOOT_SERVICES *services = app->system->BootServices;
    struct memory_map map = { 0 };
    EFI_STATUS status = EFI_INVALID_PARAMETER;

    map_prepare(app, &map);
    for (int attempt = 0; attempt < 2 && status == EFI_INVALID_PARAMETER; attempt++) {
        const char *wrong;

        if (map_read(services, &map) != EFI_SUCCESS)
            app_refuse(app, "UEFI: GetMemoryMap failed");
        app->info->range_count = 0;
        wrong = door_efi_map(app->info, map.bytes, map.len, map.descriptor_len, DOOR_LOADER_KEPT);
        if (wrong)
            app_refuse(app, wrong);
        app->system = NULL;
        status = services->ExitBootServices(app->image, map.key);
    }
    if (status != EFI_SUCCESS)
        app_refuse(app, "UEFI: ExitBootServices refused twice");
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
    static EFI_GUID loaded_image_guid = EFI_LOADED_IMAGE_PROTOCOL_GUID;
    struct app app = { .image = image, .system = system };
    void (*enter)(struct boot_info *info);

    system->BootServices->SetWatchdogTimer(0, 0, 0, NULL);
    if (system->BootServices->HandleProtocol(image, &loaded_image_guid, (void **)&app.loaded) !=
        EFI_SUCCESS)
        app_refuse(&app, "UEFI: the application's image has no loaded-image protocol");
    app.info = app_pages(&app, EfiLoaderData, sizeof(*app.info));
    name_loader(&app);
    app_read_cmdline(&app);
    app_load_kernel(&app);
    app_read_framebuffer(&app);
    app_read_tables(&app);
    exit_boot_services(&app);
    enter = (void (*)(struct boot_info *))app.kernel_entry_pa;
    enter(app.info);
    app_refuse(&app, "UEFI: the kernel returned");
}

/* Where the start-up code of gnu-efi 4 goes first; its library's set-up is not needed. */
EFI_STATUS _entry(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
    return efi_main(image, system);
}
