/* SPDX-License-Identifier: BSD-2-Clause */
/* Benchmarks of the library on this machine (README, Benchmarks), chosen by bench=GLOB. */
#ifndef KERNEL_BENCH_H
#define KERNEL_BENCH_H

#include <stdbool.h>

/*
 * Runs what the globs name, one "bench ..." line each and the same as JSON
 * behind them; "list" prints names and region ids instead. False when one of
 * them could not run to its end, or none could be run.
 */
bool bench_run(const char *globs);

#endif
