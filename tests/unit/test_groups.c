/* SPDX-License-Identifier: BSD-2-Clause */
/* groups.c: the machine's groups from a configuration space and the model's units; why there are none. */
#include "test.h"

#include <stdarg.h>

#include "fake_pci.h"
#include "model_env.h"

#define machine kernel_machine      /* the models have one too */
#include "kernel/groups.c"

struct machine machine;
struct acpi machine_acpi;

static struct {
    char text[16384];
    size_t len;
    const char *off_word;
    bool translating, out_of_memory;
} kernel;

static struct fake_pci bus;
static struct model_env *units;

static void add_text(const char *format, va_list args)
{
    int len = vsnprintf(kernel.text + kernel.len, sizeof(kernel.text) - kernel.len, format, args);

    CHECK(len >= 0 && kernel.len + (size_t)len < sizeof(kernel.text));
    kernel.len += (size_t)len;
}

void print(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_text(format, args);
    va_end(args);
}

void log_line(enum log_level level, const char *format, ...)
{
    va_list args;

    CHECK_EQ(level, LOG_DEBUG);
    va_start(args, format);
    add_text(format, args);
    va_end(args);
    print("\n");
}

void *kalloc(size_t bytes)
{
    return kernel.out_of_memory ? NULL : calloc(1, bytes);
}

const char *machine_off_word(void)
{
    return kernel.off_word;
}

size_t machine_translating_units(void)
{
    return kernel.translating;
}

static const struct acpi_table dmar = { .signature = "DMAR" };

static void put_text(void *ctx, const char *text, size_t len)
{
    (void)ctx;
    print("%.*s", (int)len, text);
}

/* 00:04.0 and 00:04.1 are one device without ACS, 00:06.0 another device, 00:00.0 a host bridge nobody uses. */
static void begin(const struct model_env_config *config)
{
    memset(&machine, 0, sizeof(machine));
    memset(&machine_acpi, 0, sizeof(machine_acpi));
    free(groups.members);
    memset(&groups, 0, sizeof(groups));
    memset(&kernel, 0, sizeof(kernel));
    kernel.translating = true;
    fake_pci_reset(&bus);
    for (unsigned i = 0; i < 3; i++) {
        static const uint16_t rids[] = { IOMMU_RID(0, 4, 0), IOMMU_RID(0, 4, 1), IOMMU_RID(0, 6, 0) };
        struct fake_pci_function *f = fake_pci_add(&bus, 0, rids[i], 0x10001234, 0x020000);

        fake_pci_express(f, PCI_EXP_ENDPOINT);
        fake_pci_set(f, 0x0e, 1, i < 2 ? 0x80 : 0);     /* PCI 3.0 §6.2.1: several functions */
    }
    machine.pci = fake_pci_start(&bus);
    machine.table = &dmar;
    units = config == NULL ? NULL : model_env_create(config);
    if (units == NULL)
        return;
    machine.iommu = model_env_suite(units)->iommu;
    for (struct pci_function *f = pci_first(machine.pci); f != NULL; f = f->next)
        f->owner = iommu_find_device(machine.iommu, 0, f->rid);
}

static struct model_env_config three_devices(void)
{
    struct model_env_config config = model_env_default();

    config.exercisers[0].rid = IOMMU_RID(0, 4, 0);
    config.exercisers[1].rid = IOMMU_RID(0, 4, 1);
    config.exercisers[2].rid = IOMMU_RID(0, 6, 0);
    return config;
}

static void end(void)
{
    if (units != NULL)
        model_env_destroy(units);
    units = NULL;
}

static const struct pci_function *function_at(uint16_t rid)
{
    const struct pci_function *f = pci_find(machine.pci, 0, rid);

    CHECK(f != NULL);
    return f;
}

static void says(const char *text)
{
    if (strstr(kernel.text, text) == NULL)
        test_fail(__FILE__, __LINE__, "\"%s\" is not in:\n%s", text, kernel.text);
}

static void none(const char *why)
{
    char line[200];

    groups_init();
    CHECK_STR(groups_none(), why);
    CHECK_EQ(groups_count(), 0);
    CHECK(groups_member(function_at(IOMMU_RID(0, 4, 0))) == NULL);
    CHECK_EQ(groups_of_id(0, IOMMU_RID(0, 4, 0), NULL), PCI_NO_GROUP);
    snprintf(line, sizeof(line), "# groups: none (%s)\n", why);
    groups_print();
    says(line);
    end();
}

TEST(why_there_are_none)
{
    struct model_env_config config = three_devices();

    begin(NULL);
    machine.table = NULL;
    none("firmware gives no DMAR or IVRS table");
    begin(NULL);
    machine.table = NULL;
    machine_acpi.tables[0] = dmar;
    machine_acpi.table_count = 1;
    none("the table that dmar= or ivrs= asks for is not there");
    begin(NULL);
    kernel.off_word = "iommu=off";
    none("iommu=off");
    begin(NULL);
    machine.iommu_status = IOMMU_ERR_TABLE;
    none(iommu_status_name(IOMMU_ERR_TABLE));
    begin(&config);
    kernel.translating = false;
    none("no unit translates");
    begin(&config);
    kernel.out_of_memory = true;
    none("out of memory");
    begin(&config);
    machine.pci = NULL;
    groups_init();
    CHECK_STR(groups_none(), "there are no PCI functions");
    end();
}

