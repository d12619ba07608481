/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * intel/vtd_posted.c against a unit that posts as VT-d §5.2.3 says: the life of
 * a virtual CPU, on one CPU and from one to another, with nothing lost and
 * nothing notified that should be silent.
 */
#include <pthread.h>

#include "test.h"

#include "internal.h"

/* ---- the unit's half, from the specification's text ---- */

enum { ON = 1, SN = 2 };

/* What the descriptor's control word says, bits from 256 on. */
static bool post(struct iommu_posted *p, unsigned vector, bool urgent)
{
    uint64_t old;

    /* A unit does it in one step; in two the bit has to come first, so that whoever clears SN or ON later finds it. */
    __atomic_fetch_or(&p->pending[vector / 64], 1ull << vector % 64, __ATOMIC_SEQ_CST);
    old = __atomic_load_n(&p->control, __ATOMIC_SEQ_CST);
    while ((old & ON) == 0 && (urgent || (old & SN) == 0))
        if (__atomic_compare_exchange_n(&p->control, &old, old | ON, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            return true;
    return false;
}

static unsigned vector_of(const struct iommu_posted *p)
{
    return p->control >> 16 & 0xff;
}

static struct iommu machine(bool x2apic)
{
    struct iommu iommu;

    memset(&iommu, 0, sizeof(iommu));
    iommu.irq.x2apic = x2apic;
    return iommu;
}

/* ---- layout (§9.11): ON 256, SN 257, NV 279:272, NDST 319:288 or, for xAPIC, 303:296 ---- */

TEST(a_new_descriptor_is_empty_and_suppressed)
{
    struct iommu_posted p;
    const uint64_t *words = (const uint64_t *)&p;

    memset(&p, 0xff, sizeof(p));
    iommu_posted_init(&p);
    for (unsigned i = 0; i < 8; i++)
        CHECK_EQ(words[i], i == 4 ? 2 : 0);
    CHECK_EQ(sizeof(p), 64);
    CHECK_EQ((uintptr_t)&p % 64, 0);
}

TEST(destination_and_vector_are_where_the_unit_reads_them)
{
    static struct iommu narrow, wide;
    struct iommu_posted p;

    narrow = machine(false);
    wide = machine(true);
    iommu_posted_init(&p);
    CHECK(!iommu_posted_run(&narrow, &p, 0x5a, 0xf2));
    CHECK_EQ(p.control, 0x00005a0000f20000);
    CHECK(!iommu_posted_run(&wide, &p, 0x12345678, 0xf2));
    CHECK_EQ(p.control, 0x1234567800f20000);
    CHECK(!iommu_posted_wake(&wide, &p, 7, 0xf1));
    CHECK_EQ(p.control, 0x0000000700f10000);
    iommu_posted_suppress(&p);
    CHECK_EQ(p.control, 0x0000000700f10002);
}

/* ---- the rules ---- */

TEST(pending_vectors_are_taken_once)
{
    static struct iommu iommu;
    uint64_t pending[4];
    struct iommu_posted p;

    iommu = machine(true);
    iommu_posted_init(&p);
    CHECK(!iommu_posted_run(&iommu, &p, 1, 0xf2));
    CHECK(!iommu_posted_take(&p, pending));
    CHECK(post(&p, 0, false));
    CHECK(!post(&p, 65, false)); /* one notification is under way */
    CHECK(!post(&p, 255, false));
    CHECK(iommu_posted_take(&p, pending));
    CHECK(pending[0] == 1 && pending[1] == 2 && pending[2] == 0 && pending[3] == 1ull << 63);
    CHECK(!iommu_posted_take(&p, pending));
    CHECK_EQ(pending[0] | pending[1] | pending[2] | pending[3], 0);
    CHECK(post(&p, 7, false)); /* and notifies anew */
}

/* What came while SN was set brings no notification later: run() has to say so. */
TEST(what_came_while_suppressed_is_found_at_the_next_run)
{
    static struct iommu iommu;
    uint64_t pending[4];
    struct iommu_posted p;

    iommu = machine(true);
    iommu_posted_init(&p);
    CHECK(!post(&p, 0x31, false));
    CHECK(iommu_posted_run(&iommu, &p, 2, 0xf2));
    CHECK(iommu_posted_take(&p, pending));
    CHECK_EQ(pending[0], 1ull << 0x31);
    iommu_posted_suppress(&p);
    CHECK(!post(&p, 0x32, false));
    CHECK(post(&p, 0x33, true)); /* urgent ones notify */
    CHECK(iommu_posted_run(&iommu, &p, 3, 0xf2));
    CHECK(iommu_posted_take(&p, pending));
    CHECK_EQ(pending[0], 3ull << 0x32);
    CHECK(!iommu_posted_run(&iommu, &p, 3, 0xf2));
    for (unsigned word = 0; word < 4; word++) {
        iommu_posted_suppress(&p);
        CHECK(!post(&p, 64 * word + 63, false));
        CHECK(iommu_posted_run(&iommu, &p, 3, 0xf2));
        CHECK(iommu_posted_take(&p, pending));
        CHECK_EQ(pending[word], 1ull << 63);
    }
}

TEST(a_halted_one_is_woken_by_the_other_vector)
{
    static struct iommu iommu;
    uint64_t pending[4];
    struct iommu_posted p;

    iommu = machine(true);
    iommu_posted_init(&p);
    CHECK(!iommu_posted_run(&iommu, &p, 1, 0xf2));
    CHECK(!iommu_posted_wake(&iommu, &p, 1, 0xf1));
    CHECK(post(&p, 0x40, false));
    CHECK_EQ(vector_of(&p), 0xf1);
    CHECK(iommu_posted_run(&iommu, &p, 4, 0xf2));
    CHECK(iommu_posted_take(&p, pending));
    CHECK_EQ(pending[1], 1);
    /* Something that came just before must keep it from sleeping. */
    CHECK(post(&p, 0x41, false));
    CHECK(iommu_posted_wake(&iommu, &p, 4, 0xf1));
}

/* A notification on its way to the old CPU: ON stays, and run() on the new one tells. */
TEST(a_notification_sent_to_the_old_cpu_is_not_lost)
{
    static struct iommu iommu;
    uint64_t pending[4];
    struct iommu_posted p;

    iommu = machine(true);
    iommu_posted_init(&p);
    CHECK(!iommu_posted_run(&iommu, &p, 1, 0xf2));
    CHECK(post(&p, 0x50, false));
    CHECK(iommu_posted_run(&iommu, &p, 2, 0xf2));
    CHECK_EQ(p.control, 0x0000000200f20001);
    CHECK(iommu_posted_take(&p, pending));
    CHECK(post(&p, 0x51, false));
    CHECK_EQ(p.control >> 32, 2);
}

/* ---- a device and a CPU at once ---- */

enum { ROUNDS = 20000, VECTORS = 64 };

struct sender {
    struct iommu_posted *p;
    uint32_t notifications; /* sent and not handled */
    uint64_t sent;
};

static void *send(void *arg)
{
    struct sender *s = arg;

    for (unsigned i = 0; i < ROUNDS; i++) {
        /* The next one only when this has arrived, so that each can be counted. */
        while (__atomic_load_n(&s->p->pending[0], __ATOMIC_SEQ_CST) & 1ull << i % VECTORS)
            ;
        __atomic_fetch_add(&s->sent, 1, __ATOMIC_SEQ_CST);
        if (post(s->p, i % VECTORS, false))
            __atomic_fetch_add(&s->notifications, 1, __ATOMIC_SEQ_CST);
    }
    return NULL;
}

static uint64_t take(struct iommu_posted *p)
{
    uint64_t pending[4];

    (void)iommu_posted_take(p, pending);
    return (uint64_t)__builtin_popcountll(pending[0]);
}

/*
 * A virtual CPU that is moved, preempted and halted without end while a device
 * sends. While it sleeps it is woken by a notification alone.
 */
TEST(none_is_lost_while_a_virtual_cpu_moves)
{
    static struct iommu iommu;
    static struct iommu_posted p;
    struct sender sender = { .p = &p };
    uint64_t taken = 0;
    pthread_t thread;

    iommu = machine(true);
    iommu_posted_init(&p);
    CHECK_EQ(pthread_create(&thread, NULL, send, &sender), 0);
    for (uint32_t cpu = 0; taken < ROUNDS; cpu = (cpu + 1) % 4) {
        if (iommu_posted_run(&iommu, &p, cpu, 0xf2))
            taken += take(&p);
        iommu_posted_suppress(&p);
        __atomic_store_n(&sender.notifications, 0, __ATOMIC_SEQ_CST);
        if (iommu_posted_wake(&iommu, &p, cpu, 0xf1)) {
            taken += take(&p);
            continue;
        }
        for (uint64_t spins = 0; taken < ROUNDS && __atomic_load_n(&sender.notifications, __ATOMIC_SEQ_CST) == 0; spins++)
            CHECK(spins < 2000000000ull);
        taken += take(&p);
    }
    pthread_join(thread, NULL);
    CHECK_EQ(taken, ROUNDS);
    CHECK_EQ(sender.sent, ROUNDS);
}
