/* SPDX-License-Identifier: BSD-2-Clause */
/* A 16550 serial port, polled. One at a time is in use. */
#ifndef KERNEL_SERIAL_H
#define KERNEL_SERIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERIAL_COM1 0x3f8
#define SERIAL_BAUD_MAX 115200u

/*
 * Sets the port up for 8N1. False: nothing there passes the loop-back test; writes then go
 * nowhere.
 */
bool serial_init(uint16_t port, uint32_t baud);
bool serial_present(void);
uint16_t serial_port(void);
/* Newlines become CR LF. Any context; every wait is bounded. */
void serial_write(const char *text, size_t len);
int serial_getc(void);          /* -1: none waits */

#endif