TEST(functions_of_a_device_without_acs_are_one_group)
{
    struct model_env_config config = three_devices();
    const struct pci_group_member *member;
    size_t shared;

    begin(&config);
    groups_init();
    CHECK(groups_none() == NULL);
    shared = groups_of_id(0, IOMMU_RID(0, 4, 0), &member);
    CHECK_EQ(groups_count(), 2);
    CHECK(member->function == function_at(IOMMU_RID(0, 4, 0)));
    CHECK_EQ(groups_of_id(0, IOMMU_RID(0, 4, 1), NULL), shared);
    CHECK(groups_of_id(0, IOMMU_RID(0, 6, 0), NULL) != shared);
    CHECK_EQ(groups_of_id(0, IOMMU_RID(0, 7, 0), &member), PCI_NO_GROUP);
    CHECK(member == NULL);
    says("pci 0000:00:04.0: Adding to iommu group 0\npci 0000:00:04.1: Adding to iommu group 0\n"
         "pci 0000:00:06.0: Adding to iommu group 1\n");
    groups_print();
    says("# group 0: 0000:00:04.0 0000:00:04.1\n");
    says("# group 1: 0000:00:06.0\n");
    says("# groups: 2, with 3 functions; 0 in none\n");
    CHECK(strstr(kernel.text, "in no group") == NULL);
    end();
}

/* What sends under an id that is no function's: the device that was added with it. */
TEST(an_alias_leads_to_its_device)
{
    struct model_env_config config = three_devices();
    struct iommu_device_desc desc = { .rids = { IOMMU_RID(0, 6, 0), IOMMU_RID(0, 9, 0) }, .rid_count = 2 };
    const struct pci_group_member *member;
    struct iommu_device *device;

    config.exerciser_count = 2;
    begin(&config);
    desc.owner = pci_find(machine.pci, 0, IOMMU_RID(0, 6, 0));
    CHECK_OK(iommu_add_device(machine.iommu, &desc, &device));
    pci_find(machine.pci, 0, IOMMU_RID(0, 6, 0))->owner = device;
    groups_init();
    CHECK_EQ(groups_of_id(0, IOMMU_RID(0, 9, 0), &member), groups_of_id(0, IOMMU_RID(0, 6, 0), NULL));
    CHECK(member != NULL);
    CHECK_EQ(member->function->rid, IOMMU_RID(0, 6, 0));
    end();
}

TEST(what_no_unit_watches_is_in_no_group)
{
    struct model_env_config config = three_devices();
    const struct pci_group_member *member;

    config.exercisers[2].uncovered = true;
    begin(&config);
    groups_init();
    CHECK_EQ(groups_count(), 1);
    CHECK_EQ(groups_functions(), 2);
    CHECK_EQ(groups_of_id(0, IOMMU_RID(0, 6, 0), &member), PCI_NO_GROUP);
    CHECK_EQ(member->reason, PCI_GROUP_NO_UNIT);
    groups_print();
    says("# in no group:\n#   0000:00:06.0");
    says("# groups: 1, with 2 functions; 1 in none\n");
    end();
}

static struct json json_start(void)
{
    struct json json = { .put = put_text };

    kernel.len = 0;
    kernel.text[0] = '\0';
    json_open(&json, NULL, '{');
    return json;
}

TEST(json_without_groups_says_why)
{
    struct json json;

    begin(NULL);
    machine.table = NULL;
    groups_init();
    json = json_start();
    groups_json(&json);
    groups_json_function(&json, function_at(IOMMU_RID(0, 4, 0)));
    says("\"groups_none\": \"firmware gives no DMAR or IVRS table\"");
    says("\"groups\": [\n\n]");
    CHECK(strstr(kernel.text, "group_kind") == NULL);
    end();
}

static size_t count_of(const char *text)
{
    size_t count = 0;

    for (const char *at = kernel.text; (at = strstr(at, text)) != NULL; at++)
        count++;
    return count;
}

/* Both functions of one device have the region: their group has it once, the other group not at all. */
TEST(json_of_a_group_has_each_region_once)
{
    struct model_env_config config = three_devices();
    uint64_t middle = config.model.ram_pa + config.model.ram_len / 2;
    struct json json;

    config.model.rmrrs[0] = (struct vtd_model_rmrr){
        .start = middle, .end = middle + 0x8000, .scope_count = 2,
        .scopes = { { .type = 1, .path_count = 1, .path = { { 4, 0 } } },
                    { .type = 1, .path_count = 1, .path = { { 4, 1 } } } } };
    config.model.rmrr_count = 1;
    begin(&config);
    groups_init();
    json = json_start();
    groups_json(&json);
    CHECK_EQ(count_of("\"start\": "), 1);
    CHECK_EQ(count_of("\"reserved\": [\n\n]"), 1);
    CHECK_EQ(count_of("\"read\": true"), 1);
    CHECK_EQ(count_of("\"write\": true"), 1);
    json = json_start();
    groups_json_function(&json, function_at(IOMMU_RID(0, 4, 1)));
    says("\"group\": 0");
    says("\"group_kind\": \"function-without-acs\"");
    says("\"group_because\": \"0000:00:04.0\"");
    says("\"group_reason\": \"");
    end();
}
