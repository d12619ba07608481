# SPDX-License-Identifier: BSD-2-Clause
"""What is done to a machine before it runs: QEMU starts stopped, and the unit's
registers and memory are written through the qtest socket, as a firmware or a
predecessor would have left them. Or it runs up to the kernel's first
instruction, where firmware's tables are changed.

A thing to be done is a function NAME(scratch, elf); NAME_args(scratch) gives the
QEMU arguments that it needs, socket_args where there is none.
"""
import json
import socket
import time

import debugger

VTD = 0xfed90000
GCMD, GSTS, RTADDR, IQT, IQA = 0x18, 0x1c, 0x20, 0x88, 0x90
SRTP, TE, QIE = 1 << 30, 1 << 31, 1 << 26
# Low memory that the kernel reaches last (its allocator starts at the other end).
ROOT, CONTEXT, QUEUE, STATUS, EVENTS = 0x50000000, 0x50001000, 0x50002000, 0x50003000, 0x50004000
LEVEL4, LEVEL3, LEVEL2, LEVEL1, TARGET = 0x50010000, 0x50011000, 0x50012000, 0x50013000, 0x58000000
IOVA = 0x10000000
EDU_DEVFN = 3 << 3
READ_WRITE = 3

# AMD-Vi §3.1: registers; §2.2.2: a device-table entry; §2.4: commands.
AMDVI = 0xfed80000
DEVICE_TABLE, COMMAND_BASE, EVENT_BASE, CONTROL = 0x00, 0x08, 0x10, 0x18
COMMAND_TAIL = 0x2008
IOMMU_EN, EVENT_LOG_EN, COMMAND_EN, RING_256 = 1 << 0, 1 << 2, 1 << 12, 8 << 56
AMD_READ_WRITE = 3 << 61
VALID, TRANSLATION_VALID = 1 << 0, 1 << 1


def socket_args(scratch):
    return ["-S", "-qtest", f"unix:{scratch}/qtest.sock,server=on,wait=off", "-qtest-log", "none",
            "-qmp", f"unix:{scratch}/qmp.sock,server=on,wait=off"]


def connect(path):
    for _ in range(200):
        try:
            link = socket.socket(socket.AF_UNIX)
            link.connect(str(path))
            return link
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"QEMU does not answer on {path}")


class Outside:
    """The machine as seen from outside."""

    def __init__(self, scratch):
        self.qtest = connect(scratch / "qtest.sock").makefile("rw")
        self.qmp = connect(scratch / "qmp.sock").makefile("rw")
        self.qmp.readline()
        self.monitor("qmp_capabilities")

    def monitor(self, name):
        self.qmp.write(json.dumps({"execute": name}) + "\n")
        self.qmp.flush()
        while "return" not in json.loads(self.qmp.readline()):
            pass

    def ask(self, text):
        self.qtest.write(text + "\n")
        self.qtest.flush()
        while True:
            answer = self.qtest.readline().split()
            if answer and answer[0] == "OK":
                return int(answer[1], 0) if len(answer) > 1 else 0
            if answer and answer[0] != "IRQ":
                raise RuntimeError(f"{text}: {answer}")

    def write64(self, pa, value):
        self.ask(f"writeq {pa:#x} {value:#x}")

    def table(self, pa, entries):
        self.ask(f"memset {pa:#x} 4096 0")
        for index, value in entries.items():
            self.write64(pa + 8 * index, value)

    def command(self, bit):
        standing = self.ask(f"readl {VTD + GSTS:#x}") & 0x96ffffff
        self.ask(f"writel {VTD + GCMD:#x} {standing | bit:#x}")


def live_tables(outside):
    outside.table(ROOT, {0: CONTEXT | 1})
    outside.table(CONTEXT, {2 * EDU_DEVFN: LEVEL4 | 1, 2 * EDU_DEVFN + 1: 5 << 8 | 2})
    outside.table(LEVEL4, {0: LEVEL3 | READ_WRITE})
    outside.table(LEVEL3, {IOVA >> 30 & 511: LEVEL2 | READ_WRITE})
    outside.table(LEVEL2, {IOVA >> 21 & 511: LEVEL1 | READ_WRITE})
    outside.table(LEVEL1, {IOVA >> 12 & 511: TARGET | READ_WRITE})
    outside.write64(VTD + RTADDR, ROOT)
    outside.command(SRTP)


