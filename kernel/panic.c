/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end that nobody wanted: the other CPUs are stopped, "Bail out!", which CPU
 * it was, a backtrace, EXIT_PANIC. And the stack protector.
 */
#include "panic.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "console.h"
#include "cpu.h"
#include "linker.h"
#include "smp.h"
#include "stack.h"
#include "symbols.h"
#include "thread.h"

#define BACKTRACE_FRAMES 32
#define FRAME_BYTES (2 * sizeof(uint64_t))

/* GCC and Clang read it with -mstack-protector-guard=global. */
uintptr_t __stack_chk_guard = 0x8d3f1ce5b7a29600u;
_Noreturn void __stack_chk_fail(void);

static unsigned depth;

/* back: 1 for a return address; behind a call that never returns another function may begin. */
static void print_frame(uint64_t address, unsigned back)
{
    uint64_t offset;
    const char *name = symbol_find(address - back, &offset);

    if (name == NULL)
        print("#   0x%016llx\n", (unsigned long long)address);
    else
        print("#   0x%016llx %s+0x%llx\n", (unsigned long long)address, name,
              (unsigned long long)offset + back);
}

/* Reads a frame only where a stack is mapped, and goes only upwards, so a broken chain ends it. */
void backtrace(uint64_t rip, uint64_t rbp)
{
    print("# backtrace:\n");
    print_frame(rip, 0);
    for (int i = 0; i < BACKTRACE_FRAMES && rbp != 0; i++) {
        const uint64_t *frame = (const uint64_t *)(uintptr_t)rbp;

        if (rbp % sizeof(uint64_t) != 0 || !stack_holds(rbp, FRAME_BYTES)) {
            print("#   frame 0x%llx lies in no stack\n", (unsigned long long)rbp);
            return;
        }
        if (frame[1] == 0)
            return;
        print_frame(frame[1], 1);
        if (frame[0] != 0 && frame[0] <= rbp)
            return;
        rbp = frame[0];
    }
}

static void print_cpu(void)
{
    const struct per_cpu *cpu = this_cpu();
    unsigned others = smp_count() - 1;

    print("# panic on cpu=%u apic_id=0x%x thread=%s, %u of %u other CPUs stopped\n", cpu->index,
          cpu->apic_id, thread_name(cpu->thread), smp_stopped(), others);
}

_Noreturn static void end_run(uint64_t rip, uint64_t rbp, const char *format, va_list args)
{
    unsigned level;

    __asm__ volatile("cli" : : : "memory");
    smp_stop_others();
    level = ++depth;
    if (level == 1) {
        console_show_text();
        console_begin_line();
        print("Bail out! ");
        vprint(format, args);
        print("\n");
        print_cpu();
        backtrace(rip, rbp);
    } else if (level == 2) {
        print("\nBail out! panic while handling a panic at 0x%llx\n", (unsigned long long)rip);
    }
    kernel_exit(EXIT_PANIC);
}

_Noreturn void panic_at(uint64_t rip, uint64_t rbp, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    end_run(rip, rbp, format, args);
}

_Noreturn void panic(const char *format, ...)
{
    const uint64_t *frame = __builtin_frame_address(0);
    va_list args;

    /* The call's last byte: behind a call that never returns another function may begin. */
    va_start(args, format);
    end_run(frame[1] - 1, frame[0], format, args);
}

_Noreturn void __stack_chk_fail(void)
{
    panic("stack protector: a frame's guard value was overwritten");
}
