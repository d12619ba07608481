/* SPDX-License-Identifier: BSD-2-Clause */
/* See checks.h. What to enter in a firmware's setup is named as vendors of boards do. */
#include "checks.h"

#include "format.h"
#include "words.h"

struct tree {
    const struct check_facts *facts;
    struct check *out;
    size_t count;
};

enum { DEPTH_MACHINE, DEPTH_TABLE, DEPTH_TRANSLATION };

static struct check *add(struct tree *t, const char *name, unsigned depth, enum check_state state)
{
    struct check *check = &t->out[t->count++];

    *check = (struct check){ .name = name, .depth = depth, .state = state };
    return check;
}

#define SAY(check, ...) (void)format_line((check)->text, CHECK_TEXT_BYTES, __VA_ARGS__)
#define TRY(check, ...) (void)format_line((check)->remedy, CHECK_TEXT_BYTES, __VA_ARGS__)

static enum check_state passes(bool ok)
{
    return ok ? CHECK_OK : CHECK_FAILED;
}

/* No IOMMU needs VT-x or SVM: nothing of the processor can be missing. */
static void check_cpu(struct tree *t)
{
    const struct check_facts *f = t->facts;
    struct check *check = add(t, "cpu", DEPTH_MACHINE, CHECK_OK);

    SAY(check, "%s%s, x2APIC %s", f->cpu_vendor, f->hypervisor ? " under a hypervisor" : "",
        f->x2apic_on ? "on" : f->x2apic_capable ? "possible" : "missing");
}

static void check_chipset(struct tree *t)
{
    const struct check_facts *f = t->facts;
    struct check *check = add(t, "chipset", DEPTH_MACHINE, CHECK_OK);

    if (f->bridge_vendor != 0) {
        SAY(check, "host bridge %04x:%04x%s", f->bridge_vendor, f->bridge_device,
            f->chipset == CHIPSET_POSSIBLE   ? ", which has VT-d"
            : f->chipset == CHIPSET_DISABLED ? ", whose VT-d is off in the chip (CAPID0_A bit 23)"
                                             : "");
        check->state = passes(f->chipset != CHIPSET_DISABLED || f->translating > 0);
        if (check->state == CHECK_FAILED)
            TRY(check, "firmware setup: VT-d = Enabled; where it is off all the same this "
                       "processor has none");
        return;
    }
    check->state = CHECK_UNKNOWN;
    SAY(check, "function 0000:00:00.0 is no host bridge");
}

static void say_setup(const struct check_facts *f, struct check *check)
{
    if (f->hypervisor)
        TRY(check,
            "give the machine one: QEMU -device intel-iommu,intremap=on or amd-iommu,dma-remap=on");
    else if (text_equal(f->cpu_vendor, "GenuineIntel"))
        TRY(check,
            "firmware setup: VT-d (Intel Virtualization Technology for Directed I/O) = Enabled");
    else
        TRY(check,
            "firmware setup: IOMMU = Enabled, not Auto (AMD CBS, NBIO; also under SVM or AMD-Vi)");
}

/* False: nothing below it is reached. */
static bool check_table(struct tree *t)
{
    const struct check_facts *f = t->facts;
    struct check *check = add(t, "table", DEPTH_MACHINE, CHECK_OK);

    if (f->table == NULL) {
        check->state = CHECK_FAILED;
        if (f->missing_word != NULL) {
            SAY(check, "there is no such table: %s", f->missing_word);
            TRY(check, "leave out %s", f->missing_word);
        } else if (f->virtio_table) {
            SAY(check, "VIOT: a virtio-iommu, which this version does not drive");
            TRY(check, "give the machine another one: QEMU -device intel-iommu or amd-iommu");
        } else {
            SAY(check, "there is no DMAR, IVRS or VIOT table");
            say_setup(f, check);
        }
        return false;
    }
    SAY(check, "%s, %u bytes, revision %u, checksum %s%s", f->table, f->table_len,
        f->table_revision, f->table_checksum_ok ? "right" : "wrong",
        f->table_damaged && f->table_checksum_ok ? ", damaged" : "");
    check->state = passes(f->table_checksum_ok && !f->table_damaged);
    if (check->state == CHECK_FAILED)
        TRY(check, "a firmware update; the findings name the byte");
    return true;
}