def takeover(scratch, _elf):
    """Translation on, with live tables that give the edu device one page."""
    outside = Outside(scratch)
    live_tables(outside)
    outside.command(TE)
    outside.monitor("cont")


def takeover_queue(scratch, _elf):
    """The same with a queue that is on and idle, its last descriptor a wait."""
    outside = Outside(scratch)
    live_tables(outside)
    outside.table(QUEUE, {0: 0x12, 1: 0, 2: 1 << 32 | 0x25, 3: STATUS})
    outside.write64(VTD + IQT, 0)
    outside.write64(VTD + IQA, QUEUE)
    outside.command(QIE)
    outside.write64(VTD + IQT, 0x20)
    outside.command(TE)
    outside.monitor("cont")


def amd_level(next_level):
    """Bits of an entry, present, that leads to a table of that level (0: to a page)."""
    return AMD_READ_WRITE | next_level << 9 | 1


def amd_takeover(scratch, _elf):
    """An AMD unit with translation, command ring and event log on; the edu device has one page."""
    outside = Outside(scratch)
    outside.table(ROOT, {4 * EDU_DEVFN: LEVEL4 | AMD_READ_WRITE | 4 << 9 | TRANSLATION_VALID | VALID,
                         4 * EDU_DEVFN + 1: 5})
    outside.table(LEVEL4, {0: LEVEL3 | amd_level(3)})
    outside.table(LEVEL3, {IOVA >> 30 & 511: LEVEL2 | amd_level(2)})
    outside.table(LEVEL2, {IOVA >> 21 & 511: LEVEL1 | amd_level(1)})
    outside.table(LEVEL1, {IOVA >> 12 & 511: TARGET | amd_level(0)})
    # INVALIDATE_DEVTAB_ENTRY, then COMPLETION_WAIT that stores.
    outside.table(QUEUE, {0: 2 << 60 | EDU_DEVFN, 2: 1 << 60 | STATUS | 1, 3: 1})
    outside.table(EVENTS, {})
    outside.write64(AMDVI + DEVICE_TABLE, ROOT)
    outside.write64(AMDVI + COMMAND_BASE, QUEUE | RING_256)
    outside.write64(AMDVI + EVENT_BASE, EVENTS | RING_256)
    outside.write64(AMDVI + CONTROL, IOMMU_EN | EVENT_LOG_EN | COMMAND_EN)
    outside.write64(AMDVI + COMMAND_TAIL, 0x20)
    outside.monitor("cont")


ivrs_checksum_args = debugger.args


def ivrs_checksum(scratch, elf):
    """One byte of the IVRS table is another than when its checksum was made."""
    machine = debugger.Debugger(connect(scratch / "gdb.sock"))
    machine.run_to(debugger.pvh_entry(elf))
    checksum = machine.table(b"IVRS") + 9
    machine.write(checksum, bytes([machine.read(checksum, 1)[0] ^ 0x55]))
    machine.go_on()


PCI_BUSES_LOOKED_AT = 8
SRIOV_CAPABILITY, EXTENDED_FIRST = 0x0010, 0x100
SRIOV_CONTROL, SRIOV_COUNT = 0x08, 0x10
SRIOV_ENABLE = 1 << 0


def virtual_functions_args(scratch):
    return debugger.args(scratch) + socket_args(scratch)[1:]


def extended_capability(outside, config, wanted):
    at = EXTENDED_FIRST
    while at:
        header = outside.ask(f"readl {config + at:#x}")
        if header & 0xffff == wanted:
            return config + at
        at = header >> 20 if header not in (0, 0xffffffff) else 0
    return None


def virtual_functions(scratch, elf):
    """Firmware has switched on three virtual functions of every function that has some."""
    machine = debugger.Debugger(connect(scratch / "gdb.sock"))
    outside = Outside(scratch)
    machine.run_to(debugger.pvh_entry(elf))
    window = int.from_bytes(machine.read(machine.table(b"MCFG") + 44, 8), "little")
    for place in range(PCI_BUSES_LOOKED_AT << 8):
        config = window + (place << 12)
        if outside.ask(f"readw {config:#x}") == 0xffff:
            continue
        at = extended_capability(outside, config, SRIOV_CAPABILITY)
        if at is not None:
            outside.ask(f"writew {at + SRIOV_COUNT:#x} 3")
            outside.ask(f"writew {at + SRIOV_CONTROL:#x} {SRIOV_ENABLE:#x}")
    machine.go_on()
