/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gives drivers/pci a machine made of files: each function's configuration
 * space is the file "config" in its folder of /sys/bus/pci/devices. Linux lets
 * only root read more than the first 64 bytes, which hold no capability. What
 * enumeration would write stays unwritten, so BARs are taken from the files
 * "resource" instead.
 *
 * Left out: PCI domains above ffff. Linux gives such a number to what a VMD
 * (Intel's Volume Management Device) hides behind itself: those functions'
 * requests carry the VMD's own id and are of its group.
 */
#include "sysfs_pci.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pci_group.h"

#define DEVICES_FOLDER "bus/pci/devices"
#define CONFIG_BYTES 4096u
#define READABLE_BY_ALL 64u
#define STATUS 0x06u
#define STATUS_CAP_LIST 0x10u
#define HEADER_TYPE 0x0eu
#define HEADER_IS_BRIDGE 0x7fu
#define BARS 0x10u

/* Where the windows seem to be: no such address is ever mapped in a process. */
#define WINDOWS 0x1000000000000000ull
#define SEGMENT_SHIFT 28
#define FUNCTION_SHIFT 12

#define PORT_ADDRESS 0xcf8
#define PORT_DATA 0xcfc

#define RESOURCE_IO 0x100ull /* Linux's flags in the file "resource" */
#define RESOURCE_PREFETCH 0x2000ull
#define RESOURCE_64 0x100000ull

/* Before everything that is allocated. */
struct block {
    struct block *next;
    uint64_t aligned[];
};

struct file_function {
    struct file_function *next;
    uint16_t segment, rid;
    uint32_t len;
    uint8_t config[CONFIG_BYTES];
};

struct files {
    const char *sysfs;
    struct file_function *first;
    struct block *blocks; /* but for this one */
    uint32_t port_address;
};

static void *checked(void *memory)
{
    if (memory != NULL)
        return memory;
    fprintf(stderr, "iommukit-lint: out of memory\n");
    exit(2);
}

static void *allocate(struct files *files, size_t bytes)
{
    struct block *block = checked(calloc(1, sizeof(*block) + bytes));

    block->next = files->blocks;
    files->blocks = block;
    return block->aligned;
}

/* ---- what drivers/pci asks of a machine ---- */

static const struct file_function *file_find(const struct files *files, uint64_t segment,
                                             uint64_t rid)
{
    for (const struct file_function *f = files->first; f != NULL; f = f->next)
        if (f->segment == segment && f->rid == rid)
            return f;
    return NULL;
}

static uint32_t config_read(const struct files *files, uint64_t segment, uint64_t rid,
                            uint32_t offset, unsigned width)
{
    const struct file_function *f = file_find(files, segment, rid);
    uint32_t value = ~0u;

    if (f != NULL && offset + width <= f->len)
        memcpy(&value, f->config + offset, width);
    return value;
}

static void *host_map(void *ctx, uint64_t pa, uint64_t len)
{
    (void)ctx;
    (void)len;
    return (void *)(uintptr_t)pa;
}

static uint32_t host_read(void *ctx, const volatile void *at, unsigned width)
{
    uint64_t offset = (uintptr_t)at - WINDOWS;

    return config_read(ctx, offset >> SEGMENT_SHIFT, offset >> FUNCTION_SHIFT & 0xffff,
                       offset & (CONFIG_BYTES - 1), width);
}

static void host_write(void *ctx, volatile void *at, unsigned width, uint32_t value)
{
    (void)ctx;
    (void)at;
    (void)width;
    (void)value;
}

static uint32_t host_port_read(void *ctx, uint16_t port)
{
    const struct files *files = ctx;

    if (port == PORT_ADDRESS)
        return files->port_address;
    return config_read(files, 0, files->port_address >> 8 & 0xffff, files->port_address & 0xfc, 4);
}

static void host_port_write(void *ctx, uint16_t port, uint32_t value)
{
    if (port == PORT_ADDRESS)
        ((struct files *)ctx)->port_address = value;
}

static void *host_alloc(void *ctx, size_t bytes)
{
    return allocate(ctx, bytes);
}

static void host_log(void *ctx, const char *format, va_list args)
{
    (void)ctx;
    fputs("iommukit-lint: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
}

static const struct pci_host file_host = {
    .mmio_map = host_map,
    .mmio_read = host_read,
    .mmio_write = host_write,
    .port_read32 = host_port_read,
    .port_write32 = host_port_write,
    .alloc = host_alloc,
    .log = host_log,
};

/* ---- files ---- */

static FILE *function_open(const struct files *files, const char *folder, const char *name)
{
    char path[PATH_MAX];
    int len =
        snprintf(path, sizeof(path), "%s/" DEVICES_FOLDER "/%s/%s", files->sysfs, folder, name);

    return len > 0 && (size_t)len < sizeof(path) ? fopen(path, "rb") : NULL;
}

/* Without capabilities where they cannot be read: a list that leads into nothing would look
 * malformed. */
static void function_load(struct files *files, struct sysfs_pci *out, const char *folder,
                          uint16_t segment, uint16_t rid)
{
    FILE *file = function_open(files, folder, "config");
    struct file_function *f;

    if (file == NULL)
        return;
    f = allocate(files, sizeof(*f));
    f->segment = segment;
    f->rid = rid;
    f->len = (uint32_t)fread(f->config, 1, sizeof(f->config), file);
    fclose(file);
    if (f->len <= READABLE_BY_ALL && f->config[STATUS] & STATUS_CAP_LIST) {
        f->config[STATUS] &= (uint8_t)~STATUS_CAP_LIST;
        out->partial = true;
    }
    /* Sizes are found by writing: these would be nonsense. */
    memset(f->config + BARS, 0, 4 * (f->config[HEADER_TYPE] & HEADER_IS_BRIDGE ? 2u : 6u));
    f->next = files->first;
    files->first = f;
}

static void functions_load(struct files *files, struct sysfs_pci *out)
{
    char path[PATH_MAX];
    int len = snprintf(path, sizeof(path), "%s/" DEVICES_FOLDER, files->sysfs);
    DIR *folder = len > 0 && (size_t)len < sizeof(path) ? opendir(path) : NULL;
    struct dirent *entry;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        unsigned segment, bus, device, function;

        if (sscanf(entry->d_name, "%x:%x:%x.%x", &segment, &bus, &device, &function) != 4 ||
            bus > 0xff || device > 0x1f || function > 7)
            continue;
        if (segment > UINT16_MAX)
            out->left_out++;
        else
            function_load(files, out, entry->d_name, (uint16_t)segment,
                          PCI_RID(bus, device, function));
    }
    if (folder != NULL)
        closedir(folder);
}

/* A window for every segment that has a function; returns how many. */
static size_t windows_of(const struct files *files, struct pci_ecam **windows)
{
    size_t count = 0;

    *windows = NULL;
    for (const struct file_function *f = files->first; f != NULL; f = f->next) {
        size_t i = 0;

        while (i < count && (*windows)[i].segment != f->segment)
            i++;
        if (i < count)
            continue;
        *windows = checked(realloc(*windows, (count + 1) * sizeof(**windows)));
        (*windows)[count++] = (struct pci_ecam) {
            .base_pa = WINDOWS + ((uint64_t)f->segment << SEGMENT_SHIFT),
            .segment = f->segment,
            .end_bus = 255,
        };
    }
    return count;
}

/* One line each: first and last address, flags. All zero: none. */
static void bars_load(const struct files *files, struct pci_function *f)
{
    char folder[16];
    FILE *file;

    snprintf(folder, sizeof(folder), PCI_FORMAT, PCI_ARGS(f));
    memset(f->bars, 0, sizeof(f->bars));
    file = function_open(files, folder, "resource");
    if (file == NULL)
        return;
    for (size_t i = 0; i < (f->is_bridge ? 2u : 6u); i++) {
        unsigned long long start, end, flags;

        if (fscanf(file, "%llx %llx %llx", &start, &end, &flags) != 3)
            break;
        if (flags == 0 || end <= start)
            continue;
        f->bars[i] = (struct pci_bar) {
            .pa = start,
            .len = end - start + 1,
            .io = (flags & RESOURCE_IO) != 0,
            .is_64bit = (flags & RESOURCE_64) != 0,
            .prefetchable = (flags & RESOURCE_PREFETCH) != 0,
        };
    }
    fclose(file);
}

/* Enumeration goes by function 0 and by bridges: what it did not meet is named. */
static void name_unmet(struct files *files, struct pci *pci, struct sysfs_pci *out)
{
    if (out->left_out > 0)
        fprintf(stderr,
                "iommukit-lint: %u PCI functions in domains of Linux's own (behind a VMD) are "
                "left out: their requests carry the VMD's id\n",
                out->left_out);
    for (const struct file_function *f = files->first; f != NULL; f = f->next) {
        if (pci_find(pci, f->segment, f->rid) != NULL)
            continue;
        out->left_out++;
        fprintf(stderr,
                "iommukit-lint: PCI function " PCI_FORMAT " is left out: its device has no "
                "function 0\n",
                PCI_ARGS(f));
    }
}

struct sysfs_pci sysfs_pci_load(const char *sysfs)
{
    struct files *files = checked(calloc(1, sizeof(*files)));
    struct sysfs_pci out = { .files = files };
    struct pci_ecam *windows;
    struct pci *pci;
    size_t count;

    files->sysfs = sysfs;
    functions_load(files, &out);
    if (files->first == NULL)
        return out;
    count = windows_of(files, &windows);
    pci = pci_enumerate(&file_host, files, windows, count, false);
    free(windows);
    for (struct pci_function *f = pci_first(pci); f != NULL; f = f->next) {
        bars_load(files, f);
        /* Linux has done to the chip set what pci_acs_enable() does, and nothing shows it. */
        if (f->cap_acs == 0)
            pci_acs_assume_hidden(f);
    }
    name_unmet(files, pci, &out);
    if (out.partial)
        fprintf(stderr,
                "iommukit-lint: only the first 64 bytes of PCI configuration space are readable "
                "(root reads all): ACS is not known, groups are coarser than they may be\n");
    out.functions = pci_first(pci);
    return out;
}

void sysfs_pci_free(struct sysfs_pci *pci)
{
    struct block *block = pci->files->blocks;

    while (block != NULL) {
        struct block *next = block->next;

        free(block);
        block = next;
    }
    free(pci->files);
    *pci = (struct sysfs_pci) { 0 };
}

const struct pci_function *sysfs_pci_read(const char *sysfs)
{
    return sysfs_pci_load(sysfs).functions;
}