static void check_flags(struct tree *t)
{
    const struct check_facts *f = t->facts;
    struct check *check = add(t, "flags", DEPTH_TABLE, CHECK_OK);

    if (!f->flags_known)
        check->state = CHECK_NOT_REACHED;
    else if (text_equal(f->table, "IVRS"))
        SAY(check, "EFR image %s, DMA remapping before boot %s", f->amd_efr ? "valid" : "not valid",
            f->amd_dma_remap ? "claimed" : "not claimed");
    else
        SAY(check, "interrupt remapping %s, x2APIC opt-out %s, DMA protection opt-in %s",
            f->intel_interrupts ? "yes" : "no", f->intel_x2apic_opt_out ? "yes" : "no",
            f->intel_dma_opt_in ? "yes" : "no");
}

/* The first unit that does not answer; NULL: all do, as far as they are listed. */
static const struct check_unit *first_absent(const struct check_facts *f)
{
    for (size_t i = 0; i < f->unit_count && i < CHECK_UNITS; i++)
        if (!f->units[i].answers)
            return &f->units[i];
    return NULL;
}

/* False: none is alive. */
static bool check_units(struct tree *t)
{
    const struct check_facts *f = t->facts;
    const struct check_unit *absent = first_absent(f);
    struct check *check = add(t, "units", DEPTH_TABLE, passes(absent == NULL && f->unit_count > 0));

    if (f->unit_count == 0) {
        SAY(check, "the table names none that makes sense");
        TRY(check, "a firmware update; the findings name the byte");
    } else if (absent != NULL) {
        SAY(check, "%zu of %zu answer, registers at 0x%llx read all ones", f->answering,
            f->unit_count, (unsigned long long)absent->registers_pa);
        TRY(check,
            "a firmware update: it names a unit that the firmware left off or that is not there");
    } else {
        SAY(check, "%zu of %zu answer", f->answering, f->unit_count);
    }
    return f->answering > 0;
}

/* One that answers and does not translate, rather one that was to; NULL: none that is listed. */
static const struct check_unit *first_short(const struct check_facts *f)
{
    const struct check_unit *left_off = NULL;

    for (size_t i = 0; i < f->unit_count && i < CHECK_UNITS; i++) {
        if (!f->units[i].answers || f->units[i].translates)
            continue;
        if (!f->units[i].left_off)
            return &f->units[i];
        left_off = &f->units[i];
    }
    return left_off;
}

/* Which unit does not translate although it answers, behind len characters of text. */
static void say_short(const struct check_facts *f, struct check *check, size_t len)
{
    const struct check_unit *unit = first_short(f);

    if (unit != NULL)
        len += format_line(check->text + len, CHECK_TEXT_BYTES - len, ", not at 0x%llx",
                           (unsigned long long)unit->registers_pa);
    if (unit != NULL && unit->left_off) {
        (void)format_line(check->text + len, CHECK_TEXT_BYTES - len, ", left off by %s",
                          f->graphics_word);
        TRY(check, "take %s off the command line", f->graphics_word);
        return;
    }
    if (f->failure != NULL)
        (void)format_line(check->text + len, CHECK_TEXT_BYTES - len, ", status %s", f->failure);
    TRY(check, "the log above names the unit and the register that it failed at");
}

/* False: nothing translates. */
static bool check_translation(struct tree *t)
{
    const struct check_facts *f = t->facts;
    struct check *check = add(t, "translation", DEPTH_TABLE, CHECK_FAILED);
    bool is_short = f->translating < f->answering;
    size_t len;

    if (f->off_word != NULL) {
        SAY(check, "switched off by %s", f->off_word);
        TRY(check, "take %s off the command line", f->off_word);
        return false;
    }
    /* One that does not answer has been told above. */
    if (f->answering < f->unit_count)
        len = format_line(check->text, CHECK_TEXT_BYTES, "on in %zu of the %zu that answer",
                          f->translating, f->answering);
    else
        len = format_line(check->text, CHECK_TEXT_BYTES, "on in %zu of %zu units", f->translating,
                          f->unit_count);
    if (is_short)
        say_short(f, check, len);
    check->state = passes(!is_short);
    return f->translating > 0;
}

