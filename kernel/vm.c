/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's address space (kernel/mm.h has the map) and those of tasks,
 * in 4-level tables (SDM volume 3, chapter 4). 57-bit addresses are left out:
 * the direct map has room for 64 TiB.
 */
#include "vm.h"

#include "console.h"
#include "cpu.h"
#include "hosts.h"
#include "linker.h"
#include "mm.h"
#include "panic.h"
#include "smp.h"

#define VM_LEVELS 4
#define VM_KERNEL_ROOT_INDEX 256
#define VM_ROOT_ENTRIES 512
#define BOOT_MAPPED_END 0x100000000ull
#define PAGE_SIZES_ALWAYS (BIT64(12) | BIT64(21))
#define PAGE_SIZE_1G BIT64(30)

/* SDM 11.12.4: the reset value, with entry 1 (PWT alone) changed from WT to WC. */
#define PAT_VALUE 0x0007040600070106ull

static struct vm_space kernel_space = { .lock = SPIN_LOCK("kernel space") };
static struct vm_space startup_space = { .lock = SPIN_LOCK("startup space") };

static void require_features(void)
{
    uint32_t edx = cpuid_read(CPUID_AMD_FEATURES).edx;
    uint32_t basic = cpuid_read(CPUID_FEATURES).edx;

    if (!(edx & CPUID_AMD_1_EDX_NX))
        panic("vm: the CPU has no NX or firmware hides it (CPUID 80000001h EDX bit 20)");
    if (!(basic & CPUID_1_EDX_PAT) || !(basic & CPUID_1_EDX_PGE))
        panic("vm: the CPU has no PAT or no global pages (CPUID 1 EDX=0x%x)", basic);
    if (cr4_read() & CR4_LA57)
        panic("vm: entered with 5-level paging, the kernel's tables have 4");
}

static void set_control_bits(void)
{
    struct cpuid features = cpuid_read(CPUID_EXTENDED_FEATURES);
    uint64_t cr4 = cr4_read() | CR4_PGE;

    msr_write(MSR_EFER, msr_read(MSR_EFER) | EFER_NXE);
    cr0_write(cr0_read() | CR0_WP);
    if (features.ebx & CPUID_7_EBX_SMEP)
        cr4 |= CR4_SMEP;
    if (features.ebx & CPUID_7_EBX_SMAP)
        cr4 |= CR4_SMAP;
    if (features.ecx & CPUID_7_ECX_UMIP)
        cr4 |= CR4_UMIP;
    cr4_write(cr4);
}

static struct pt_config table_config(uint64_t limit_pa, unsigned table_prot)
{
    bool large = cpuid_read(CPUID_AMD_FEATURES).edx & CPUID_AMD_1_EDX_1G_PAGES;

    return (struct pt_config){
        .platform = &kernel_iommu_platform,
        .levels = VM_LEVELS,
        .page_sizes = PAGE_SIZES_ALWAYS | (large ? PAGE_SIZE_1G : 0),
        .output_bits = (unsigned)field_get(cpuid_read(CPUID_AMD_SIZES).eax,
                                           CPUID_AMD_8_EAX_PHYSICAL),
        .coherent = true,
        .table_limit_pa = limit_pa,
        .table_prot = table_prot,
    };
}

/* Nobody may remember what the gather holds when its table pages go back. */
static void settle_locked(struct vm_space *space, struct iommu_gather *gather)
{
    if (gather->start != gather->end) {
        smp_flush_tlb(gather->start, gather->end);
        for (struct vm_invalidation *i = space->invalidations; i != NULL; i = i->next)
            i->fn(i->ctx, gather->start, gather->end, gather->tables);
    }
    pt_free_gathered(&space->table, gather);
}

static enum iommu_status space_map(struct vm_space *space, uint64_t va, uint64_t pa, uint64_t len,
                                   unsigned prot)
{
    struct iommu_gather gather = { 0 };
    struct iommu_mapping m = { .iova = va, .pa = pa, .len = len, .prot = prot };
    uintptr_t flags = spin_lock(&space->lock);
    enum iommu_status status = pt_x86_64.map(&space->table, &m, &gather);

    settle_locked(space, &gather);
    spin_unlock(&space->lock, flags);
    return status;
}

