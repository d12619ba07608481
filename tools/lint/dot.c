/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine for Graphviz: groups are boxes round their functions, bridges
 * lead to what is below them, units to what they watch on a root bus.
 */
#include "lint.h"

#include <string.h>

#include "iommu/iommu.h"

#define LABEL "\"" IOMMU_RID_FORMAT "\""

/* Nothing in a label may end it. */
static void put_label(const char *text, FILE *out)
{
    for (; *text != '\0'; text++)
        fputc(*text == '"' || *text == '\\' || *text < ' ' || *text > '~' ? '?' : *text, out);
}

static void put_function(const struct pci_function *f, FILE *out)
{
    fprintf(out, "    " LABEL " [label=\"" IOMMU_RID_FORMAT "\\n",
            IOMMU_RID_ARGS(f->segment, f->rid), IOMMU_RID_ARGS(f->segment, f->rid));
    put_label(pci_class_name(f->class_code), out);
    fprintf(out, "\\n%04x:%04x\"%s];\n", (unsigned)f->vendor, (unsigned)f->device,
            f->is_bridge ? ", shape=house" : "");
}

static bool is_member(const struct lint_machine *machine, size_t group,
                      const struct pci_function *f)
{
    for (size_t i = 0; i < machine->member_count; i++)
        if (machine->members[i].function == f)
            return machine->members[i].group == group;
    return group == PCI_NO_GROUP;
}

static void put_members(const struct lint_machine *machine, size_t group, FILE *out)
{
    for (const struct pci_function *f = machine->facts.functions; f != NULL; f = f->next)
        if (is_member(machine, group, f))
            put_function(f, out);
}

static void put_groups(const struct lint_machine *machine, FILE *out)
{
    for (size_t group = 0; group < machine->member_count; group++) {
        size_t members = 0;

        for (size_t i = 0; i < machine->member_count; i++)
            members += machine->members[i].group == group;
        if (members == 0)
            continue;
        fprintf(out, "  subgraph cluster_group%zu {\n    label=\"group %zu\"; style=rounded;\n",
                group, group);
        put_members(machine, group, out);
        fprintf(out, "  }\n");
    }
    put_members(machine, PCI_NO_GROUP, out);
}

static void put_edges(const struct lint_machine *machine, FILE *out)
{
    for (const struct pci_function *f = machine->facts.functions; f != NULL; f = f->next) {
        const struct lint_unit *unit = machine_unit_of(machine, f);
        bool inherits = f->parent != NULL && machine_unit_of(machine, f->parent) == unit;

        if (f->parent != NULL)
            fprintf(out, "  " LABEL " -> " LABEL ";\n", IOMMU_RID_ARGS(f->segment, f->parent->rid),
                    IOMMU_RID_ARGS(f->segment, f->rid));
        if (unit != NULL && !inherits)
            fprintf(out, "  \"%s\" -> " LABEL " [style=dashed];\n", unit->name,
                    IOMMU_RID_ARGS(f->segment, f->rid));
    }
}

static void put_units(const struct lint_machine *machine, FILE *out)
{
    for (size_t i = 0; i < machine->unit_count; i++)
        fprintf(out, "  \"%s\" [shape=box3d, label=\"%s\\n0x%llx\"];\n", machine->units[i].name,
                machine->units[i].name, (unsigned long long)machine->units[i].base);
}

void show_dot(const struct lint *lint, FILE *out)
{
    for (size_t i = 0; i < lint->machine_count; i++) {
        const struct lint_machine *machine = &lint->machines[i];

        fprintf(
            out,
            "digraph machine%zu {\n  rankdir=LR;\n  node [shape=box, fontname=\"monospace\"];\n",
            i);
        put_units(machine, out);
        put_groups(machine, out);
        put_edges(machine, out);
        fprintf(out, "}\n");
    }
}
