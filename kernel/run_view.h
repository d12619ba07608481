/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The run on the screen, its end, and the keys that do something there. Nothing of it without a
 * screen.
 */
#ifndef KERNEL_RUN_VIEW_H
#define KERNEL_RUN_VIEW_H

#include "panic.h"
#include "qr.h"
#include "suite.h"

/* Of the run that follows; the screen shows the dashboard when it begins. Fills run_record, too. */
const struct suite_observer *run_view_observer(void);
/* The run is over: the result, until a key leads to the shell. */
void run_view_end(enum exit_status status);
/* The whole screen, until a key is pressed. */
void run_view_show_qr(const struct qr *qr);

#endif
