/* SPDX-License-Identifier: BSD-2-Clause */
/* The ends of a run. */
#ifndef KERNEL_PANIC_H
#define KERNEL_PANIC_H

#include <stdint.h>

enum exit_status { EXIT_PASSED = 0, EXIT_FAILED = 1, EXIT_PANIC = 2 };

/*
 * "Bail out! ..." with a backtrace, then ends the run with EXIT_PANIC. Any context. Of several
 * CPUs that come here the first one speaks.
 */
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same about code that was interrupted: the backtrace begins there. */
_Noreturn void panic_at(uint64_t rip, uint64_t rbp, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

enum exit_action { EXIT_DEFAULT, EXIT_QEMU, EXIT_POWEROFF, EXIT_REBOOT, EXIT_HALT, EXIT_SHELL };
/* Set from exit=; EXIT_DEFAULT: qemu where port 0xf4 answers, else shell. */
void exit_set_action(enum exit_action action);
enum exit_action exit_get_action(void);     /* with the default resolved */
/* Ends the run: never returns. EXIT_SHELL is the caller's to handle before; here it halts. */
_Noreturn void kernel_exit(enum exit_status status);

/* The value that -fstack-protector puts into frames. */
extern uintptr_t __stack_chk_guard;

/* Prints the return addresses from frame on, each with its symbol. */
void backtrace(uint64_t rip, uint64_t rbp);

#endif
