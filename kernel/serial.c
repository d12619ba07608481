/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 16550 serial port without interrupts (platform facts: 16550 data sheet).
 * Leaves out flow control: a terminal keeps up with 115200 baud.
 */
#include "serial.h"

#include "cpu.h"

#define CLOCK_HZ 1843200u
#define CLOCKS_PER_BIT 16u

/* Registers, as offsets from the port. A status of all ones is that of no port. */
#define LSR_ABSENT 0xffu
#define UART_DATA 0
#define UART_DIVISOR_LOW 0      /* with LCR_DLAB */
#define UART_DIVISOR_HIGH 1
#define UART_IER 1
#define UART_IIR 2              /* read */
#define UART_FCR 2              /* write */
#define UART_LCR 3
#define UART_MCR 4
#define UART_LSR 5

#define IIR_FIFO_ON BITS32(7, 6)
#define FCR_ENABLE_CLEAR_14 0xc7u   /* both FIFOs on and emptied */
#define LCR_8N1 0x03u
#define LCR_DLAB BIT32(7)
#define MCR_DTR_RTS_OUT2 0x0bu
#define MCR_LOOP 0x1eu              /* loop-back, DTR off so that no terminal sees the test */
#define LSR_DATA BIT32(0)
#define LSR_TRANSMIT_EMPTY BIT32(5)
#define LSR_IDLE BIT32(6)           /* what was written has left, the shift register's byte too */

#define FIFO_BYTES 16u
/* What may come while a port is set up. */
#define EARLY_BYTES 128u
#define PROBE_TURNS 4u
/* So often in a row nothing came: whoever typed has stopped. */
#define QUIET_MAX 100u
/*
 * A port read takes about a microsecond; a full FIFO at 1200 baud takes 133 ms. An emulated
 * port waits for whoever reads at its other end, who may be busy for seconds.
 */
#define TRANSMIT_TURNS 20000000u
#define LOOP_BACK_TURNS 20000u
/* Shorter than for a port that has proven itself: there may be none, and it may read zero. */
#define IDLE_TURNS 2000000u

static struct {
    uint16_t port;
    bool present;
    unsigned fifo;      /* bytes that fit once the transmitter is empty */
    unsigned room;      /* of them, how many are left */
    bool stuck;         /* a full wait was in vain: what is written is lost until it takes more */
    bool plain;         /* FIFOs are as they were found: switching them on would empty them */
    unsigned quiet;     /* looks in a row that found no input, while plain */
} uart;

/* What came while the port was looped back: emulated ones take input then too. */
static struct {
    uint8_t bytes[EARLY_BYTES];
    unsigned count, next;
} early;

static bool wait_status(uint32_t bit, unsigned turns)
{
    for (; turns > 0; turns--) {
        if (io_read8((uint16_t)(uart.port + UART_LSR)) & bit)
            return true;
        cpu_relax();
    }
    return false;
}

static void reg_write(unsigned reg, uint32_t value)
{
    io_write8((uint16_t)(uart.port + reg), (uint8_t)value);
}

static void keep(uint8_t byte)
{
    if (early.count < EARLY_BYTES)
        early.bytes[early.count++] = byte;
}

static bool has_input(void)
{
    uint8_t status = io_read8((uint16_t)(uart.port + UART_LSR));

    return status != LSR_ABSENT && (status & LSR_DATA);
}

static void keep_input(void)
{
    for (unsigned i = 0; i < FIFO_BYTES && has_input(); i++)
        keep(io_read8((uint16_t)(uart.port + UART_DATA)));
}

/* The byte that was sent comes back, perhaps behind others. */
static bool comes_back(uint8_t probe)
{
    keep_input();
    reg_write(UART_DATA, probe);
    for (unsigned i = 0; i <= FIFO_BYTES && wait_status(LSR_DATA, LOOP_BACK_TURNS); i++) {
        uint8_t byte = io_read8((uint16_t)(uart.port + UART_DATA));

        if (byte == probe)
            return true;
        keep(byte);
    }
    return false;
}

/* An absent port reads all ones, so the status alone proves nothing: a byte must come back. */
static bool loops_back(void)
{
    static const uint8_t probes[] = { 0xae, 0x51 };

    reg_write(UART_MCR, MCR_LOOP);
    for (size_t i = 0; i < sizeof(probes); i++) {
        unsigned turn = 0;

        /* A FIFO full of input has no room for it. */
        while (!comes_back(probes[i]))
            if (++turn == PROBE_TURNS)
                return false;
    }
    return true;
}

bool serial_init(uint16_t port, uint32_t baud)
{
    uint32_t divisor = CLOCK_HZ / CLOCKS_PER_BIT /
                       (baud > 0 && baud <= SERIAL_BAUD_MAX ? baud : SERIAL_BAUD_MAX);
    unsigned before;

    uart.port = port;
    /* Resetting the FIFOs would lose firmware's last words, and its shift register spoil the probe. */
    (void)wait_status(LSR_IDLE, IDLE_TURNS);
    uart.plain = has_input();
    uart.quiet = 0;
    before = early.count;
    uart.stuck = false;
    uart.room = 0;
    reg_write(UART_IER, 0);
    reg_write(UART_LCR, LCR_DLAB);
    reg_write(UART_DIVISOR_LOW, divisor);
    reg_write(UART_DIVISOR_HIGH, divisor >> 8);
    reg_write(UART_LCR, LCR_8N1);
    /* Input that waits (a pipe's) would be lost, and proves that there is a port. */
    if (!uart.plain)
        reg_write(UART_FCR, FCR_ENABLE_CLEAR_14);
    uart.present = uart.plain || loops_back();
    if (!uart.present)
        early.count = before;
    uart.fifo =
        (io_read8((uint16_t)(port + UART_IIR)) & IIR_FIFO_ON) == IIR_FIFO_ON ? FIFO_BYTES : 1;
    reg_write(UART_MCR, MCR_DTR_RTS_OUT2);
    return uart.present;
}

bool serial_present(void)
{
    return uart.present;
}

uint16_t serial_port(void)
{
    return uart.port;
}

static void put(uint8_t byte)
{
    if (!uart.present)
        return;
    if (uart.room == 0) {
        uart.stuck = !wait_status(LSR_TRANSMIT_EMPTY, uart.stuck ? 1 : TRANSMIT_TURNS);
        if (uart.stuck)
            return;
        uart.room = uart.fifo;
    }
    uart.room--;
    reg_write(UART_DATA, byte);
}

void serial_write(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n')
            put('\r');
        put((uint8_t)text[i]);
    }
}

/* Nobody is typing: nothing is lost now. */
static void switch_fifos_on(void)
{
    reg_write(UART_FCR, FCR_ENABLE_CLEAR_14);
    uart.plain = false;
}

int serial_getc(void)
{
    if (early.next < early.count)
        return early.bytes[early.next++];
    if (!uart.present)
        return -1;
    if (has_input()) {
        uart.quiet = 0;
        return io_read8((uint16_t)(uart.port + UART_DATA));
    }
    if (uart.plain && ++uart.quiet == QUIET_MAX)
        switch_fifos_on();
    return -1;
}
