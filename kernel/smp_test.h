/* SPDX-License-Identifier: BSD-2-Clause */
/* Kinds of trap_test() that several CPUs are needed for. */
#ifndef KERNEL_SMP_TEST_H
#define KERNEL_SMP_TEST_H

void smp_test_lock_recursion(void);     /* one CPU takes a lock twice */
void smp_test_lock_release(void);       /* CPU 0 releases what CPU 1 holds */
void smp_test_panic(void);              /* all other CPUs print, then several panic at once */
void smp_test_shootdown(void);          /* CPU 1 reads a page that CPU 0 has unmapped */
void smp_test_ipi_call(void); /* calls and wake-ups all ways, CPU 1 faults in a call */
void smp_test_vector_free(void);        /* a vector is freed while CPU 1 has one by it pending */
void smp_test_modes(void);              /* CPU 1 does not answer while the others enter x2APIC mode */
void smp_test_stress(void);             /* all CPUs allocate, map, make threads */

#endif