static enum iommu_status space_unmap(struct vm_space *space, uint64_t va, uint64_t len)
{
    struct iommu_gather gather = { 0 };
    uintptr_t flags = spin_lock(&space->lock);
    uint64_t unmapped;
    enum iommu_status status = pt_x86_64.unmap(&space->table, va, len, &gather, &unmapped);

    settle_locked(space, &gather);
    spin_unlock(&space->lock, flags);
    return status;
}

bool vm_kernel_map(uint64_t va, uint64_t pa, uint64_t len, unsigned prot)
{
    return space_map(&kernel_space, va, pa, len, prot) == IOMMU_OK;
}

void vm_kernel_unmap(uint64_t va, uint64_t len)
{
    enum iommu_status status = space_unmap(&kernel_space, va, len);

    if (status != IOMMU_OK)
        panic("vm: unmap va=0x%llx len=0x%llx: %s", (unsigned long long)va,
              (unsigned long long)len, iommu_status_name(status));
}

static void must_map(uint64_t va, uint64_t pa, uint64_t len, unsigned prot)
{
    enum iommu_status status = IOMMU_OK;

    if (len != 0)
        status = space_map(&kernel_space, va, pa, len, prot);
    if (status != IOMMU_OK)
        panic("vm: map va=0x%llx pa=0x%llx len=0x%llx: %s", (unsigned long long)va,
              (unsigned long long)pa, (unsigned long long)len, iommu_status_name(status));
}

static void map_section(const char *start, const char *end, uint64_t kernel_pa, unsigned prot)
{
    uint64_t va = (uintptr_t)start;

    must_map(va, va - KERNEL_BASE + kernel_pa, (uint64_t)(end - start), prot);
}

static void map_image(uint64_t kernel_pa)
{
    map_section(text_start, text_end, kernel_pa, VM_CODE);
    map_section(data_start, data_end, kernel_pa, VM_DATA);
    map_section(bss_start, boot_stack_guard, kernel_pa, VM_DATA);
    map_section(boot_stack_bottom, bss_end, kernel_pa, VM_DATA);
    map_section(rodata_start, rodata_end, kernel_pa, VM_RODATA);
}

/* [start, end) of RAM without [hole_start, hole_end). */
static void map_ram_around(uint64_t start, uint64_t end, uint64_t hole_start, uint64_t hole_end)
{
    uint64_t low_end = end < hole_start ? end : hole_start;
    uint64_t high_start = start > hole_end ? start : hole_end;

    if (start < low_end)
        must_map(DIRECT_MAP_BASE + start, start, low_end - start, VM_DATA);
    if (high_start < end)
        must_map(DIRECT_MAP_BASE + high_start, high_start, end - high_start, VM_DATA);
}

/*
 * The direct map must not be a way around the image's own permissions: text
 * and rodata are read-only there too.
 */
static void map_image_directly(uint64_t kernel_pa)
{
    uint64_t text_len = (uint64_t)(text_end - text_start);
    uint64_t rodata_at = (uint64_t)(rodata_start - kernel_image_start);
    uint64_t image_len = (uint64_t)(kernel_image_end - kernel_image_start);

    must_map(DIRECT_MAP_BASE + kernel_pa, kernel_pa, text_len, VM_RODATA);
    must_map(DIRECT_MAP_BASE + kernel_pa + text_len, kernel_pa + text_len, rodata_at - text_len,
             VM_DATA);
    must_map(DIRECT_MAP_BASE + kernel_pa + rodata_at, kernel_pa + rodata_at,
             image_len - rodata_at, VM_RODATA);
}

/*
 * Tasks share the kernel's half by copying the root's entries once, so all of
 * them exist from now on: a page mapped and unmapped leaves its tables there.
 */
static void fix_root_entry(uint64_t va)
{
    must_map(va, 0, PAGE_BYTES, VM_RODATA);
    vm_kernel_unmap(va, PAGE_BYTES);
}

/* SDM 11.12.4: the TLB is flushed when the PAT has changed. */
static void use_kernel_tables(void)
{
    this_cpu()->space = &kernel_space;
    cr3_write(kernel_space.table.root_pa);
    smp_flush_own_tlb(0, UINT64_MAX);
    msr_write(MSR_PAT, PAT_VALUE);
    smp_flush_own_tlb(0, UINT64_MAX);
}