static void check_devices(struct tree *t)
{
    const struct check_facts *f = t->facts;
    struct check *check = add(t, "devices", DEPTH_TRANSLATION, passes(f->covered == f->functions));

    SAY(check, "%zu of %zu are watched by a unit%s%s", f->covered, f->functions,
        f->uncovered[0] != '\0' ? ", not " : "", f->uncovered);
    if (f->left_off > 0) {
        size_t len = text_len(check->text);

        (void)format_line(check->text + len, CHECK_TEXT_BYTES - len, ", %zu left unwatched by %s",
                          f->left_off, f->graphics_word);
    }
    if (f->left_off > 0 && f->covered + f->left_off == f->functions)
        TRY(check, "take %s off the command line", f->graphics_word);
    else if (check->state == CHECK_FAILED)
        TRY(check, "a firmware update: no unit's scope holds it (QEMU: bypass_iommu=off)");
}

static void check_blocking(struct tree *t)
{
    const struct check_facts *f = t->facts;
    struct check *check = add(t, "blocking", DEPTH_TRANSLATION, passes(f->passed == 0));

    if (f->passed > 0) {
        SAY(check, "DMA of blocked %s arrived", f->leak);
        if (f->qemu_amd)
            TRY(check, "QEMU: -device amd-iommu,dma-remap=on (10.1 and later), and not pt=on");
        else
            TRY(check, "do not trust this unit: it says that it translates, and does not");
    } else if (f->blocked > 0) {
        SAY(check, "proven by %zu device%s: DMA sent while blocked did not arrive", f->blocked,
            f->blocked == 1 ? "" : "s");
    } else {
        check->state = CHECK_UNKNOWN;
        SAY(check, "not tried: no device here that can show it");
        TRY(check, "add one that this kernel can set to work: an NVMe disk, or QEMU's edu");
    }
}

static void try_remapping(const struct check_facts *f, struct check *check)
{
    if (f->interrupts_suggestion[0] != '\0')
        TRY(check, "%s", f->interrupts_suggestion);
    else if (f->no_queue_word)
        TRY(check, "take vtd=noqueue off the command line");
    else
        TRY(check, "a firmware update, or its setup: interrupt remapping = Enabled; the findings "
                   "say more");
}

static void check_interrupts(struct tree *t)
{
    const struct check_facts *f = t->facts;
    struct check *check = add(t, "interrupts", DEPTH_TABLE,
                              passes(f->remapping && f->failed_irq_units == 0));

    if (f->remapping && f->failed_irq_units > 0) {
        SAY(check, "remapped, but for those of %u units: %s", f->failed_irq_units,
            f->interrupts_reason);
        TRY(check, "the log above names the unit and the register that it failed at");
    } else if (f->remapping) {
        SAY(check, "remapped");
    } else if (f->interrupts_off_word) {
        SAY(check, "not remapped by intremap=off");
        TRY(check, "take intremap=off off the command line");
    } else {
        SAY(check, "not remapped: %s", f->interrupts_reason);
        try_remapping(f, check);
    }
}

static void not_reached(struct tree *t, const char *name, unsigned depth)
{
    (void)add(t, name, depth, CHECK_NOT_REACHED);
}

static void check_driven(struct tree *t, bool alive)
{
    if (!alive) {
        not_reached(t, "translation", DEPTH_TABLE);
    } else if (check_translation(t)) {
        check_devices(t);
        check_blocking(t);
        check_interrupts(t);
        return;
    }
    not_reached(t, "devices", DEPTH_TRANSLATION);
    not_reached(t, "blocking", DEPTH_TRANSLATION);
    /* A unit may remap interrupts all the same. */
    if (alive && t->facts->remapping)
        check_interrupts(t);
    else
        not_reached(t, "interrupts", DEPTH_TABLE);
}

size_t checks_make(const struct check_facts *facts, struct check out[CHECKS_MAX])
{
    struct tree t = { .facts = facts, .out = out };

    check_cpu(&t);
    check_chipset(&t);
    if (check_table(&t)) {
        check_flags(&t);
        check_driven(&t, check_units(&t));
        return t.count;
    }
    not_reached(&t, "flags", DEPTH_TABLE);
    not_reached(&t, "units", DEPTH_TABLE);
    check_driven(&t, false);
    return t.count;
}

const struct check *checks_first_failed(const struct check *checks, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (checks[i].state == CHECK_FAILED)
            return &checks[i];
    return NULL;
}

const char *check_state_name(enum check_state state)
{
    static const char *const names[] = {
        [CHECK_OK] = "ok",
        [CHECK_FAILED] = "failed",
        [CHECK_UNKNOWN] = "unknown",
        [CHECK_NOT_REACHED] = "not-reached",
    };

    return names[state];
}
