/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Real machines: the groups that drivers/pci finds against those that Linux
 * formed, which differ only where the source does not tell what Linux went by.
 * Quirks that decided are named, by leaving all of them out once.
 */
#include "topology.h"
#include "test.h"

static struct topology topology;
static struct pci_group_member members[TOPOLOGY_MAX], others[TOPOLOGY_MAX];

/* False: skipped, said by name. */
static void read_machine(const char *machine, uint16_t vendor)
{
    const char *folder = test_tables_folder();
    char path[512];

    if (folder == NULL)
        test_skip("no folder of real tables");
    snprintf(path, sizeof(path), "%s/machines/%s/topology.tsv", folder, machine);
    if (!topology_read(path, vendor, &topology))
        test_skip("no machines/%s/topology.tsv", machine);
}

static size_t agreement(const struct pci_group_options *options)
{
    CHECK_EQ(pci_groups(topology.functions, options, members, TOPOLOGY_MAX), topology.count);
    return topology_agreement(&topology, members);
}

/* Prints what a quirk did: whom it parted from whom. */
static void name_quirks(const struct pci_group_options *options)
{
    struct pci_group_options plain = *options;

    plain.no_quirks = true;
    pci_groups(topology.functions, options, members, TOPOLOGY_MAX);
    topology_as_listed(&topology);
    pci_groups(topology.functions, &plain, others, TOPOLOGY_MAX);
    for (size_t i = 0; i < topology.count; i++)
        if (members[i].quirk != NULL)
            printf("# " PCI_FORMAT ": %s (%s)\n", PCI_ARGS(members[i].function),
                   members[i].quirk->reason, members[i].quirk->source);
    for (size_t i = 0; i < topology.count; i++)
        if (others[i].reason != members[i].reason)
            printf("# " PCI_FORMAT ": %s, without quirks %s\n", PCI_ARGS(members[i].function),
                   pci_group_reason_name(members[i].reason),
                   pci_group_reason_name(others[i].reason));
}

/* All functions as in Linux; by what is listed alone, without quirks as many as given. */
static void agrees(const char *machine, uint16_t vendor, size_t functions, size_t without_quirks)
{
    struct pci_group_options options;

    read_machine(machine, vendor);
    CHECK(topology.groups_known && topology.acs_known);
    CHECK_EQ(topology.count, functions);
    options = topology_options(&topology);
    printf("# %s: %zu of %zu functions grouped as by Linux\n", machine, agreement(&options),
           functions);
    CHECK_EQ(agreement(&options), functions);
    name_quirks(&options);
    options.no_quirks = true;
    printf("# %s: %zu without quirks\n", machine, agreement(&options));
    CHECK_EQ(agreement(&options), without_quirks);
}

TEST(asus_prime_x399_a)
{
    agrees("asus-prime-x399-a", 0, 64, 64);
}

TEST(asus_minipc_pn51)
{
    agrees("asus-minipc-pn51", 0x1022, 34, 34);
}

TEST(emerson_mcom10_l1900)
{
    agrees("topo-emerson-mcom10-l1900", 0, 44, 44);
}

TEST(hp_spectre_x360)
{
    agrees("topo-hp-spectre-x360-15-df1xxx", 0, 34, 34);
}

/* Sunrise Point's root ports: their control register is not where lspci looks. */
TEST(pex8748_switch)
{
    agrees("topo-pex8748-switch", 0, 42, 34);
}

/* 00:14.3 is part of Intel's root complex, and so not of the group of 00:14.0 and 00:14.2. */
TEST(raptor_lake_workstation)
{
    agrees("topo-raptor-lake-workstation", 0x8086, 26, 23);
}

/* What Linux went by is not in the source: the count is told, and judged by what must hold all the same. */
static void cannot_be_computed(const char *machine, size_t functions)
{
    struct pci_group_options options;

    read_machine(machine, 0);
    CHECK_EQ(topology.count, functions);
    CHECK(!topology.acs_known);
    options = topology_options(&topology);
    printf("# %s: %zu of %zu functions grouped as by Linux, but the source tells neither ACS nor "
           "what kind of PCIe function each is\n", machine, agreement(&options), functions);
}

TEST(asrock_x299_taichi_xe)
{
    cannot_be_computed("topo-asrock-x299-taichi-xe", 136);
}

TEST(dell_poweredge_t440)
{
    cannot_be_computed("topo-dell-poweredge-t440", 281);
}

TEST(dell_inspiron_7352)
{
    read_machine("dell-inspiron-7352", 0);
    CHECK_EQ(topology.count, 14);
    CHECK(!topology.groups_known);
    test_skip("Linux formed no groups on this machine");
}

/* Linux leaves peers behind a switch without ACS apart; where that matters on these machines is told. */
TEST(switches_without_acs_are_one_group_here_and_not_in_linux)
{
    static const struct {
        const char *name;
        size_t groups_linux, groups;
    } machines[] = {
        { "asus-prime-x399-a", 34, 34 },
        { "topo-emerson-mcom10-l1900", 29, 29 },
        { "topo-hp-spectre-x360-15-df1xxx", 27, 27 },
        { "topo-pex8748-switch", 17, 17 },
    };

    for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
        struct pci_group_options options;
        size_t count[2] = { 0 };

        read_machine(machines[i].name, 0);
        options = topology_options(&topology);
        for (unsigned linux_too = 0; linux_too < 2; linux_too++) {
            options.as_linux = linux_too != 0;
            agreement(&options);
            for (size_t k = 0; k < topology.count; k++)
                if (members[k].group != PCI_NO_GROUP && members[k].group >= count[linux_too])
                    count[linux_too] = members[k].group + 1;
        }
        CHECK_EQ(count[1], machines[i].groups_linux);
        CHECK_EQ(count[0], machines[i].groups);
    }
}