void vm_init(const struct page_range *ram, size_t count, uint64_t kernel_pa)
{
    struct pt_config config = table_config(BOOT_MAPPED_END - 1, 0);
    uint64_t image_end = kernel_pa + (uint64_t)(kernel_image_end - kernel_image_start);
    enum iommu_status status;

    require_features();
    set_control_bits();
    status = pt_x86_64.create(&kernel_space.table, &config);
    if (status != IOMMU_OK)
        panic("vm: page table: %s", iommu_status_name(status));
    map_image(kernel_pa);
    map_image_directly(kernel_pa);
    for (size_t i = 0; i < count; i++)
        map_ram_around(ram[i].start, ram[i].end, kernel_pa, image_end);
    fix_root_entry(MMIO_BASE);
    fix_root_entry(STACKS_BASE);
    use_kernel_tables();
    kernel_space.table.config.table_limit_pa = IOMMU_ANY_PA;
}

void vm_init_other(void)
{
    set_control_bits();
    use_kernel_tables();
}

static enum iommu_status create_below_kernel(struct vm_space *space, const struct pt_config *config)
{
    enum iommu_status status = pt_x86_64.create(&space->table, config);

    space->invalidations = NULL;
    if (status != IOMMU_OK)
        return status;
    for (size_t i = VM_KERNEL_ROOT_INDEX; i < VM_ROOT_ENTRIES; i++)
        space->table.root[i] = kernel_space.table.root[i];
    return IOMMU_OK;
}

static void destroy_below_kernel(struct vm_space *space)
{
    /* The kernel's tables are not the space's to free. */
    for (size_t i = VM_KERNEL_ROOT_INDEX; i < VM_ROOT_ENTRIES; i++)
        space->table.root[i] = 0;
    pt_x86_64.destroy(&space->table);
}

uint64_t vm_startup_create(uint64_t pa)
{
    struct pt_config config = table_config(BOOT_MAPPED_END - 1, 0);

    if (create_below_kernel(&startup_space, &config) != IOMMU_OK)
        return 0;
    if (space_map(&startup_space, pa, pa, PAGE_BYTES, IOMMU_READ | PT_EXECUTE) == IOMMU_OK)
        return startup_space.table.root_pa;
    destroy_below_kernel(&startup_space);
    return 0;
}

void vm_startup_destroy(void)
{
    destroy_below_kernel(&startup_space);
}

/* ---- tasks ---- */

enum iommu_status vm_space_create(struct vm_space *space)
{
    struct pt_config config = table_config(IOMMU_ANY_PA, PT_USER);

    space->lock = (struct spin_lock)SPIN_LOCK("task space");
    return create_below_kernel(space, &config);
}

void vm_space_destroy(struct vm_space *space)
{
    if (this_cpu()->space == space)
        vm_space_switch(NULL);
    for (struct vm_invalidation *i = space->invalidations; i != NULL; i = i->next)
        i->fn(i->ctx, 0, VM_USER_END, true);
    destroy_below_kernel(space);
}

static bool is_user_range(uint64_t va, uint64_t len)
{
    return va >= PAGE_BYTES && va < VM_USER_END && len <= VM_USER_END - va;
}

enum iommu_status vm_space_map(struct vm_space *space, uint64_t va, uint64_t pa, uint64_t len,
                               unsigned prot)
{
    if (!is_user_range(va, len))
        return IOMMU_ERR_RANGE;
    return space_map(space, va, pa, len, prot | PT_USER);
}

enum iommu_status vm_space_unmap(struct vm_space *space, uint64_t va, uint64_t len)
{
    if (!is_user_range(va, len))
        return IOMMU_ERR_RANGE;
    return space_unmap(space, va, len);
}

void vm_space_watch(struct vm_space *space, struct vm_invalidation *invalidation)
{
    uintptr_t flags = spin_lock(&space->lock);

    invalidation->next = space->invalidations;
    space->invalidations = invalidation;
    spin_unlock(&space->lock, flags);
}

void vm_space_unwatch(struct vm_space *space, struct vm_invalidation *invalidation)
{
    uintptr_t flags = spin_lock(&space->lock);
    struct vm_invalidation **at = &space->invalidations;

    while (*at != NULL && *at != invalidation)
        at = &(*at)->next;
    if (*at != NULL)
        *at = invalidation->next;
    spin_unlock(&space->lock, flags);
}

void vm_space_switch(struct vm_space *space)
{
    this_cpu()->space = space == NULL ? &kernel_space : space;
    cr3_write(this_cpu()->space->table.root_pa);
}
