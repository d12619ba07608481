/* SPDX-License-Identifier: BSD-2-Clause */
/* tools/lint/sysfs_pci.c: a /sys of our own making. */
#define _GNU_SOURCE
#include "tools/lint/sysfs_pci.h"

#include <errno.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pci_group.h"
#include "test.h"

static char sysfs[64];
static struct sysfs_pci pci;
static uint8_t config[4096];

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static void end(void)
{
    if (pci.files != NULL)
        sysfs_pci_free(&pci);
    if (sysfs[0] != '\0')
        nftw(sysfs, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    sysfs[0] = '\0';
}

static void begin(void)
{
    static bool ends;
    char path[160];

    end();
    if (!ends)
        CHECK_EQ(atexit(end), 0);
    ends = true;
    strcpy(sysfs, "/tmp/iommukit-sysfs-XXXXXX");
    CHECK(mkdtemp(sysfs) != NULL);
    snprintf(path, sizeof(path), "%s/bus", sysfs);
    CHECK_EQ(mkdir(path, 0700), 0);
    strcat(path, "/pci");
    CHECK_EQ(mkdir(path, 0700), 0);
    strcat(path, "/devices");
    CHECK_EQ(mkdir(path, 0700), 0);
}

static void put_file(const char *name, const char *file, const void *bytes, size_t len)
{
    char path[192];
    FILE *out;

    snprintf(path, sizeof(path), "%s/bus/pci/devices/%s", sysfs, name);
    CHECK(mkdir(path, 0700) == 0 || errno == EEXIST);
    strcat(path, "/");
    strcat(path, file);
    out = fopen(path, "wb");
    CHECK(out != NULL);
    CHECK_EQ(fwrite(bytes, 1, len, out), len);
    fclose(out);
}

static const struct pci_function *load(void)
{
    if (pci.files != NULL)
        sysfs_pci_free(&pci);
    pci = sysfs_pci_load(sysfs);
    return pci.functions;
}

static void set(unsigned offset, unsigned width, uint32_t value)
{
    memcpy(config + offset, &value, width);
}

/* An empty space with these ids; port: a root port to bus 1 with ACS at 100h. */
static void prepare(uint32_t vendor_device, bool port)
{
    memset(config, 0, sizeof(config));
    set(0x00, 4, vendor_device);
    set(0x08, 4, port ? 0x06040000 : 0x01080200);
    set(0x10, 4, 0xfe000004);
    set(0x06, 2, 0x0010);
    set(0x34, 1, 0x40);
    set(0x40, 2, 0x0010);
    set(0x42, 2, port ? 0x0042 : 0x0002);
    if (port) {
        set(0x0e, 1, 1);
        set(0x19, 2, 0x0101);
        set(0x100, 4, 0x0001000d);
        set(0x104, 4, 0x001d001d);
    }
}

static void machine(size_t bytes)
{
    static const char resource[] = "0x00000000fe000000 0x00000000fe003fff 0x0000000000140204\n"
                                   "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
                                   "0x000000000000e000 0x000000000000e01f 0x0000000000040101\n";

    begin();
    prepare(0x12348086, true);
    put_file("0000:00:01.0", "config", config, bytes);
    prepare(0x56781b36, false);
    put_file("0000:01:00.0", "config", config, bytes);
    put_file("0000:01:00.0", "resource", resource, sizeof(resource) - 1);
}

TEST(functions_and_their_bridges_are_found)
{
    const struct pci_function *port, *f;

    machine(4096);
    load();
    CHECK(!pci.partial);
    CHECK_EQ(pci.left_out, 0);
    port = pci.functions;
    CHECK(port != NULL);
    CHECK_EQ(port->rid, 0x0008);
    CHECK_EQ(port->express_type, PCI_EXP_ROOT_PORT);
    CHECK_EQ(port->acs_control, 0x1d);
    CHECK_EQ(port->secondary_bus, 1);
    f = port->next;
    CHECK_EQ(f->rid, 0x0100);
    CHECK(f->parent == port);
    CHECK_EQ(f->vendor, 0x1b36);
    CHECK_EQ(f->class_code, 0x010802);
    CHECK_EQ(f->bars[0].pa, 0xfe000000);
    CHECK_EQ(f->bars[0].len, 0x4000);
    CHECK(f->bars[0].is_64bit && !f->bars[0].io);
    CHECK_EQ(f->bars[1].len, 0);
    CHECK(f->bars[2].io);
    CHECK(f->next == NULL);
}

TEST(what_only_root_may_read_is_not_guessed)
{
    struct pci_group_member members[2];

    machine(64);
    load();
    CHECK(pci.partial);
    CHECK_EQ(pci.functions->express_type, PCI_EXP_NONE);
    CHECK_EQ(pci.functions->cap_acs, 0);
    CHECK(pci.functions->next->parent == pci.functions);
    CHECK_EQ(pci_groups(pci.functions, NULL, members, 2), 2);
    CHECK_EQ(members[1].group, 0);
    machine(4096);
    CHECK_EQ(pci_groups(load(), NULL, members, 2), 2);
    CHECK_EQ(members[1].group, 1);
}

TEST(segments_are_kept_apart_and_those_of_linux_itself_left_out)
{
    machine(4096);
    prepare(0x00011234, false);
    put_file("0001:00:01.0", "config", config, 256);
    put_file("10000:e0:06.0", "config", config, 256);
    put_file("no-function", "config", config, 256);
    load();
    CHECK_EQ(pci.left_out, 1);
    CHECK_EQ(pci.functions->next->next->segment, 1);
    CHECK(pci.functions->next->next->next == NULL);
}

TEST(a_function_that_enumeration_does_not_meet_is_named)
{
    machine(4096);
    put_file("0000:02:00.3", "config", config, 256);
    load();
    CHECK_EQ(pci.left_out, 1);
}

TEST(chipset_ports_are_as_linux_makes_them)
{
    begin();
    prepare(0x8c108086, true);
    set(0x100, 4, 0);
    put_file("0000:00:1c.0", "config", config, 4096);
    CHECK_EQ(load()->acs_control, PCI_ACS_ISOLATION);
    prepare(0x8c208086, true);
    set(0x100, 4, 0);
    put_file("0000:00:1c.0", "config", config, 4096);
    CHECK_EQ(load()->acs_control, 0);
}

TEST(no_folder_no_functions)
{
    begin();
    CHECK(load() == NULL);
    end();
    CHECK(load() == NULL);
}
